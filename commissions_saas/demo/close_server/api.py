"""The paths of Close's interface that a sync needs, and what they answer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from commissions_saas.demo.close_server import webhooks
from commissions_saas.demo.close_server.account import Account
from commissions_saas.demo.close_server.event_list import list_events
from commissions_saas.demo.close_server.listing import (
    ACTIVITIES,
    BadRequest,
    Params,
    choose_fields,
    list_rows,
    whole,
)
from commissions_saas.demo.close_server.present import Presenter
from commissions_saas.demo.close_server.store import Doc, Missing, Store

_KIND_OF_PATH = {
    "opportunity": "opportunity",
    "lead": "lead",
    "contact": "contact",
    "task": "task",
    "custom_object": "custom_object",
    **{f"activity/{kind}": kind for kind in ACTIVITIES},
}
_WRITABLE = {
    "opportunity": "lead_id user_id status_id value value_period confidence date_won"
    " date_lost note contact_id",
    "meeting": "lead_id user_id title status starts_at duration",
    "lead": "name status_id description url",
    "contact": "lead_id name title emails phones",
    "task": "lead_id text date is_complete assigned_to",
}
_ANY = "lead_id user_id note status direction duration subject text name"


@dataclass(frozen=True)
class Caller:
    """Who asks: the user whose key was sent."""

    org: str
    user: Doc

    @property
    def sees_only(self) -> str | None:
        """The one owner whose deals a restricted user sees; None is everyone's."""
        return None if "view_all_leads" in self.user["permissions"] else self.user["id"]


@dataclass(frozen=True)
class Request:
    """What was asked; `path` has no slash at either end."""

    method: str
    path: str
    params: Params
    body: Doc


class Forbidden(Exception):
    """The key's user may not do this."""


class FieldErrors(Exception):
    """What was sent does not fit, field by field, as Close says it."""

    def __init__(self, fields: dict[str, str]) -> None:
        super().__init__(str(fields))
        self.fields = fields


