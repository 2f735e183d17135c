"""Works out what each record's field should hold, and lets the rows that differ wait."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from django.db.models import Max
from django.db.models.functions import Coalesce

from commissions_saas.lib.money import places
from crm_sync.ledger.changes import latest_change
from crm_sync.ledger.models import CustomerId, Entry
from crm_sync.writeback.amounts import Commission, commissions
from crm_sync.writeback.models import WriteBack, WrittenValue
from crm_sync.writeback.moved import hand_over
from tenants.jobs.lease import Lease

CHUNK = 1000
LONGEST = 500  # characters, as many as the row of a value holds
State = WrittenValue.State


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a field should hold; a problem says why that cannot be told."""

    value: str
    problem: str = ""


class Rule(Protocol):
    """Says what a kind of write-back wants."""

    def mark(self) -> Mapping[str, Any]:
        """Return where things stand; while it is equal, so is all that is wanted."""

    def place(self) -> Mapping[str, Any]:
        """Return from where on `touched` has to look the next time."""

    def touched(self, place: Mapping[str, Any]) -> Collection[int] | None:
        """Return the entries that may want something else since; None: any."""

    def wanted(self, entries: Sequence[Entry]) -> Mapping[int, Wanted]:
        """Return what the fields of these entries should hold, where not nothing."""


@dataclass(frozen=True, slots=True)
class CommissionRule:
    """The commission of a deal, of all payees or of its owner."""

    row: WriteBack

    @property
    def _is_live(self) -> bool:
        return self.row.lines == WriteBack.Lines.LIVE

    def mark(self) -> Mapping[str, Any]:
        """Return where statements stand."""
        return commissions().mark(live=self._is_live)

    def place(self) -> Mapping[str, Any]:
        """Return from where on lines are new."""
        return commissions().place()

    def touched(self, place: Mapping[str, Any]) -> Collection[int] | None:
        """Return the deals whose lines differ."""
        return commissions().touched(place, live=self._is_live)

    def wanted(self, entries: Sequence[Entry]) -> Mapping[int, Wanted]:
        """Return each deal's commission in the currency's places."""
        found = commissions().of(
            [entry.pk for entry in entries],
            live=self._is_live,
            owner_only=self.row.payees == WriteBack.Payees.OWNER,
        )
        return {pk: _said(one, self.row.as_text) for pk, one in found.items()}


@dataclass(frozen=True, slots=True)
class CustomerIdRule:
    """The ids that another source has for the same customer, where people matched them."""

    row: WriteBack

    def mark(self) -> Mapping[str, Any]:
        """Return the last change of a match."""
        last = CustomerId.objects.aggregate(
            opened=Coalesce(Max("opened"), 0), closed=Coalesce(Max("closed"), 0)
        )
        return dict(last)

    def place(self) -> Mapping[str, Any]:
        """None is needed: matches are few."""
        return {}

    def touched(self, place: Mapping[str, Any]) -> Collection[int] | None:
        """Any: matches are few."""
        return None

    def wanted(self, entries: Sequence[Entry]) -> Mapping[int, Wanted]:
        """Return the other ids of each record's customer, in their order."""
        live = CustomerId.objects.filter(closed__isnull=True)
        here = live.filter(
            connection_id=self.row.connection_id,
            external_id__in=[entry.external_id for entry in entries],
        )
        customers = dict(here.values_list("external_id", "customer_id"))
        there = live.filter(
            connection_id=self.row.other_id, customer_id__in=customers.values()
        )
        ids: dict[int, list[str]] = {}
        for customer_id, external_id in there.order_by("external_id").values_list(
            "customer_id", "external_id"
        ):
            ids.setdefault(customer_id, []).append(external_id)
        wanted = {}
        for entry in entries:
            found = ids.get(customers.get(entry.external_id, 0))
            if found:
                wanted[entry.pk] = _listed(found)
        return wanted


def rule_of(row: WriteBack) -> Rule:
    """Return what this write-back wants."""
    if row.kind == WriteBack.Kind.CUSTOMER_ID:
        return CustomerIdRule(row)
    return CommissionRule(row)


