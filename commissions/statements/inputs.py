"""Loads what decides statements, in bulk, as it was known at a change number."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from zoneinfo import ZoneInfo

from commissions.calculation.facts import (
    AdjustmentFact,
    AssignmentFact,
    PayeeInputs,
    TableFact,
)
from commissions.plans.selectors import as_of, programs_for, tables_known
from commissions.statements.around import (
    Around,
    dated_values,
    read_around,
    sell_facts,
)
from commissions.statements.features import features_of
from commissions.statements.gathering import Gathering
from commissions.statements.models import Adjustment, Line, Release
from commissions.statements.stored import StoredOf, read_stored
from commissions.statements.windows import first_day
from commissions_saas.lib.periods import Period, period_of
from crm_sync.ledger.as_of import entry_facts
from crm_sync.ledger.chains import UPLINE
from crm_sync.ledger.facts import EntryFact
from crm_sync.ledger.known import (
    RightOfDays,
    Subject,
    leave_known,
    payees_known,
    rights_known,
)
from crm_sync.ledger.models import Payee
from tenants.schema import current_business

Key = tuple[int, Period]
# By period: what the measures are now of statements that are being worked out.
Drafts = Mapping[str, Mapping[str, Decimal]]


@dataclass(frozen=True, slots=True)
class Loaded:
    """What was read for some payees at one change number."""

    currency: str
    payees: Mapping[int, Subject]
    programs: Mapping[int, tuple[AssignmentFact, ...]]
    entries: Mapping[int, tuple[EntryFact, ...]]
    tables: tuple[TableFact, ...]
    adjustments: Mapping[Key, tuple[AdjustmentFact, ...]]
    stored: Mapping[int, StoredOf]
    leave: Mapping[int, tuple[tuple[date, date], ...]]
    rights: Mapping[int, tuple[RightOfDays, ...]]
    around: Around
    gathering: Gathering
    names: Mapping[int, str] = field(default_factory=dict)

    def keeps(self, payee_id: int) -> bool:
        """Say whether later periods of a payee read what earlier ones came to."""
        return bool(self.stored.get(payee_id, StoredOf()).kept)

    def inputs(
        self, payee_id: int, period: Period, drafts: Drafts | None = None
    ) -> PayeeInputs:
        """Return what decides one statement.

        `drafts` has the measures of the payee's earlier periods that were worked out
        just now, and are not stored yet.
        """
        payee = self.payees[payee_id]
        programs = self.programs.get(payee_id, ())
        first = first_day(programs, period)
        entries = tuple(
            entry
            for entry in self.entries.get(payee_id, ())
            if entry.occurred_on and first <= entry.occurred_on <= period.ends_on
        )
        own = tuple(
            fact
            for fact in programs
            if fact.starts_on <= period.ends_on
            and (fact.ends_on is None or fact.ends_on >= first)
        )
        return PayeeInputs(
            payee_id=payee_id,
            payee_name=payee.name,
            period=period,
            currency=self.currency,
            assignments=own,
            entries=entries,
            tables=self.tables,
            adjustments=self.adjustments.get((payee_id, period), ()),
            stored=self.stored.get(payee_id, StoredOf()).read(drafts or {}),
            attributes=payee.attributes,
            names=self.names,
            facts=dated_values(payee),
            people=self.around.people,
            things=self.around.things,
            rates=self.around.rates(own, entries, period),
            settle_rates=self.around.settle_rates(own, period),
            members=self.gathering.members(payee_id, own, period),
            leave=self.leave.get(payee_id, ()),
            may_sell=sell_facts(self.rights.get(payee_id, ())),
        )


def load(
    wanted: Collection[Key],
    change: int,
    *,
    with_names: bool = False,
    with_entries: bool = True,
    gathering: Gathering | None = None,
) -> Loaded:
    """Read all that decides these statements, as it was known at `change`.

    `with_names` also reads who else is credited, which only receipts show; who reads
    the entries in another way does without them. A caller of
    many chunks gives the same `gathering`, so that others are read once.
    """
    payee_ids = {payee_id for payee_id, _ in wanted}
    programs, first = _programs(wanted, payee_ids, change)
    entries = {}
    if with_entries:
        last = max(period.ends_on for _, period in wanted)
        entries = _entries(programs, payee_ids, (first, last), change)
    return Loaded(
        currency=current_business().currency,
        payees=payees_known(payee_ids, change),
        programs=programs,
        entries=entries,
        tables=tables_known(change),
        adjustments=_adjustments(wanted, change),
        stored=read_stored(programs, payee_ids, change),
        leave=leave_known(payee_ids, change),
        rights=rights_known(payee_ids, change),
        around=read_around(programs, entries, change),
        gathering=gathering or Gathering(change),
        names=_names(entries) if with_names else {},
    )


def _programs(
    wanted: Collection[Key], payee_ids: Collection[int], change: int
) -> tuple[dict[int, tuple[AssignmentFact, ...]], date]:
    """Return the payees' plans, and the first day on which an entry matters to them."""
    # The year of a plan may have begun in the one before, in any of its months.
    earliest = min(period.starts_on for _, period in wanted)
    begin = period_of("year", earliest).previous().starts_on
    last = max(period.ends_on for _, period in wanted)
    programs = programs_for(payee_ids, (begin, last), change)
    first = min(
        first_day(programs.get(payee_id, ()), period) for payee_id, period in wanted
    )
    if first < begin:
        # What is paid again and again reaches back to stretches that have ended.
        programs = programs_for(payee_ids, (first, last), change)
    return programs, first


