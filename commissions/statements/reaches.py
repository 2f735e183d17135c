"""Which days of which payees the changes after a number concern, kind by kind.

It errs on the side of more: a statement that is looked at in vain writes nothing, and
one that is forgotten is wrong.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.db import connection
from django.db.models import Q

from commissions.calculation.facts import AssignmentFact
from commissions.plans.models import Assignment, PlanVersion, RateTableRows
from commissions.statements.features import InForce
from commissions.statements.models import Adjustment, Run, StoredMeasure
from commissions.statements.periods import pay_period_of
from commissions_saas.lib.periods import parse_period
from crm_sync.ledger.as_of import changes_since, touched_by
from crm_sync.ledger.models import Change, Manager

# Above this many changes, days are found by one query and not by change.
FEW = 50
DEEPEST = 50
_CREDITS = """
SELECT DISTINCT payee_id, occurred_on FROM ledger_credit
WHERE occurred_on IS NOT NULL
AND (opened > %(since)s AND opened <= %(fence)s
     OR closed > %(since)s AND closed <= %(fence)s)
"""
_SHARED = """
SELECT DISTINCT other.payee_id, other.occurred_on
FROM ledger_credit AS own
JOIN ledger_credit AS other ON other.entry_id = own.entry_id
    AND other.opened = own.opened
WHERE own.payee_id = %(payee)s AND own.closed IS NULL
AND own.occurred_on BETWEEN %(first)s AND %(last)s
"""
# Kinds whose rows are dated, so that they are found by their own numbers.
DATED_KINDS = frozenset(
    [
        "adjustment",
        "assignment",
        "carried",
        "fact",
        "field",
        "leave",
        "opening",
        "plan",
        "rate",
        "sells",
        "table",
        "thing",
    ]
)
Pairs = set[tuple[int, date]]
_Stay = tuple[date, date]


@dataclass(frozen=True, slots=True)
class Reach:
    """A stretch of days of one payee that a change concerns.

    `above`: the payee is concerned only as somebody above those who sold.
    """

    payee_id: int
    first: date
    last: date | None
    number: int
    above: bool = False


@dataclass(frozen=True, slots=True)
class Span:
    """The changes that are looked at, and what the plans of the business use."""

    since: int
    fence: int
    known: tuple[InForce, ...]
    programs: Callable[[Iterable[Reach]], dict[int, tuple[AssignmentFact, ...]]]

    @property
    def is_deep(self) -> bool:
        """Say whether deals reach further up than to the direct manager."""
        return any(row.features.is_deep for row in self.known)

    @property
    def reads_people(self) -> bool:
        """Say whether a formula reads what somebody else is, like `owner.title`."""
        return any(row.features.reads_people for row in self.known)

    @property
    def repeats(self) -> bool:
        """Say whether a plan may pay for earlier entries again, period by period."""
        # “yes” is written in many ways; what is not written is “no”.
        return PlanVersion.objects.filter(
            opened__lte=self.fence, document__components__icontains='"repeat":'
        ).exists()

    @property
    def shared_plans(self) -> set[int]:
        """Return the plans with a measure that others take, and those that take."""
        names = {part.gathers for row in self.known for part in row.features.gathers}
        return {
            row.plan_id
            for row in self.known
            if row.features.gathers or names & row.features.measures
        }

    def numbers(self, opened: int, closed: int | None) -> list[int]:
        """Return those of a row's two numbers that are looked at."""
        return [n for n in (opened, closed) if n and self.since < n <= self.fence]


def of_entries(span: Span) -> Iterator[Reach]:
    """Whoever a deal credits, before or after it changed, and who is above them."""
    if span.fence - span.since <= FEW:
        changes = changes_since(span.since, span.fence)
        numbers = [c.number for c in changes if c.kind not in DATED_KINDS]
        for number, pairs in touched_by(numbers).items():
            yield from _days(pairs, number, span)
        return
    with connection.cursor() as cursor:
        cursor.execute(_CREDITS, {"since": span.since, "fence": span.fence})
        rows = cursor.fetchall()
    starts = {day: pay_period_of(day).starts_on for day in {day for _, day in rows}}
    pairs = {(payee, starts[day]) for payee, day in rows}
    # A period's first day stands for all of them; who was above on another day of it
    # is found by asking for every day of the period.
    yield from _days(pairs, span.fence, span, whole_periods=True)


