"""What programs send of connections: checked, and turned into calls of services."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from django.db import transaction

from crm_sync.connections import inbound, routing, services
from crm_sync.connections.api_options import checked_options
from crm_sync.connections.connecting import read_already
from crm_sync.connections.endpoints import INBOUND, Shown, has_our_secret
from crm_sync.connections.models import Connection, Mapping, Route
from crm_sync.connections.opening import IN_A_REQUEST, opened
from crm_sync.connections.schemas import save_schema
from crm_sync.contract import Discovers, Provider
from crm_sync.providers import kinds, presets
from tenants.accounts.models import Business
from tenants.api.errors import BadRequest, Conflict
from tenants.api.pages import sent, text_of
from tenants.jobs.models import Job
from tenants.schema import in_public

_NEW = [
    "kind",
    "name",
    "base_url",
    "credentials",
    "options",
    "business",
    "routes",
    "objects",
    "expected_every",
]
_CHANGES = ["name", "credentials", "state", "routes", "expected_every"]
_NOT_BY_API = ("files",)


@dataclass(frozen=True, slots=True)
class Made:
    """A connection that was asked for."""

    row: Connection
    is_new: bool
    shown: Shown | None = None
    """The address and secret of one that is sent to; they are answered once."""
    others: tuple[str, ...] = ()
    """The names of those that read the same source with the same key."""


def new_connection(request: Any) -> Made:
    """Make a connection from what was sent; an address that is unsafe is refused.

    The same request sent again, as by a program that had no answer, makes no second one.
    """
    data = sent(request, _NEW)
    kind, options = _kind_and_options(data)
    business, routes = _place(request, data)
    if kind == INBOUND:
        _refuse_what_asks(data)
    secret = _secret(data.get("credentials"), kind)
    base_url = text_of(data, "base_url")
    objects = _objects(data)
    schemas = options.pop("schemas", {}) if kind == INBOUND else {}
    if kind != INBOUND:
        provider = opened(kind, base_url, secret, {**options, **IN_A_REQUEST})
        objects = objects or [one.name for one in provider.objects()]
        _refuse_unknown(objects, provider)
    name = text_of(data, "name", most=200) or kind.capitalize()
    every = _seconds(data, 900)
    with in_public(), transaction.atomic():
        others = []
        if kind != INBOUND:
            others = read_already(
                request.group, business, kind, base_url, secret, options
            )
        for row in others:
            same = (row.name, row.expected_every) == (name.strip(), every)
            if same and _is_as_sent(row, objects, options, routes):
                return Made(row, is_new=False)
        made = services.create_connection(
            group=request.group,
            business=business,
            kind=kind,
            name=name,
            secret=secret,
            base_url=base_url,
            objects=objects,
            options=options,
            expected_every=every,
            by=request.member,
        )
        if routes:
            _save_routes(request, made, routes)
        shown = _opened_to_senders(request, made, schemas) if kind == INBOUND else None
    return Made(made, True, shown, tuple(row.name for row in others))


def _is_as_sent(
    row: Connection, objects: list[str], options: dict[str, Any], routes: Any
) -> bool:
    """Tell whether a connection is what was asked for, in all that was said of it."""
    if set(row.options.get("objects", [])) != set(objects):
        return False
    if any(row.options.get(name) != value for name, value in options.items()):
        return False
    here = Route.objects.filter(connection=row)
    kept = {(one.path, one.value): one.business_id for one in here}
    if not routes:
        return not kept
    path, values = _path_and_values(routes)
    slugs = dict(
        Business.objects.filter(pk__in=kept.values()).values_list("pk", "slug")
    )
    said = {(path, str(value)): slug for value, slug in values.items()}
    return said == {key: slugs.get(id) for key, id in kept.items()}


def new_secret(request: Any, row: Connection) -> Shown:
    """Give a sender another secret; the one before it counts for a day more."""
    sent(request, ())
    if not has_our_secret(row):
        raise Conflict(
            "Nothing is sent to this connection by a secret of ours.",
            "Only a connection of the kind webhook has one, and a declared source whose"
            " webhook names no secret.",
        )
    return inbound.rotate_secret(connection=row, by=request.member)


def _refuse_what_asks(data: dict[str, Any]) -> None:
    """Whoever sends is not asked: there is nowhere to ask, and no key to ask with."""
    for name in ("base_url", "credentials", "objects"):
        if data.get(name):
            raise BadRequest(
                f"A webhook has no {name}: it is sent to.",
                "Send options.schemas to say what will be sent; the address and the"
                " secret are in the answer.",
                field=name,
            )


def _opened_to_senders(
    request: Any, made: Connection, schemas: dict[str, Any]
) -> Shown:
    shown = inbound.opened_to_senders(made)
    for object_, fields in schemas.items():
        save_schema(
            connection=made,
            object_=object_,
            fields={path: {"required": False, **one} for path, one in fields.items()},
            sample={},
            by=request.member,
        )
    made.refresh_from_db()
    return shown


def changed(request: Any, row: Connection) -> None:
    """Change what was sent of a connection, and leave the rest."""
    data = sent(request, _CHANGES)
    if "credentials" in data:
        secret = _secret(data["credentials"], row.kind)
        services.replace_key(connection=row, secret=secret, by=request.member)
    if "state" in data:
        _move(request, row, data["state"])
    if "routes" in data:
        _save_routes(request, row, data["routes"])
    values: dict[str, Any] = {}
    if "name" in data and text_of(data, "name", most=200):
        values["name"] = text_of(data, "name", most=200)
    if "expected_every" in data:
        values["expected_every"] = _seconds(data, row.expected_every)
    if values:
        Connection.objects.filter(pk=row.pk).update(**values)
    row.refresh_from_db()


def new_mapping(request: Any, row: Connection) -> tuple[Mapping, Job | None]:
    """Save the mapping that was sent, for the connection's business or its group."""
    data = sent(request, ("object", "fields"))
    object_ = text_of(data, "object", default="deal")
    objects = row.options.get("objects", ["deal"])
    if object_ not in objects:
        hint = f"It reads: {', '.join(objects)}."
        raise BadRequest(f"This connection reads no “{object_}”.", hint, "object")
    fields = data.get("fields")
    if not isinstance(fields, dict) or not all(
        isinstance(one, dict) for one in fields.values()
    ):
        raise BadRequest(
            "fields names our fields, and for each where its value stands.",
            '{"amount": {"source": "value", "type": "money"}}',
            field="fields",
        )
    business = Business.objects.filter(pk=row.business_id or 0).first()
    return services.save_mapping(
        connection=row,
        object_=object_,
        document=fields,
        business=business,
        by=request.member,
    )


