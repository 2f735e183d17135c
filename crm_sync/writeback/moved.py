"""A record that left the business: who takes out, or goes on with, what we wrote."""

from __future__ import annotations

from crm_sync.connections.models import Home
from crm_sync.ledger.models import Entry
from crm_sync.writeback.models import WriteBack, WrittenValue
from tenants.accounts.models import Business
from tenants.schema import current_business, in_business


def hand_over(row: WriteBack, value: WrittenValue) -> bool:
    """Say whether our value still has to be taken out of a record that is gone here.

    What is gone from the source needs nothing. What belongs to another business of the
    group now is that business's to write, where it writes this field; else we empty it.
    """
    was_sent = bool(value.written) or (value.written is None and value.tries > 0)
    home = _new_home(row, value)
    if home is None or not was_sent:
        return False
    with in_business(home):
        if _taken_on(row, value):
            return False
    if value.wanted or value.state != WrittenValue.State.WAITING:
        row.values.filter(pk=value.pk).update(
            wanted="",
            state=WrittenValue.State.WAITING,
            problem="",
            hint="",
            next_try_at=None,
        )
    return True


def _new_home(row: WriteBack, value: WrittenValue) -> Business | None:
    home = Home.objects.filter(
        connection_id=row.connection_id,
        object=row.object,
        external_id=value.external_id,
    ).exclude(business_id=current_business().pk)
    found = home.first()
    if found is None:
        return None
    ready = Business.objects.filter(state=Business.State.READY)
    business: Business | None = ready.filter(pk=found.business_id).first()
    return business


def _taken_on(row: WriteBack, value: WrittenValue) -> bool:
    """Let the business that is entered know what stands in its record's field."""
    theirs = WriteBack.objects.filter(
        connection_id=row.connection_id,
        object=row.object,
        path=row.path,
        state=WriteBack.State.ON,
    ).first()
    entry = Entry.objects.filter(
        connection_id=row.connection_id,
        object=row.object,
        external_id=value.external_id,
        deleted=False,
    ).first()
    if theirs is None or entry is None:
        return False
    # Where it has no commission of its own yet, the field is emptied.
    WrittenValue.objects.get_or_create(
        write_back=theirs,
        external_id=value.external_id,
        defaults={
            "entry_id": entry.pk,
            "wanted": "",
            "written": value.written,
            "tries": value.tries,
        },
    )
    return True
