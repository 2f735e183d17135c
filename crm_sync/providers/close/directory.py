"""Who and what an organisation at Close has: people, stages, custom fields."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from commissions_saas.lib.money import places
from crm_sync.contract import (
    ConfigurationProblem,
    Organisation,
    Payload,
    Probe,
    SourceField,
    SourceStatus,
    SourceUser,
)
from crm_sync.providers.close.fields import custom_field
from crm_sync.providers.close.kinds import Kind
from crm_sync.providers.close.records import total_of
from crm_sync.providers.close.repeats import Advance
from crm_sync.providers.close.transport import Transport

_SEES_ALL = "view_all_leads"
_PAGE = 100
_SEES_LESS = (
    "This key cannot see all leads: deals of others are missing, and a deal that goes"
    " out of sight is not taken for deleted. Use the key of someone who may see all."
)
_NOT_IN_CENTS = (
    "The smallest unit of {currency} is not a hundredth, and Close's values are read as"
    " hundredths all the same. Look at one deal in Close and here; where the amounts"
    " differ, choose on the page of the mapping how Value is read."
)


@dataclass(frozen=True, slots=True)
class Membership:
    """The organisation of the key, and whether the key sees all of it."""

    organization: Payload
    sees_all: bool
    several: bool


def membership(transport: Transport, known: Organisation) -> Membership:
    """Return the organisation that the key belongs to: the one that is known already,
    if any is, and none but that."""
    me = transport.get("me/").doc
    organizations = _dicts(me.get("organizations"))
    memberships = _dicts(me.get("memberships"))
    if not organizations:
        raise ConfigurationProblem(
            "This key belongs to no organisation.",
            hint="Make a key in the organisation that has the deals.",
        )
    first = organizations[0]
    if known.external_id:
        same = [one for one in organizations if one.get("id") == known.external_id]
        if not same:
            raise _of_another(first, known)
        first = same[0]
    own = [
        one for one in memberships if one.get("organization_id") == first.get("id")
    ] or memberships
    return Membership(
        organization=first,
        sees_all=bool(own) and _sees_all(transport, own[0]),
        several=len(organizations) > 1,
    )


def organisation_of(member: Membership) -> Organisation:
    """Return an organisation by its id, which stays, and the name that it has now."""
    row = member.organization
    return Organisation(str(row.get("id") or ""), str(row.get("name") or ""))


def _of_another(found: Payload, known: Organisation) -> ConfigurationProblem:
    name = str(found.get("name") or found.get("id"))
    was = known.name or known.external_id
    # As a key that is refused, because none of its answers may be taken.
    return ConfigurationProblem(
        f"The key opens another organisation at Close: “{name}” ({found.get('id')}), and"
        f" this connection has read “{was}” ({known.external_id}).",
        f"Nothing was read. Replace the key by one of “{was}”; to read “{name}” as"
        " well, connect it on its own.",
        401,
    )


def probe(transport: Transport, member: Membership) -> Probe:
    """Say whose account this is, how much is in it, and what cannot be seen."""
    listed = transport.get("opportunity/", {"_limit": 1, "_fields": "id"}).doc
    return Probe(
        organisation=str(member.organization.get("name") or ""),
        users=len(_active(transport)),
        deals=total_of(listed) or 0,
        currency=str(member.organization.get("currency") or ""),
        warnings=warnings_of(member),
    )


def warnings_of(member: Membership) -> tuple[str, ...]:
    """Say what the key does not see, and what of it is not read."""
    warnings = [] if member.sees_all else [_SEES_LESS]
    if member.several:
        name = member.organization.get("name")
        warnings.append(f"This key has several organisations; “{name}” is read.")
    currency = str(member.organization.get("currency") or "").upper()
    if currency and places(currency) != 2:
        warnings.append(_NOT_IN_CENTS.format(currency=currency))
    return tuple(warnings)


def users(transport: Transport, member: Membership) -> tuple[SourceUser, ...]:
    """Return all people, past members included: they may still own won deals."""
    id = member.organization["id"]
    organization = transport.get(f"organization/{id}/").doc
    roles = {
        str(row.get("user_id")): str(row.get("role_id") or "")
        for row in _dicts(organization.get("memberships"))
    }
    groups = _groups(transport)
    found = {
        row["id"]: SourceUser(
            external_id=row["id"],
            email=str(row.get("email") or ""),
            name=_name(row.get("first_name"), row.get("last_name")),
            role=roles.get(row["id"], ""),
            groups=tuple(name for name, ids in groups if row["id"] in ids),
        )
        for row in _active(transport)
    }
    for row in _dicts(organization.get("inactive_memberships")):
        if isinstance(row.get("user_id"), str) and row["user_id"] not in found:
            found[row["user_id"]] = SourceUser(
                external_id=row["user_id"],
                email=str(row.get("user_email") or ""),
                name=str(row.get("user_full_name") or "")
                or _name(row.get("user_first_name"), row.get("user_last_name")),
                active=False,
            )
    return tuple(found.values())


def _groups(transport: Transport) -> list[tuple[str, set[str]]]:
    """Return each group's name with the ids of its people; none is no problem."""
    try:
        listed = transport.find("group/")
    except ConfigurationProblem as problem:
        if problem.status not in (402, 403):
            raise
        return []
    found = []
    for row in _dicts(listed.doc.get("data") if listed else None):
        answer = transport.find(f"group/{row.get('id')}/")
        people = _dicts(answer.doc.get("members") if answer else None)
        found.append(
            (str(row.get("name") or ""), {str(one.get("user_id")) for one in people})
        )
    return found