def of_assignments(span: Span) -> Iterator[Reach]:
    """All of a payee's time on plans: stays and windows join what lies beside.

    Who comes to a plan or leaves it may hold up those who take from its measures,
    though no measure moves: one that fails is stored neither before nor after.
    """
    numbers: dict[int, set[int]] = defaultdict(set)
    stays: dict[tuple[int, int], set[_Stay]] = defaultdict(set)
    for row in Assignment.objects.filter(changed(span)):
        seen = span.numbers(row.opened, row.closed)
        numbers[row.payee_id].update(seen)
        if len(seen) == 1:
            # What was closed and opened again with the same days is there no longer.
            stay = row.starts_on, row.ends_on or date.max
            stays[row.payee_id, row.plan_id] ^= {stay}
    for row in Assignment.objects.filter(payee_id__in=numbers):
        for number in numbers[row.payee_id]:
            yield Reach(row.payee_id, row.starts_on, None, number)
    shared = span.shared_plans
    for (payee_id, plan_id), moved in stays.items():
        if moved and plan_id in shared:
            first = _first_moved(moved)
            for number in numbers[payee_id]:
                yield from of_gatherers(span, first, None, number)


def of_placements(span: Span) -> Iterator[Reach]:
    """A payee who is placed elsewhere, and everybody above, then and now.

    The owner's territory is the deal's where the source names none, so that it also
    concerns whoever shares the deal.
    """
    for row in Manager.objects.filter(changed(span)):
        days = row.payee_id, row.starts_on, row.ends_on
        sharing = shared_with(*days) if row.territory_id else set()
        for number in span.numbers(row.opened, row.closed):
            yield from around(*days, number)
            yield from with_above(sharing, number)


def of_plans(span: Span) -> Iterator[Reach]:
    """Everybody on a plan, from the day on which a new version is in force."""
    rows = PlanVersion.objects.filter(opened__gt=span.since, opened__lte=span.fence)
    for version in rows:
        if version.starts_on is None or version.opened is None:
            continue
        yield from of_plan(span, version.plan_id, version.starts_on, version.opened)


def of_plan(span: Span, plan_id: int, day: date, number: int) -> Iterator[Reach]:
    """Everybody on a plan from a day on, and who takes from its measures."""
    for row in Assignment.objects.filter(plan_id=plan_id):
        first = max(day, row.starts_on)
        if row.ends_on is None or first <= row.ends_on:
            yield Reach(row.payee_id, first, None, number)
    if plan_id in span.shared_plans:
        yield from of_gatherers(span, day, None, number)


def of_tables(span: Span) -> Iterator[Reach]:
    """Everybody whose plan names a rate table, from the day of its new rows."""
    rows = RateTableRows.objects.filter(changed(span)).select_related("table")
    new_rows = [
        (row.table.key, row.starts_on, number)
        for row in rows
        for number in span.numbers(row.opened, row.closed)
    ]
    if not new_rows:
        return
    assigned = Assignment.objects.filter(opened__lte=span.fence)
    programs = span.programs(
        Reach(row.payee_id, row.starts_on, row.ends_on, 0) for row in assigned
    )
    for payee_id, facts in programs.items():
        for key, first, number in new_rows:
            for fact in facts:
                reading = {f"tiers.{key}", f"tables.{key}", key}
                if fact.program.table_names & reading and (
                    fact.ends_on is None or first <= fact.ends_on
                ):
                    day = max(first, fact.starts_on)
                    yield Reach(payee_id, day, fact.ends_on, number)


def of_payees(span: Span) -> Iterator[Reach]:
    """What is known of a payee holds on all days, for them and who reads it of them."""
    changes = Change.objects.filter(
        number__gt=span.since,
        number__lte=span.fence,
        kind="payee",
        payee_id__isnull=False,
    )
    for number, payee_id in changes.values_list("number", "payee_id"):
        if payee_id is not None:
            yield from around(payee_id, date.min, None, number)


def of_adjustments(span: Span) -> Iterator[Reach]:
    """The statement of an adjustment, and what reads the measures that it moved."""
    for row in Adjustment.objects.filter(changed(span)).select_related("period"):
        for number in span.numbers(row.opened, row.closed):
            day = row.period.starts_on
            yield Reach(row.payee_id, day, day, number)
            if row.corrects_period:
                # It moved a measure of that period, which later periods may read.
                after = parse_period(row.corrects_period).ends_on
                yield Reach(row.payee_id, after, after, number)


def of_carried(span: Span) -> Iterator[Reach]:
    """What reads measures of a period that is, or was, frozen, and that moved."""
    numbers = Change.objects.filter(
        number__gt=span.since, number__lte=span.fence, kind="carried"
    ).values_list("number", flat=True)
    runs = dict(Run.objects.filter(change__in=numbers).values_list("pk", "change"))
    rows = StoredMeasure.objects.filter(Q(opened_run__in=runs) | Q(closed_run__in=runs))
    for payee_id, slug, *of_runs in rows.values_list(
        "payee_id", "period_slug", "opened_run", "closed_run"
    ):
        after = parse_period(slug).ends_on
        for run in of_runs:
            if run in runs:
                yield Reach(payee_id, after, after, runs[run])


