"""Which statements a change may alter: found by number, never by reading everything."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from django.db import connection
from django.db.models import Q

from commissions.calculation.facts import AssignmentFact
from commissions.plans.models import Assignment, PlanVersion, RateTableRows
from commissions.plans.selectors import programs_for
from commissions.statements.models import Adjustment, Statement
from commissions.statements.periods import current_period, pay_period_of
from commissions_saas.lib.periods import Kind, Period, parse_period, period_of
from crm_sync.ledger.as_of import changes_since, touched_by
from crm_sync.ledger.models import Change, Manager

# What a statement may have been touched by: change numbers, empty for a mark.
Triggers = frozenset[int]
# Above this many changes, days are found by one query and not by change.
FEW = 50
_CREDITS = """
SELECT DISTINCT payee_id, occurred_on FROM ledger_credit
WHERE occurred_on IS NOT NULL
AND (opened > %(since)s AND opened <= %(fence)s
     OR closed > %(since)s AND closed <= %(fence)s)
"""
# Kinds whose rows are dated, so that they are found by their own numbers.
DATED_KINDS = frozenset({"adjustment", "assignment", "plan", "table"})
_WINDOWS: tuple[Kind, ...] = ("half_month", "week", "month", "quarter", "year")


@dataclass(frozen=True, slots=True)
class Reach:
    """A stretch of days of one payee that a change concerns."""

    payee_id: int
    first: date
    last: date | None
    number: int


def touched_between(since: int, fence: int) -> dict[tuple[int, Period], Triggers]:
    """Return each statement that the changes after `since` may alter, with which."""
    reaches = list(_reaches(since, fence))
    found: dict[tuple[int, Period], set[int]] = defaultdict(set)
    if reaches:
        programs = _programs(reaches, fence)
        known = _known_statements(reach.payee_id for reach in reaches)
        for reach in reaches:
            own = programs.get(reach.payee_id, ())
            has = known.get(reach.payee_id, frozenset())
            for period in _periods(reach, own, has):
                found[reach.payee_id, period].add(reach.number)
    return {key: frozenset(numbers) for key, numbers in found.items()}


def every_statement(fence: int) -> dict[tuple[int, Period], Triggers]:
    """Return all statements there are or should be, for a full recalculation."""
    reaches = [
        Reach(payee_id, first, last, 0)
        for payee_id, first, last in Assignment.objects.filter(
            opened__lte=fence
        ).values_list("payee_id", "starts_on", "ends_on")
    ]
    found: set[tuple[int, Period]] = set()
    if reaches:
        programs = _programs(reaches, fence)
        for reach in reaches:
            own = programs.get(reach.payee_id, ())
            found.update(
                (reach.payee_id, period) for period in _periods(reach, own, frozenset())
            )
    for payee_id, slug in Statement.objects.values_list("payee_id", "period__slug"):
        found.add((payee_id, parse_period(slug)))
    return dict.fromkeys(found, frozenset())


def unopened(fence: int) -> dict[tuple[int, Period], Triggers]:
    """Return the statements of today's period that nobody has opened yet."""
    now = current_period()
    assigned = Assignment.objects.filter(
        opened__lte=fence, closed__isnull=True, starts_on__lte=now.ends_on
    ).exclude(ends_on__lt=now.starts_on)
    there = Statement.objects.filter(period__slug=now.slug).values("payee_id")
    missing = assigned.exclude(payee_id__in=there).values_list("payee_id", flat=True)
    return {(payee_id, now): frozenset() for payee_id in missing}


def _reaches(since: int, fence: int) -> Iterator[Reach]:
    yield from _of_entries(since, fence)
    yield from _dated(Assignment, since, fence)
    yield from _dated(Manager, since, fence)
    yield from _of_plans(since, fence)
    yield from _of_tables(since, fence)
    yield from _of_payees(since, fence)
    yield from _of_adjustments(since, fence)


def _of_entries(since: int, fence: int) -> Iterator[Reach]:
    if fence - since <= FEW:
        changes = changes_since(since, fence)
        numbers = [c.number for c in changes if c.kind not in DATED_KINDS]
        for number, pairs in touched_by(numbers).items():
            for payee_id, day in pairs:
                yield Reach(payee_id, day, day, number)
        return
    with connection.cursor() as cursor:
        cursor.execute(_CREDITS, {"since": since, "fence": fence})
        days: dict[int, set[date]] = defaultdict(set)
        for payee_id, day in cursor.fetchall():
            days[payee_id].add(day)
    for row in Manager.objects.filter(payee_id__in=days, manager__isnull=False):
        for day in list(days[row.payee_id]):
            if row.starts_on <= day and (row.ends_on is None or day <= row.ends_on):
                days[row.manager_id or 0].add(day)
    for payee_id, own in days.items():
        for day in {pay_period_of(day).starts_on for day in own}:
            yield Reach(payee_id, day, day, fence)


def _numbers(opened: int, closed: int | None, since: int, fence: int) -> list[int]:
    return [n for n in (opened, closed) if n is not None and since < n <= fence]