def statuses(transport: Transport) -> tuple[SourceStatus, ...]:
    """Return all stages with the names of their pipelines, in the pipelines' order."""
    found: dict[str, SourceStatus] = {}
    names: dict[str, str] = {}
    for pipeline in _dicts(transport.get("pipeline/").doc.get("data")):
        name = names[str(pipeline.get("id"))] = str(pipeline.get("name") or "")
        for row in _dicts(pipeline.get("statuses")):
            found[row["id"]] = _status(row, name)
    for row in _dicts(transport.get("status/opportunity/").doc.get("data")):
        name = names.get(str(row.get("pipeline_id")), "")
        found.setdefault(row["id"], _status(row, name))
    return tuple(found.values())


def custom_fields(transport: Transport, kind: Kind) -> tuple[SourceField, ...]:
    """Return an object's custom fields, in the order that people see them."""
    if kind.type_id and kind.fields:
        return tuple(custom_field(kind, row) for row in kind.fields)
    for path, key in kind.described_at():
        rows = [row for row in _described(transport, path, key) if kind.has(row)]
        if key == "data" and kind.schema:
            # The schema names them all; a list has only those of the object alone.
            shared = _described(transport, "custom_field/shared/", key)
            rows += [row for row in shared if _is_on(row, kind.schema)]
        if rows:
            return tuple(custom_field(kind, row) for row in rows)
    return ()


def _described(transport: Transport, path: str, key: str) -> list[Payload]:
    """Return the fields that are described at an address; none is no problem."""
    try:
        answer = transport.find(path)
    except ConfigurationProblem as problem:
        if problem.status not in (400, 402, 403):
            raise
        return []
    rows = _dicts(answer.doc.get(key) if answer else None)
    return [row for row in rows if isinstance(row.get("id"), str)]


def _is_on(row: Payload, schema: str) -> bool:
    places = _dicts(row.get("associations"))
    return any(one.get("object_type") == schema for one in places)


def _active(transport: Transport) -> list[Payload]:
    found: dict[str, Payload] = {}
    skip, advance = 0, Advance()
    while True:
        params: dict[str, str | int] = {
            "_order_by": "last_name,first_name",
            "_limit": _PAGE,
            "_skip": skip,
        }
        doc = transport.get("user/", params).doc
        rows = [
            row for row in _dicts(doc.get("data")) if isinstance(row.get("id"), str)
        ]
        found |= {row["id"]: row for row in rows}
        skip += len(rows)
        if doc.get("has_more") is not True or not rows:
            break
        advance.look((row["id"] for row in rows), more=True)
    return list(found.values())


def _sees_all(transport: Transport, own: Payload) -> bool:
    granted = own.get("permissions_granted")
    if not isinstance(granted, list):
        role = transport.find(f"role/{own.get('role_id')}/")
        granted = role.doc.get("permissions") if role else None
    return isinstance(granted, list) and _SEES_ALL in granted


def _status(row: Payload, pipeline: str) -> SourceStatus:
    return SourceStatus(
        external_id=row["id"],
        label=str(row.get("label") or ""),
        type=str(row.get("type") or ""),
        pipeline=pipeline,
    )


def _name(first: Any, last: Any) -> str:
    return f"{first or ''} {last or ''}".strip()


def _dicts(value: Any) -> list[Payload]:
    return [one for one in value or [] if isinstance(one, dict)]
