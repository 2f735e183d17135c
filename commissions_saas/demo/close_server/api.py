"""The paths of Close's interface that a sync needs, and what they answer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from commissions_saas.demo.close_server.account import Account
from commissions_saas.demo.close_server.event_list import list_events
from commissions_saas.demo.close_server.listing import (
    BadRequest,
    Params,
    choose_fields,
    list_rows,
    whole,
)
from commissions_saas.demo.close_server.present import Presenter
from commissions_saas.demo.close_server.store import Doc, Missing, Store

_KIND_OF_PATH = {"opportunity": "opportunity", "activity/meeting": "meeting"}
_WRITABLE = {
    "opportunity": "lead_id user_id status_id value value_period confidence date_won"
    " date_lost note contact_id",
    "meeting": "lead_id user_id title status starts_at duration",
}


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


class Api:
    """Answers requests of callers; raises Missing and BadRequest."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._lists: dict[str, Callable[[Caller, Request], Doc]] = {
            "me": self._me,
            "user": self._users,
            "pipeline": self._pipelines,
            "status/opportunity": self._statuses,
            "custom_field/opportunity": self._custom_fields,
            "custom_field_schema/opportunity": self._schema,
            "event": self._events,
            "opportunity": self._page,
            "activity/meeting": self._page,
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
        if request.method == "GET" and request.path in self._lists:
            return self._lists[request.path](caller, request)
        if request.method == "POST" and request.path in _KIND_OF_PATH:
            return self._create(caller, request)
        path, _, id = request.path.rpartition("/")
        if path == "organization" and request.method == "GET":
            return self._organization(caller, id)
        if path == "role" and request.method == "GET":
            return self._role(caller, id)
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

    def _custom_fields(self, caller: Caller, request: Request) -> Doc:
        return {
            "data": self._store.docs("custom_field", caller.org),
            "has_more": False,
        }

    def _schema(self, caller: Caller, request: Request) -> Doc:
        fields = self._store.docs("custom_field", caller.org)
        return {"object_type": "opportunity", "fields": fields}

    def _page(self, caller: Caller, request: Request) -> Doc:
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
        if kind != "opportunity":
            raise BadRequest("Meetings come from calendars.")
        account = Account(self._store, caller.org)
        given = self._writable(caller, kind, request.body)
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

    def _writable(self, caller: Caller, kind: str, body: Doc) -> Doc:
        """Keep what may be written; refuse what does not fit, field by field."""
        known = {
            f"custom.{d['id']}" for d in self._store.docs("custom_field", caller.org)
        }
        allowed = {*_WRITABLE[kind].split(), *known}
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
