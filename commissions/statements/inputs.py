"""Loads what decides statements, in bulk, as it was known at a change number."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from zoneinfo import ZoneInfo

from django.db.models import Q

from commissions.calculation.facts import (
    AdjustmentFact,
    AssignmentFact,
    PayeeInputs,
    TableFact,
)
from commissions.plans.selectors import as_of, programs_for, tables_known
from commissions.statements.models import (
    Adjustment,
    Line,
    Release,
    Run,
    Statement,
    StoredMeasure,
)
from commissions.statements.teams import with_team_measures
from commissions.statements.touched import window_of
from commissions_saas.lib.periods import Period
from crm_sync.ledger.as_of import entry_facts
from crm_sync.ledger.facts import EntryFact, PayeeFact
from crm_sync.ledger.models import Payee
from crm_sync.ledger.selectors import payee_facts
from tenants.schema import current_business

Key = tuple[int, Period]
Stored = Mapping[int, Mapping[tuple[str, str], Decimal]]


@dataclass(frozen=True, slots=True)
class Loaded:
    """What was read for some payees at one change number."""

    currency: str
    payees: Mapping[int, PayeeFact]
    programs: Mapping[int, tuple[AssignmentFact, ...]]
    entries: Mapping[int, tuple[EntryFact, ...]]
    tables: tuple[TableFact, ...]
    adjustments: Mapping[Key, tuple[AdjustmentFact, ...]]
    stored: Stored
    names: Mapping[int, str] = field(default_factory=dict)

    def inputs(self, payee_id: int, period: Period) -> PayeeInputs:
        """Return what decides one statement."""
        payee = self.payees[payee_id]
        programs = self.programs.get(payee_id, ())
        first = first_day(programs, period)
        entries = tuple(
            entry
            for entry in self.entries.get(payee_id, ())
            if entry.occurred_on and first <= entry.occurred_on <= period.ends_on
        )
        found = PayeeInputs(
            payee_id=payee_id,
            payee_name=payee.name,
            period=period,
            currency=self.currency,
            assignments=tuple(
                fact
                for fact in programs
                if fact.starts_on <= period.ends_on
                and (fact.ends_on is None or fact.ends_on >= first)
            ),
            entries=entries,
            tables=self.tables,
            adjustments=self.adjustments.get((payee_id, period), ()),
            stored=self.stored.get(payee_id, {}),
            attributes=payee.attributes,
            names=self.names,
        )
        return with_team_measures(found)


def first_day(programs: Iterable[AssignmentFact], period: Period) -> date:
    """Return the first day that any window of the period's measures reaches back to."""
    starts = [window_of(fact, period.ends_on).starts_on for fact in programs]
    return min([period.starts_on, *starts])


def load(wanted: Collection[Key], change: int, *, with_names: bool = False) -> Loaded:
    """Read all that decides these statements, as it was known at `change`.

    `with_names` also reads who else is credited, which only receipts show.
    """
    payee_ids = {payee_id for payee_id, _ in wanted}
    whole = (
        min(period.starts_on for _, period in wanted).replace(month=1, day=1),
        max(period.ends_on for _, period in wanted),
    )
    programs = programs_for(payee_ids, whole, change)
    first = min(
        first_day(programs.get(payee_id, ()), period) for payee_id, period in wanted
    )
    payees = payee_facts(payee_ids)
    entries = entry_facts(
        payee_ids=payee_ids, first=first, last=whole[1], change=change
    )
    return Loaded(
        currency=current_business().currency,
        payees=payees,
        programs=programs,
        entries=entries,
        tables=tables_known(change),
        adjustments=_adjustments(wanted, change),
        stored=_stored(payee_ids, change),
        names=_names(entries) if with_names else {},
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


def _stored(payee_ids: Collection[int], change: int) -> Stored:
    """Read the measures of frozen periods; open ones are reckoned from their entries."""
    frozen = set(
        Statement.objects.filter(payee_id__in=payee_ids)
        .exclude(state=Statement.State.OPEN)
        .values_list("payee_id", "period__slug")
    )
    if not frozen:
        return {}
    later = Run.objects.filter(change__gt=change).values("pk")
    rows = (
        StoredMeasure.objects.filter(payee_id__in={payee_id for payee_id, _ in frozen})
        .exclude(opened_run__in=later)
        .filter(Q(closed_run__isnull=True) | Q(closed_run__in=later))
        .order_by("opened_run")
    )
    found: dict[int, dict[tuple[str, str], Decimal]] = defaultdict(dict)
    for row in rows:
        if (row.payee_id, row.period_slug) in frozen:
            found[row.payee_id][row.name, row.period_slug] = row.value
    return found
