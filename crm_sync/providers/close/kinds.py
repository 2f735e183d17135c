"""The kinds of records that Close has, and how each of them can be read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from crm_sync.contract import ConfigurationProblem, Payload, field_name
from crm_sync.providers.close.transport import Transport

# "changed": the list can be ordered by its last change; "updated" and "created": it can
# be asked for a window of that moment; "all": it can only be read from end to end;
# "by lead": it can be read for one lead at a time.
Way = Literal["changed", "updated", "created", "all", "by lead"]
_NOT_OFFERED = (402, 403, 404)
# Tasks that Close makes by itself; each kind has events of its own.
_OTHER_TASKS = (
    "task.incoming_email",
    "task.email_followup",
    "task.missed_call",
    "task.answered_detached_call",
    "task.voicemail",
    "task.opportunity_due",
    "task.incoming_sms",
    "task.outgoing_call",
)


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of record: our name for it, and where and how Close has it."""

    name: str
    label: str
    path: str
    event: str
    way: Way
    schema: str = ""
    """Under which name its custom fields are described."""
    edits: tuple[str, ...] = ("updated",)
    """Events besides `deleted` after which a record is read again."""
    also: tuple[str, ...] = ()
    """Other names under which the event log tells of such records, where it knows them:
    asked for deletes alone, because the list shows everything else."""
    params: Mapping[str, str] = field(default_factory=dict)
    type_key: str = ""
    type_id: str = ""
    """A row is of this kind only if its `type_key` is `type_id`."""
    fields: tuple[Payload, ...] = ()

    def described_at(self) -> tuple[tuple[str, str], ...]:
        """Return where its custom fields may be described, and under which key there.

        The first that has any counts; that of a type of people's own has had several
        addresses.
        """
        if not self.type_id:
            if not self.schema:
                return ()
            return (
                (f"custom_field_schema/{self.schema}/", "fields"),
                (f"custom_field/{self.schema}/", "data"),
            )
        of_all = "activity" if self.way == "created" else "custom_object_type"
        return (
            (f"custom_field_schema/{self.type_id}/", "fields"),
            (f"custom_field_schema/{of_all}/{self.type_id}/", "fields"),
            (f"custom_field/{of_all}/", "data"),
        )

    def has(self, row: Payload) -> bool:
        """Tell whether a row is of this kind; one that does not say so may be."""
        return not self.type_id or row.get(self.type_key) in (None, self.type_id)


STANDARD = (
    Kind("deal", "Opportunities", "opportunity", "opportunity", "changed", "opportunity"),
    Kind("lead", "Leads", "lead", "lead", "all", "lead",
         ("created", "updated", "merged")),
    Kind("contact", "Contacts", "contact", "contact", "all", "contact",
         ("created", "updated")),
    Kind("meeting", "Meetings", "activity/meeting", "activity.meeting", "created",
         edits=("updated", "completed", "canceled")),
    Kind("call", "Calls", "activity/call", "activity.call", "created",
         edits=("updated", "answered", "completed")),
    Kind("email", "E-mails", "activity/email", "activity.email", "created",
         edits=("updated", "sent")),
    Kind("sms", "SMS", "activity/sms", "activity.sms", "created",
         edits=("updated", "sent")),
    Kind("note", "Notes", "activity/note", "activity.note", "created"),
    Kind("task", "Tasks", "task", "task.lead", "updated",
         edits=("updated", "completed"), also=_OTHER_TASKS, params={"_type": "all"}),
)  # fmt: skip


Unread = dict[str, ConfigurationProblem]


def custom_kinds(
    transport: Transport, names: Mapping[str, str]
) -> tuple[tuple[Kind, ...], Unread]:
    """Return the activities and objects that the organisation made up itself, and why
    one of the two lists is not shown, by how the ids in it begin.

    `names` keeps the name that each type got when it was first seen, by its id.
    """
    taken = {kind.name for kind in STANDARD} | set(names.values())
    found: list[Kind] = []
    unread: Unread = {}
    for row in _types(transport, "custom_activity/", "actitype", unread):
        found.append(
            Kind(
                name=_name(row, names, taken),
                label=str(row.get("name") or row["id"]),
                path="activity/custom",
                event="activity.custom_activity",
                way="created",
                type_key="custom_activity_type_id",
                type_id=row["id"],
                fields=_fields(row),
            )
        )
    for row in _types(transport, "custom_object_type/", "cotype", unread):
        found.append(
            Kind(
                name=_name(row, names, taken),
                label=str(row.get("name_plural") or row.get("name") or row["id"]),
                path="custom_object",
                event="custom_object",
                way="by lead",
                edits=("created", "updated"),
                type_key="custom_object_type_id",
                type_id=row["id"],
                fields=_fields(row),
            )
        )
    return tuple(found), unread


def kind_is_gone(
    name: str, names: Mapping[str, str], unread: Unread
) -> ConfigurationProblem:
    """Say why a kind of the organisation's own is not there: hidden, or deleted."""
    id = next((one for one, given in names.items() if given == name), "")
    for begins, problem in unread.items():
        if not id or id.startswith(begins) or not id.startswith(("actitype", "cotype")):
            return ConfigurationProblem(
                f"Close does not show the type of “{name}”. {problem.message}",
                problem.hint,
                problem.status,
            )
    return ConfigurationProblem(
        f"Close has no type “{name}” any more: it was deleted there."
        if id
        else f"Close has no records of the kind “{name}”.",
        "What was read of it stays here. Choose what is read on the connection's page.",
        404,
    )


def _types(
    transport: Transport, path: str, begins: str, unread: Unread
) -> list[Payload]:
    """Return the types of one list; a plan that has none of them is no problem."""
    try:
        answer = transport.find(path)
    except ConfigurationProblem as problem:
        if problem.status not in _NOT_OFFERED:
            raise
        unread[begins] = problem
        return []
    rows = answer.doc.get("data") if answer else None
    return [
        row
        for row in (rows if isinstance(rows, list) else [])
        if isinstance(row, dict) and isinstance(row.get("id"), str)
    ]


def _name(row: Payload, names: Mapping[str, str], taken: set[str]) -> str:
    if row["id"] in names:
        return names[row["id"]]
    name = wanted = field_name(str(row.get("name") or row["id"]))[:50]
    number = 1
    while name in taken:
        number += 1
        name = f"{wanted}_{number}"
    taken.add(name)
    return name


def _fields(row: Payload) -> tuple[Any, ...]:
    fields = row.get("fields")
    return tuple(
        one
        for one in (fields if isinstance(fields, list) else [])
        if isinstance(one, dict) and "id" in one
    )