def _entries(
    programs: Mapping[int, Iterable[AssignmentFact]],
    payee_ids: Collection[int],
    stretch: tuple[date, date],
    change: int,
) -> dict[int, tuple[EntryFact, ...]]:
    return entry_facts(
        payee_ids=payee_ids,
        first=stretch[0],
        last=stretch[1],
        change=change,
        deep=any(
            UPLINE in features_of(fact.program).roles
            for own in programs.values()
            for fact in own
        ),
    )


def _names(entries: Mapping[int, Iterable[EntryFact]]) -> dict[int, str]:
    credited = {
        credit.payee_id
        for own in entries.values()
        for entry in own
        for credit in entry.credits
    }
    rows = Payee.objects.filter(pk__in=credited)
    return dict(rows.values_list("pk", "name"))


def _adjustments(
    wanted: Collection[Key], change: int
) -> dict[Key, tuple[AdjustmentFact, ...]]:
    slugs = {period.slug: period for _, period in wanted}
    known = as_of(
        Adjustment.objects.filter(
            payee_id__in={payee_id for payee_id, _ in wanted}, period__slug__in=slugs
        ),
        change,
    ).select_related("period")
    rows = list(known.order_by("pk"))
    taken = Line.objects.in_bulk([row.line_id for row in rows if row.line_id])
    released = dict(
        Release.objects.filter(line_id__in=taken).values_list(
            "line_id", "change_number"
        )
    )
    zone = current_business().time_zone
    found: dict[Key, list[AdjustmentFact]] = defaultdict(list)
    for row in rows:
        line = taken.get(row.line_id or 0)
        key = row.payee_id, slugs[row.period.slug]
        opened = released.get(row.line_id or 0)
        found[key].append(_adjustment(row, line, opened, zone))
    return {key: tuple(facts) for key, facts in found.items()}


def _adjustment(
    row: Adjustment, line: Line | None, released: int | None, zone: str
) -> AdjustmentFact:
    clawback = row.kind == Adjustment.Kind.CLAWBACK
    # What corrects an amount that was not payable yet is not payable yet either.
    waits = line is not None and (released is None or released > row.opened)
    return AdjustmentFact(
        id=row.pk,
        kind="clawback" if clawback else "adjustment",
        amount=row.amount,
        currency=row.currency,
        reason=row.reason,
        earned_on=row.made_at.astimezone(ZoneInfo(zone)).date(),
        component=row.component or "adjustments",
        component_name=line.component_name if line else "Adjustments",
        entry_id=row.entry_id or 0,
        role=line.role if line else "",
        waiting_for=line.waiting_for if line is not None and waits else "",
    )
