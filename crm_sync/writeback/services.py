"""Turning write-back on and off, and trying again; each with its row in the trail."""

from __future__ import annotations

from collections.abc import Mapping

from django.db import IntegrityError, transaction
from django.db.models import F, Q

from commissions_saas.lib import clock
from crm_sync.connections.models import Connection, SourceField
from crm_sync.connections.own_fields import paths_of
from crm_sync.connections.readers import mapping_for, source_name
from crm_sync.writeback import errors
from crm_sync.writeback.looking import look
from crm_sync.writeback.models import WriteBack, WrittenValue
from crm_sync.writeback.running import ask_to_write, writer_of
from crm_sync.writeback.selectors import Plans, holds_ours, in_use, values_of
from tenants.access import Member
from tenants.audit.services import record
from tenants.jobs.services import enqueue
from tenants.schema import current_business

State = WriteBack.State


def intended(
    *,
    connection: Connection,
    object_: str,
    path: str,
    kind: str,
    payees: str = WriteBack.Payees.ALL,
    lines: str = WriteBack.Lines.LOCKED,
    other_id: int = 0,
    plans: Plans | None = None,
) -> WriteBack:
    """Return a write-back that could be turned on, not saved; refuse what cannot be.

    The field must be the source's own and still there, and nothing that a plan reads.
    """
    if not writer_of(connection).takes(object_, path):
        raise errors.CannotWrite(
            f"{source_name(connection)} takes nothing of ours there.",
            hint="Choose a field of your own that is made for it.",
        )
    source = SourceField.objects.filter(
        connection=connection, object=object_, path=path, vanished_at=None
    ).first()
    if source is None:
        raise errors.WriteBackError(
            f"{source_name(connection)} has no such field.",
            hint="Make a field for it there, then sync, so that it is offered here.",
        )
    if not holds_ours(source):
        raise errors.WriteBackError(
            f"“{source.label}” holds neither numbers nor text.",
            hint="Make a field of numbers for it there, then sync.",
        )
    _refuse_what_is_used(connection, source, plans or {})
    return WriteBack(
        connection_id=connection.pk,
        object=object_,
        path=path,
        label=source.label,
        as_text=source.type not in ("number", "money"),
        kind=kind,
        payees=payees,
        lines=lines,
        other_id=other_id,
        turned_on_at=clock.now(),
    )


def turn_on(*, intended: WriteBack, seen: str, by: Member) -> WriteBack:
    """Begin to write; refused where the figures are not those that were looked at."""
    if look(intended).digest != seen:
        raise errors.FiguresMoved
    row = intended
    row.turned_on_by_id, row.turned_on_at = by.user_id, clock.now()
    try:
        with transaction.atomic():
            row.save(force_insert=True)
            _trail("turned_on", row, by, _facts(row))
            ask_to_write(row)
            _forget_what_was_read(row)
    except IntegrityError:
        raise errors.WriteBackError(
            "This is written already.", hint="Turn the other one off first."
        ) from None
    return row


def turn_off(*, row: WriteBack, clear: bool, by: Member) -> None:
    """Write no more; what was written stays, or is taken out of the source again."""
    with transaction.atomic():
        on = WriteBack.objects.filter(pk=row.pk).exclude(state=State.OFF)
        state = State.CLEARING if clear else State.OFF
        if on.update(state=state, problem="", hint="", stopped_at=None) != 1:
            raise errors.AlreadyOff
        row.refresh_from_db()
        _trail("turned_off", row, by, {"clear": clear})
        if not clear:
            row.values.all().delete()
            return
        never = Q(written__isnull=True, tries=0) | Q(written="")
        row.values.filter(never).delete()
        row.values.update(
            wanted="",
            state=WrittenValue.State.WAITING,
            problem="",
            hint="",
            next_try_at=None,
        )
        ask_to_write(row)


def try_again(*, row: WriteBack, by: Member) -> int:
    """Send again what was refused, now; return how many values wait for it."""
    with transaction.atomic():
        WriteBack.objects.filter(pk=row.pk).update(problem="", hint="", stopped_at=None)
        refused = row.values.filter(state=WrittenValue.State.REFUSED)
        count = refused.update(
            state=WrittenValue.State.WAITING, problem="", hint="", tries=F("tries") + 1
        )
        row.values.filter(state=WrittenValue.State.WAITING).update(next_try_at=None)
        _trail("tried_again", row, by, {"records": count})
        ask_to_write(row)
    return count


def write_again(*, row: WriteBack, by: Member) -> int:
    """Put our value back where somebody has put another in its place."""
    with transaction.atomic():
        count = values_of(row, "changed").update(state=WrittenValue.State.WAITING)
        _trail("written_again", row, by, {"records": count})
        ask_to_write(row)
    return count


def _refuse_what_is_used(
    connection: Connection, source: SourceField, plans: Plans
) -> None:
    """A field that something here reads is not ours to fill: commission that depends
    on itself would never come to rest, and a record would change its business."""
    used = in_use(connection, current_business(), source.object)
    readers = used.readers_of(source.object, source.path, plans)
    if readers:
        raise errors.FieldInUse(
            f"“{source.label}” is read by {', '.join(readers)}.",
            hint="Choose a field that no plan reads.",
        )
    if source.path in used.taken:
        raise errors.FieldInUse(
            f"“{source.label}” says what a {source.object} is, whose it is, or who is paid.",
            hint="Choose a field that was made for this and nothing else.",
        )


def _forget_what_was_read(row: WriteBack) -> None:
    """Read what is stored once more, without the field: from now on it is ours."""
    connection = Connection.objects.get(pk=row.connection_id)
    business = current_business()
    mapping = mapping_for(connection, business.pk, row.object)
    document = mapping.document if mapping else {}
    if all(row.path not in paths_of(line) for line in document.values()):
        return
    enqueue(
        kind="read_stored_again",
        title=f"Read {connection.name}'s records without “{row.label}”",
        business=business,
        arguments={
            "connection": connection.pk,
            "object": row.object,
            "business": business.pk,
            "words": f"“{row.label}” of {connection.name} is written by us now",
        },
        only_one=f"read again {connection.pk} {row.object}",
    )


def _facts(row: WriteBack) -> dict[str, str]:
    return {
        "field": f"{row.object}.{row.path}",
        "kind": row.kind,
        "payees": row.payees,
        "lines": row.lines,
    }


def _trail(
    action: str, row: WriteBack, by: Member, after: Mapping[str, object]
) -> None:
    record(
        action=f"writeback.{action}",
        object_kind="write_back",
        object_id=row.pk,
        object_name=row.label,
        after=after,
        by=by,
    )