def work_out(lease: Lease, row: WriteBack) -> int:
    """Bring what is wanted up to date; return how many records were looked at.

    Where things stand is read first: what changes meanwhile is looked at the next time.
    """
    rule = rule_of(row)
    place = dict(rule.place())
    mark = {"rule": dict(rule.mark()), "change": latest_change()}
    if mark == {name: row.mark.get(name) for name in mark}:
        return 0
    looked_at = 0
    for entries in chunks(row, _touched(rule, row, mark)):
        with lease.transaction():
            want(row, entries, rule.wanted(entries))
        looked_at += len(entries)
        lease.step("Working out what to write", looked_at)
    with lease.transaction():
        WriteBack.objects.filter(pk=row.pk).update(mark=mark | {"place": place})
    row.refresh_from_db()
    return looked_at


def _touched(
    rule: Rule, row: WriteBack, mark: Mapping[str, Any]
) -> Collection[int] | None:
    """Return the records to look at: those that changed, moved away or were deleted,
    and those for which the rule may want something else."""
    before = row.mark
    if not before:
        return None
    found: Collection[int] | None = ()
    if mark["rule"] != before["rule"]:
        found = rule.touched(before["place"])
    if found is None:
        return None
    changed = Entry.objects.filter(
        connection_id=row.connection_id,
        object=row.object,
        changed__gt=before["change"],
    )
    return {*found, *changed.values_list("pk", flat=True)}


def chunks(
    row: WriteBack, only: Collection[int] | None = None
) -> Iterator[Sequence[Entry]]:
    """Yield the records that the write-back is about, some at a time."""
    rows = Entry.objects.filter(connection_id=row.connection_id, object=row.object)
    if only is not None:
        ids = sorted(only)
        for start in range(0, len(ids), CHUNK):
            yield list(rows.filter(pk__in=ids[start : start + CHUNK]))
        return
    last = 0
    while found := list(rows.filter(pk__gt=last).order_by("pk")[:CHUNK]):
        last = found[-1].pk
        yield found


def want(
    row: WriteBack, entries: Sequence[Entry], wanted: Mapping[int, Wanted]
) -> None:
    """Note what is wanted of these records; only rows that differ from it wait."""
    ids = [entry.external_id for entry in entries]
    have = {one.external_id: one for one in row.values.filter(external_id__in=ids)}
    fresh: list[WrittenValue] = []
    changed: list[WrittenValue] = []
    gone: list[WrittenValue] = []
    for entry in entries:
        value = have.get(entry.external_id)
        if entry.deleted:
            if value is not None and not hand_over(row, value):
                gone.append(value)
            continue
        now = wanted.get(entry.pk, Wanted(""))
        if value is None:
            if now.value or now.problem:
                fresh.append(_settled(_new(row, entry), now))
        elif _differs(value, now):
            changed.append(_settled(value, now))
    WrittenValue.objects.bulk_create(fresh)
    WrittenValue.objects.bulk_update(changed, _SETTLED)
    gone += [one for one in changed if _is_nothing(one)]
    row.values.filter(pk__in=[one.pk for one in gone]).delete()


_SETTLED = ["wanted", "state", "problem", "hint", "next_try_at"]


def _new(row: WriteBack, entry: Entry) -> WrittenValue:
    return WrittenValue(
        write_back=row, external_id=entry.external_id, entry_id=entry.pk
    )


def _differs(value: WrittenValue, now: Wanted) -> bool:
    if now.problem:
        return (value.state, value.problem) != (State.UNKNOWN, now.problem)
    return value.wanted != now.value or value.state == State.UNKNOWN


def _settled(value: WrittenValue, now: Wanted) -> WrittenValue:
    """Give a row what is wanted of it; a refusal of another value counts no more."""
    value.problem, value.hint, value.next_try_at = "", "", None
    if now.problem:
        value.state, value.problem = State.UNKNOWN, now.problem
        value.hint = "What was written before stays until that is mended."
        return value
    value.wanted = now.value
    is_there = value.written is not None and value.written == now.value
    value.state = State.WRITTEN if is_there else State.WAITING
    return value


def _is_nothing(value: WrittenValue) -> bool:
    """Say whether nothing was ever begun of a row that is wanted no more."""
    return (
        value.wanted == ""
        and value.written is None
        and value.tries == 0
        and not value.problem
    )


def _listed(ids: Sequence[str]) -> Wanted:
    """Half an id would be another customer's."""
    text = ", ".join(ids)
    if len(text) > LONGEST:
        return Wanted("", f"Its {len(ids)} ids there are longer than a field may hold.")
    return Wanted(text)


def _said(one: Commission, as_text: bool) -> Wanted:
    if one.problem:
        return Wanted("", one.problem)
    amount = f"{one.amount:.{places(one.currency)}f}"
    return Wanted(f"{one.currency} {amount}" if as_text else amount)