def _dated(
    model: type[Assignment] | type[Manager], since: int, fence: int
) -> Iterator[Reach]:
    for row in model.objects.filter(Q(opened__gt=since) | Q(closed__gt=since)):
        for number in _numbers(row.opened, row.closed, since, fence):
            yield Reach(row.payee_id, row.starts_on, row.ends_on, number)


def _of_plans(since: int, fence: int) -> Iterator[Reach]:
    for version in PlanVersion.objects.filter(opened__gt=since, opened__lte=fence):
        if version.starts_on is None or version.opened is None:
            continue
        for row in Assignment.objects.filter(plan_id=version.plan_id):
            first = max(version.starts_on, row.starts_on)
            if row.ends_on is None or first <= row.ends_on:
                yield Reach(row.payee_id, first, row.ends_on, version.opened)


def _of_tables(since: int, fence: int) -> Iterator[Reach]:
    rows = RateTableRows.objects.filter(Q(opened__gt=since) | Q(closed__gt=since))
    changed = [
        (row.table.key, row.starts_on, number)
        for row in rows.select_related("table")
        for number in _numbers(row.opened, row.closed, since, fence)
    ]
    if not changed:
        return
    assigned = list(Assignment.objects.filter(opened__lte=fence))
    programs = _programs(
        [Reach(row.payee_id, row.starts_on, row.ends_on, 0) for row in assigned], fence
    )
    for payee_id, facts in programs.items():
        for key, first, number in changed:
            for fact in facts:
                if key in fact.program.table_names and (
                    fact.ends_on is None or first <= fact.ends_on
                ):
                    day = max(first, fact.starts_on)
                    yield Reach(payee_id, day, fact.ends_on, number)


def _of_payees(since: int, fence: int) -> Iterator[Reach]:
    """What is known of a payee holds on all days: all their statements may change."""
    changes = Change.objects.filter(
        number__gt=since, number__lte=fence, kind="payee", payee_id__isnull=False
    )
    for number, payee_id in changes.values_list("number", "payee_id"):
        if payee_id is None:
            continue
        rows = Assignment.objects.filter(payee_id=payee_id, closed__isnull=True)
        for first, last in rows.values_list("starts_on", "ends_on"):
            yield Reach(payee_id, first, last, number)


def _of_adjustments(since: int, fence: int) -> Iterator[Reach]:
    rows = Adjustment.objects.filter(Q(opened__gt=since) | Q(closed__gt=since))
    for row in rows.select_related("period"):
        for number in _numbers(row.opened, row.closed, since, fence):
            day = row.period.starts_on
            yield Reach(row.payee_id, day, day, number)
            if row.corrects_period:
                # It moved a measure of that period, which later periods may read.
                after = parse_period(row.corrects_period).ends_on
                yield Reach(row.payee_id, after, after, number)


def _programs(
    reaches: Iterable[Reach], fence: int
) -> Mapping[int, tuple[AssignmentFact, ...]]:
    reaches = list(reaches)
    first = min(reach.first for reach in reaches)
    last = max(current_period().ends_on, *(reach.first for reach in reaches))
    last = period_of("year", last).ends_on
    return programs_for({reach.payee_id for reach in reaches}, (first, last), fence)


def _known_statements(payee_ids: Iterable[int]) -> dict[int, frozenset[str]]:
    found: dict[int, set[str]] = defaultdict(set)
    rows = Statement.objects.filter(payee_id__in=set(payee_ids))
    for payee_id, slug in rows.values_list("payee_id", "period__slug"):
        found[payee_id].add(slug)
    return {payee_id: frozenset(slugs) for payee_id, slugs in found.items()}


def _periods(
    reach: Reach, programs: tuple[AssignmentFact, ...], known: frozenset[str]
) -> Iterator[Period]:
    """Yield the reach's own periods, and later ones inside a window that holds it."""
    now = current_period()
    last = now.ends_on if reach.last is None else reach.last
    if last != reach.first:
        last = min(last, now.ends_on)
    end_of_window = max(
        (window_of(fact, reach.first).ends_on for fact in programs), default=last
    )
    horizon = max(last, min(end_of_window, now.ends_on))
    furthest = max(horizon, max((parse_period(s).ends_on for s in known), default=last))
    period = pay_period_of(reach.first)
    while period.starts_on <= furthest:
        wanted = period.starts_on <= horizon or (
            period.slug in known and period.starts_on <= end_of_window
        )
        if wanted and (period.slug in known or _has_plan(programs, period)):
            yield period
        period = period.next()


def _has_plan(programs: tuple[AssignmentFact, ...], period: Period) -> bool:
    return any(
        fact.starts_on <= period.ends_on
        and (fact.ends_on is None or period.starts_on <= fact.ends_on)
        for fact in programs
    )


def window_of(fact: AssignmentFact, day: date) -> Period:
    """Return the longest window, of any measure or component, that holds a day."""
    overs = {part.over for part in fact.program.measures}
    overs |= {part.over for part in fact.program.components}
    own = pay_period_of(day)
    windows = [period_of(kind, day) for kind in _WINDOWS if kind in overs]
    return max([own, *windows], key=lambda period: period.ends_on - period.starts_on)