class Api:
    """Answers requests of callers; raises Missing and BadRequest."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._lists: dict[str, Callable[[Caller, Request], Doc]] = {
            "me": self._me,
            "user": self._users,
            "pipeline": self._pipelines,
            "status/opportunity": self._statuses,
            "status/lead": self._statuses_of_leads,
            "custom_field/opportunity": self._custom_fields,
            "custom_field/shared": self._shared_fields,
            "custom_field/activity": self._fields_of_types,
            "custom_field/custom_object_type": self._fields_of_types,
            "custom_activity": self._types,
            "custom_object_type": self._types,
            "group": self._groups,
            "event": self._events,
            **dict.fromkeys(_KIND_OF_PATH, self._page),
        }

    def caller(self, key: str) -> Caller | None:
        """Return whose key this is; None if it is nobody's or was revoked."""
        found = self._store.rows(
            "SELECT * FROM api_key WHERE key = ? AND revoked = 0", [key]
        )
        if not found:
            return None
        user = self._store.doc(found[0]["user_id"], "user")
        return Caller(found[0]["org"], user) if user["active"] else None

    def answer(self, caller: Caller, request: Request) -> Doc:
        """Answer one request."""
        if request.method != "GET" and caller.user["role_id"] == "viewer":
            raise Forbidden("You do not have permission to do this.")
        if request.method == "GET" and request.path in self._lists:
            return self._lists[request.path](caller, request)
        if request.method == "POST" and request.path in _KIND_OF_PATH:
            return self._create(caller, request)
        path, _, id = request.path.rpartition("/")
        if path == "webhook" or request.path == "webhook":
            return self._webhook(caller, request)
        if request.method == "GET":
            readers = {
                "organization": self._organization,
                "role": self._role,
                "group": self._group,
                "custom_field_schema": self._schema,
            }
            if path in readers:
                return readers[path](caller, id)
        if path not in _KIND_OF_PATH:
            raise Missing(request.path)
        return self._one(caller, request, _KIND_OF_PATH[path], id)

    def _me(self, caller: Caller, request: Request) -> Doc:
        shown = Presenter(self._store, caller.org)
        organization = shown.organization | {
            "opportunity_statuses": list(map(shown.status, shown.statuses.values())),
            "pipelines": list(map(shown.pipeline, shown.pipelines.values())),
        }
        return shown.user(caller.user) | {
            "memberships": [shown.membership(caller.user)],
            "organizations": [organization],
        }

    def _users(self, caller: Caller, request: Request) -> Doc:
        shown = Presenter(self._store, caller.org)
        active = [shown.user(doc) for doc in shown.users.values() if doc["active"]]
        skip = whole(request.params, "_skip", 0)
        limit = whole(request.params, "_limit", 100)
        page = active[skip : skip + limit]
        return {"data": page, "has_more": skip + limit < len(active)}

    def _organization(self, caller: Caller, id: str) -> Doc:
        if id != caller.org:
            raise Missing(id)
        shown = Presenter(self._store, caller.org)
        people = shown.users.values()
        return shown.organization | {
            "memberships": [shown.membership(doc) for doc in people if doc["active"]],
            "inactive_memberships": [
                shown.membership(doc) for doc in people if not doc["active"]
            ],
        }

    def _role(self, caller: Caller, id: str) -> Doc:
        users = Presenter(self._store, caller.org).users.values()
        for user in users:
            if user["role_id"] == id:
                return {"id": id, "name": id, "permissions": user["permissions"]}
        raise Missing(id)

    def _pipelines(self, caller: Caller, request: Request) -> Doc:
        shown = Presenter(self._store, caller.org)
        return {"data": [shown.pipeline(doc) for doc in shown.pipelines.values()]}

    def _statuses(self, caller: Caller, request: Request) -> Doc:
        shown = Presenter(self._store, caller.org)
        data = [shown.status(doc) for doc in shown.statuses.values()]
        return {"data": data, "has_more": False}

    def _statuses_of_leads(self, caller: Caller, request: Request) -> Doc:
        data = self._store.docs("lead_status", caller.org)
        return {"data": data, "has_more": False}

    def _custom_fields(self, caller: Caller, request: Request) -> Doc:
        return {"data": self._fields_of(caller, "opportunity"), "has_more": False}

    def _shared_fields(self, caller: Caller, request: Request) -> Doc:
        """Return the fields that stand on several objects; here all are on deals."""
        on = {"associations": [{"object_type": "opportunity"}]}
        data = [row | on for row in self._fields_of(caller, "shared")]
        return {"data": data, "has_more": False}

    def _fields_of_types(self, caller: Caller, request: Request) -> Doc:
        """Return the fields of all types of people's own, each with its type."""
        name = request.path.removeprefix("custom_field/").removesuffix("_type")
        kind = {"activity": "custom_activity"}.get(name, name) + "_type"
        data = [
            field | {f"{kind}_id": row["id"]}
            for row in self._store.docs(kind, caller.org)
            for field in self._fields_of(caller, row["id"])
        ]
        return {"data": data, "has_more": False}

    def _schema(self, caller: Caller, of: str) -> Doc:
        if self._store.describes_types_apart:
            raise Missing(of)
        return {"object_type": of, "fields": self._fields_of(caller, of)}

    def _fields_of(self, caller: Caller, of: str) -> list[Doc]:
        rows = self._store.docs("custom_field", caller.org)
        return [row for row in rows if row.get("of", "opportunity") == of]

    def _types(self, caller: Caller, request: Request) -> Doc:
        kind = {"custom_activity": "custom_activity_type"}.get(
            request.path, request.path
        )
        data = self._store.docs(kind, caller.org)
        if not self._store.describes_types_apart:
            data = [
                row | {"fields": self._fields_of(caller, row["id"])} for row in data
            ]
        return {"data": data}

    def _groups(self, caller: Caller, request: Request) -> Doc:
        groups = self._store.docs("group", caller.org)
        return {"data": [{"id": row["id"], "name": row["name"]} for row in groups]}

    def _group(self, caller: Caller, id: str) -> Doc:
        row = self._store.row(id, "group")
        if row["org"] != caller.org:
            raise Missing(id)
        return self._store.doc(id)

    def _webhook(self, caller: Caller, request: Request) -> Doc:
        store, org = self._store, caller.org
        id = request.path.partition("/")[2]
        if not id and request.method == "POST":
            return webhooks.subscribe(store, org, request.body)
        if not id:
            return {"data": [webhooks.shown(d) for d in store.docs("webhook", org)]}
        if request.method == "DELETE":
            return webhooks.remove(store, org, id)
        if request.method == "PUT":
            return webhooks.change(store, org, id, request.body)
        return webhooks.shown(webhooks.own(store, org, id))

    def _page(self, caller: Caller, request: Request) -> Doc:
        if request.path == "custom_object" and "lead_id" not in request.params:
            raise BadRequest("lead_id is required.")
        rows, has_more, total = list_rows(
            self._store,
            kind=_KIND_OF_PATH[request.path],
            org=caller.org,
            params=request.params,
            owner=caller.sees_only,
        )
        docs = Presenter(self._store, caller.org).rows(rows)
        data = [choose_fields(doc, request.params) for doc in docs]
        return {"data": data, "has_more": has_more, "total_results": total}

    def _one(self, caller: Caller, request: Request, kind: str, id: str) -> Doc:
        row = self._store.row(id, kind)
        if row["org"] != caller.org or caller.sees_only not in (None, row["owner"]):
            raise Missing(id)
        account = Account(self._store, caller.org)
        if request.method == "DELETE":
            account.delete(id, by=caller.user["id"])
            return {}
        if request.method == "PUT":
            changes = self._writable(caller, kind, request.body)
            account.edit(id, changes, by=caller.user["id"])
        elif request.method != "GET":
            raise BadRequest(f"{request.method} is not allowed here.")
        row = self._store.row(id, kind)
        shown = Presenter(self._store, caller.org).rows([row])[0]
        return choose_fields(shown, request.params)

    def _create(self, caller: Caller, request: Request) -> Doc:
        kind = _KIND_OF_PATH[request.path]
        if kind == "meeting":
            raise BadRequest("Meetings come from calendars.")
        account = Account(self._store, caller.org)
        given = self._writable(caller, kind, request.body)
        if kind != "opportunity":
            return self._create_other(caller, account, kind, given)
        with self._store.transaction():
            lead = given.pop("lead_id", None) or account.add_lead("Untitled")
            statuses = self._store.docs("status", caller.org)
            id = account.add_opportunity(
                lead=lead,
                user=given.pop("user_id", caller.user["id"]),
                status=given.pop("status_id", statuses[0]["id"]),
                value=given.pop("value", None),
            )
            account.edit(id, given, by=caller.user["id"])
        row = self._store.row(id, kind)
        return Presenter(self._store, caller.org).rows([row])[0]

    def _create_other(
        self, caller: Caller, account: Account, kind: str, given: Doc
    ) -> Doc:
        if kind == "lead":
            id = account.add_lead(str(given.get("name") or "Untitled"))
        else:
            lead = given.pop("lead_id", None) or account.add_lead("Untitled")
            given.setdefault("user_id", caller.user["id"])
            user = given.pop("assigned_to", None) or given.pop("user_id")
            id = account.add_record(kind, lead=lead, user=user, **given)
        row = self._store.row(id, kind)
        return Presenter(self._store, caller.org).rows([row])[0]

    def _writable(self, caller: Caller, kind: str, body: Doc) -> Doc:
        """Keep what may be written; refuse what does not fit, field by field."""
        fields = self._store.docs("custom_field", caller.org)
        known = {f"custom.{d['id']}": str(d["type"]) for d in fields}
        _check_custom(body, known)
        allowed = {*_WRITABLE.get(kind, _ANY).split(), *known}
        given = {key: value for key, value in body.items() if key in allowed}
        value = given.get("value")
        if value is not None and not isinstance(value, int):
            raise BadRequest("value: must be a whole number of cents.")
        for key, of in (
            ("status_id", "status"),
            ("user_id", "user"),
            ("lead_id", "lead"),
        ):
            if given.get(key) and self._store.row(given[key], of)["org"] != caller.org:
                raise Missing(given[key])
        return given

    def _events(self, caller: Caller, request: Request) -> Doc:
        return list_events(
            self._store,
            org=caller.org,
            params=request.params,
            sees_details=caller.user["role_id"] == "admin",
        )


def _check_custom(body: Doc, known: dict[str, str]) -> None:
    """Refuse a custom field that is not there any more, or a value of another type."""
    wrong = {}
    for key, value in body.items():
        if key.startswith("custom.cf_") and key not in known:
            wrong[key] = "Custom field does not exist."
        elif known.get(key) == "number" and isinstance(value, str):
            wrong[key] = "Must be a number."
    if wrong:
        raise FieldErrors(wrong)