def around(
    payee_id: int, first: date, last: date | None, number: int
) -> Iterator[Reach]:
    """The days of a payee, and those of everybody above on one of them."""
    yield Reach(payee_id, first, last, number)
    for above in above_in([payee_id], first, last):
        yield Reach(above, first, last, number, above=True)


def above_in(payee_ids: Collection[int], first: date, last: date | None) -> set[int]:
    """Return who is, or was known to be, above payees on one of these days."""
    found: set[int] = set()
    level = set(payee_ids)
    for _ in range(DEEPEST):
        rows = Manager.objects.filter(payee_id__in=level, manager__isnull=False)
        rows = rows.exclude(ends_on__lt=first)
        if last is not None:
            rows = rows.filter(starts_on__lte=last)
        level = {one for one in rows.values_list("manager_id", flat=True) if one}
        level -= found
        if not level:
            break
        found |= level
    return found


def of_gatherers(
    span: Span, first: date, last: date | None, number: int
) -> Iterator[Reach]:
    """Everybody whose plan takes from others: their sets may hold the payee."""
    plans = {row.plan_id for row in span.known if row.features.gathers}
    if not plans:
        return
    rows = Assignment.objects.filter(plan_id__in=plans).exclude(ends_on__lt=first)
    for payee_id in set(rows.values_list("payee_id", flat=True)):
        yield Reach(payee_id, first, last, number)


def with_above(pairs: Iterable[tuple[int, date]], number: int) -> Iterator[Reach]:
    """Payees on days of theirs, and whoever is above them in the period of the day."""
    by_day: dict[date, set[int]] = defaultdict(set)
    for payee_id, day in pairs:
        by_day[pay_period_of(day).starts_on].add(payee_id)
        yield Reach(payee_id, day, day, number)
    for day, payee_ids in by_day.items():
        last = pay_period_of(day).ends_on
        for above in above_in(payee_ids, day, last):
            yield Reach(above, day, last, number, above=True)


def shared_with(payee_id: int, first: date, last: date | None) -> Pairs:
    """Return everybody credited for what a payee is credited for on these days."""
    given = {"payee": payee_id, "first": first, "last": last or date.max}
    return pairs_of(_SHARED, given)


def of_entries_read(
    span: Span,
    pairs_from: Callable[[date], Pairs],
    first: date,
    last: date | None,
    number: int,
) -> Iterator[Reach]:
    """Payees whose entries read what holds on these days, and who is above them.

    `pairs_from` finds the entries from a day on. What is paid again in each period
    reads it as of that period, whatever the day of the entry.
    """
    if not span.repeats:
        yield from with_above(pairs_from(first), number)
        return
    earliest: dict[tuple[int, bool], date] = {}
    for found in with_above(pairs_from(date.min), number):
        key = found.payee_id, found.above
        earliest[key] = min(found.first, earliest.get(key, found.first))
    for (payee_id, above), day in earliest.items():
        yield Reach(payee_id, max(first, day), last, number, above)


def pairs_of(statement: str, given: Mapping[str, Any]) -> Pairs:
    """Return the payees and days that a query finds."""
    with connection.cursor() as cursor:
        cursor.execute(statement, given)
        return set(cursor.fetchall())


def changed(span: Span) -> Q:
    """Match dated rows that were opened or closed by the changes looked at."""
    return Q(opened__gt=span.since, opened__lte=span.fence) | Q(
        closed__gt=span.since, closed__lte=span.fence
    )


def _days(
    pairs: Pairs, number: int, span: Span, *, whole_periods: bool = False
) -> Iterator[Reach]:
    for payee_id, day in pairs:
        yield Reach(payee_id, day, day, number)
    if not whole_periods and not span.is_deep:
        return  # managers are among the pairs
    by_span: dict[tuple[date, date], set[int]] = defaultdict(set)
    for payee_id, day in pairs:
        end = pay_period_of(day).ends_on if whole_periods else day
        by_span[day, end].add(payee_id)
    for (first, last), payee_ids in by_span.items():
        for above in above_in(payee_ids, first, last):
            yield Reach(above, first, last, number, above=True)


def _first_moved(stays: Collection[_Stay]) -> date:
    """Return the first day on which a payee is on a plan only before, or only now."""
    starts = sorted(first for first, _ in stays)
    ends = sorted(last for _, last in stays)
    if len(stays) == 2 and starts[0] == starts[1]:
        return ends[0] + timedelta(days=1)
    return starts[0]