def _kind_and_options(data: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """A preset is a kind of its own for whoever asks, and a document for us."""
    kind = text_of(data, "kind").lower()
    options = {} if data.get("options") is None else data["options"]
    if not isinstance(options, dict):
        raise BadRequest("options is an object.", '{"people": "matched"}', "options")
    known = [one for one in (*kinds(), *presets()) if one not in _NOT_BY_API]
    if kind not in known:
        raise BadRequest(
            f"There is no source of the kind “{kind}”.",
            f"Choose one of: {', '.join(known)}.",
            field="kind",
        )
    options = {"people": "payees", **checked_options(options, kind)}
    if kind in presets():
        return "rest", {**options, "preset": kind}
    return kind, options


def _place(request: Any, data: dict[str, Any]) -> tuple[Business | None, Any]:
    """The business that is fed: the one that is named, or the group's only one."""
    ready = Business.objects.filter(
        group_id=request.group.pk, state=Business.State.READY
    ).order_by("slug")
    routes, slug = data.get("routes"), text_of(data, "business", most=50)
    if routes:
        if slug:
            hint = "Leave out the one that you do not mean."
            raise BadRequest("Send the business or routes, not both.", hint, "routes")
        return None, routes
    if slug:
        found = ready.filter(slug=slug).first()
        if found is None:
            raise BadRequest(
                f"This group has no business “{slug}”.", _listed(ready), "business"
            )
        return found, None
    if len(ready) == 1:
        return ready[0], None
    if not ready:
        raise BadRequest("The group's business is still being made.", "Ask again soon.")
    raise BadRequest(
        "Say which business the source feeds, or send routes.",
        _listed(ready),
        field="business",
    )


def _listed(ready: Any) -> str:
    return f"It has: {', '.join(one.slug for one in ready)}."


def _secret(credentials: Any, kind: str) -> str:
    """Close has one key; of others each credential keeps its name."""
    if credentials is None:
        return ""
    if isinstance(credentials, str):
        return credentials.strip()
    if not isinstance(credentials, dict) or not all(
        isinstance(value, str) for value in credentials.values()
    ):
        raise BadRequest(
            "credentials is a key, or an object of names and texts.",
            '{"api_key": "…"}',
            field="credentials",
        )
    if kind == "close":
        if len(credentials) != 1:
            raise BadRequest("Close needs one key.", '{"api_key": "…"}', "credentials")
        return str(next(iter(credentials.values()))).strip()
    return json.dumps({name: value.strip() for name, value in credentials.items()})


def _objects(data: dict[str, Any]) -> list[str]:
    objects = [] if data.get("objects") is None else data["objects"]
    if not isinstance(objects, list) or not all(isinstance(o, str) for o in objects):
        raise BadRequest("objects is a list of names.", '["deal"]', field="objects")
    return objects


def _refuse_unknown(objects: list[str], provider: Provider) -> None:
    """Refuse a name that the source does not offer; only for one that not every
    account has is it asked what people made up there."""
    offered = [one.name for one in provider.objects()]
    if isinstance(provider, Discovers) and not set(objects) <= set(offered):
        offered += [one.name for one in provider.own_objects()]
    for name in objects:
        if name not in offered:
            raise BadRequest(
                f"The source offers no “{name}”.",
                f"It offers: {', '.join(offered)}.",
                field="objects",
            )


def _seconds(data: dict[str, Any], default: int) -> int:
    value = data.get("expected_every", default)
    if (
        isinstance(value, bool)
        or not isinstance(value, int)
        or not 60 <= value <= 86_400
    ):
        raise BadRequest(
            "expected_every is a number of seconds from 60 to 86400.",
            "Write it in digits, without quotes: 900.",
            field="expected_every",
        )
    return value


def _move(request: Any, row: Connection, state: Any) -> None:
    moves = {"paused": services.pause, "active": services.resume}
    if state not in moves:
        hint = "Send paused or active; DELETE disconnects."
        raise BadRequest("state can be set to paused or active.", hint, "state")
    moves[state](connection=row, by=request.member)


def _save_routes(request: Any, row: Connection, routes: Any) -> None:
    path, values = _path_and_values(routes)
    own = Business.objects.filter(group_id=request.group.pk).order_by("slug")
    slugs = {one.slug: one.pk for one in own}
    for slug in values.values():
        if not isinstance(slug, str) or slug not in slugs:
            said = f"This group has no business “{slug}”."
            raise BadRequest(said, _listed(own), "routes")
    routing.save_routes(
        connection=row,
        path=path,
        routes={str(value): slugs[slug] for value, slug in values.items()},
        by=request.member,
    )


def _path_and_values(routes: Any) -> tuple[str, dict[Any, Any]]:
    """`{"path": "custom.business", "values": {"Brightwater": "brightwater"}}`, or the
    list of routes that a connection shows: what is read can be sent."""
    if isinstance(routes, list) and all(isinstance(one, dict) for one in routes):
        routes = _as_table(routes)
    values = routes.get("values") if isinstance(routes, dict) else None
    if not isinstance(values, dict) or not isinstance(routes.get("path"), str):
        shape = '{"path": "business", "values": {"Brightwater": "brightwater"}}'
        raise BadRequest("routes name a field and its values.", shape, field="routes")
    return routes["path"], values


def _as_table(routes: list[dict[str, Any]]) -> dict[str, Any]:
    """Return a list of routes as one field and its values, or refuse it."""
    names = {"path", "value", "business"}
    if not all(set(one) == names and isinstance(one["value"], str) for one in routes):
        shape = '[{"path": "business", "value": "B", "business": "brightwater"}]'
        raise BadRequest("Each route names these three.", shape, field="routes")
    values = {one["value"]: one["business"] for one in routes}
    if len(values) != len(routes):
        said = "A value is there twice in routes."
        raise BadRequest(said, "Send each value once.", "routes")
    path = routes[0]["path"] if routes else None
    if any(one["path"] != path for one in routes):
        said = "The routes name several fields."
        raise BadRequest(said, "Send the same path with each.", "routes")
    return {"path": path, "values": values}
