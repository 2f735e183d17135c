"""Which statements a change may alter: found by number, never by reading everything."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from zoneinfo import ZoneInfo

from django.db.models import Q

from commissions.calculation.facts import AssignmentFact
from commissions.plans.models import Assignment
from commissions.plans.selectors import programs_for
from commissions.statements import fact_reaches, reaches
from commissions.statements.features import features_known, features_of
from commissions.statements.models import CalculationState, Statement
from commissions.statements.periods import current_period, pay_period_of
from commissions.statements.reaches import DATED_KINDS, Reach, Span
from commissions.statements.windows import last_day
from commissions_saas.lib.periods import Period, parse_period, period_of
from crm_sync.ledger.models import Change
from tenants.schema import current_business

# What a statement may have been touched by: change numbers, empty for a mark.
Triggers = frozenset[int]
Marked = dict[tuple[int, Period], Triggers]
_KINDS = (
    reaches.of_entries,
    reaches.of_assignments,
    reaches.of_placements,
    reaches.of_plans,
    reaches.of_tables,
    reaches.of_payees,
    reaches.of_adjustments,
    reaches.of_carried,
    fact_reaches.of_values,
    fact_reaches.of_customer_ids,
    fact_reaches.of_former_states,
    fact_reaches.of_leave_and_rights,
    fact_reaches.of_opening_balances,
    fact_reaches.of_rates,
)


def only_entries_changed(since: int, fence: int) -> bool:
    """Say whether nothing but entries changed after `since`, up to `fence`."""
    other = Q(entry_id=None) | Q(payee_id__isnull=False) | Q(kind__in=DATED_KINDS)
    changes = Change.objects.filter(number__gt=since, number__lte=fence)
    return 0 < since < fence and not changes.filter(other).exists()


def touched_between(since: int, fence: int, *, by_entries: bool = False) -> Marked:
    """Return each statement that the changes after `since` may alter, with which.

    With `by_entries` they are of entries alone, and no other kind is asked.
    """
    if since >= fence:
        return {}
    kinds = (reaches.of_entries,) if by_entries else _KINDS
    span = Span(
        since, fence, features_known(fence), lambda found: _programs(found, fence)
    )
    return marked((reach for kind in kinds for reach in kind(span)), fence)


def marked(found: Iterable[Reach], fence: int) -> Marked:
    """Return the statements of these days, and those whose windows hold one of them."""
    found = list(dict.fromkeys(found))
    if not found:
        return {}
    touched: dict[tuple[int, Period], set[int]] = defaultdict(set)
    programs = _programs(found, fence)
    known = _known_statements(reach.payee_id for reach in found)
    for reach in found:
        own = programs.get(reach.payee_id, ())
        if reach.above and not _reads_below(own):
            continue
        has = known.get(reach.payee_id, {})
        for period in _periods(reach, own, has):
            touched[reach.payee_id, period].add(reach.number)
    return {key: frozenset(numbers) for key, numbers in touched.items()}


def every_statement(fence: int) -> Marked:
    """Return all statements there are or should be, for a full recalculation."""
    all_days = [
        Reach(payee_id, first, last, 0)
        for payee_id, first, last in Assignment.objects.filter(
            opened__lte=fence
        ).values_list("payee_id", "starts_on", "ends_on")
    ]
    found: set[tuple[int, Period]] = set()
    if all_days:
        programs = _programs(all_days, fence)
        for reach in all_days:
            own = programs.get(reach.payee_id, ())
            found.update(
                (reach.payee_id, period) for period in _periods(reach, own, {})
            )
    for payee_id, slug in Statement.objects.values_list("payee_id", "period__slug"):
        found.add((payee_id, parse_period(slug)))
    return dict.fromkeys(found, frozenset())


def unopened(fence: int) -> Marked:
    """Return the statements, up to today's period, that nobody has opened yet.

    Time passes without a change: all periods since the last calculation are asked.
    """
    now = period = current_period()
    last = CalculationState.objects.values_list("at", flat=True).first()
    if last is not None:
        zone = ZoneInfo(current_business().time_zone)
        period = min(now, pay_period_of(last.astimezone(zone).date()))
    found: Marked = {}
    while period.starts_on <= now.ends_on:
        assigned = Assignment.objects.filter(
            opened__lte=fence, closed__isnull=True, starts_on__lte=period.ends_on
        ).exclude(ends_on__lt=period.starts_on)
        there = Statement.objects.filter(period__slug=period.slug).values("payee_id")
        missing = assigned.exclude(payee_id__in=there)
        for payee_id in missing.values_list("payee_id", flat=True):
            found[payee_id, period] = frozenset()
        period = period.next()
    return found


def _programs(
    found: Iterable[Reach], fence: int
) -> dict[int, tuple[AssignmentFact, ...]]:
    found = list(found)
    if not found:
        return {}
    first = min(reach.first for reach in found)
    last = max(current_period().ends_on, *(reach.first for reach in found))
    # A year of a plan may begin in any month, so it may end in the next one.
    last = period_of("year", last).next().ends_on
    return programs_for({reach.payee_id for reach in found}, (first, last), fence)


def _known_statements(payee_ids: Iterable[int]) -> dict[int, dict[str, Period]]:
    found: dict[int, dict[str, Period]] = defaultdict(dict)
    periods: dict[str, Period] = {}
    rows = Statement.objects.filter(payee_id__in=set(payee_ids))
    for payee_id, slug in rows.values_list("payee_id", "period__slug"):
        if slug not in periods:
            periods[slug] = parse_period(slug)
        found[payee_id][slug] = periods[slug]
    return found


def _periods(
    reach: Reach, programs: tuple[AssignmentFact, ...], known: Mapping[str, Period]
) -> Iterator[Period]:
    """Yield the reach's own periods, and later ones inside a window that holds it."""
    earliest = [fact.starts_on for fact in programs]
    earliest += [period.starts_on for period in known.values()]
    if not earliest:
        return
    now = current_period()
    last = now.ends_on if reach.last is None else reach.last
    if last != reach.first:
        last = min(last, now.ends_on)
    latest = max((period.ends_on for period in known.values()), default=last)
    # A statement of a period to come is there where a deal is dated in it already.
    known_to = max(last, min(reach.last or date.max, latest))
    last_read = max(
        (last_day(fact, day) for fact in programs for day in {reach.first, known_to}),
        default=known_to,
    )
    horizon = max(last, min(last_read, now.ends_on))
    furthest = max(horizon, latest)
    period = pay_period_of(max(reach.first, min(earliest)))
    while period.starts_on <= furthest:
        wanted = period.starts_on <= horizon or (
            period.slug in known and period.starts_on <= last_read
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


def _reads_below(programs: Iterable[AssignmentFact]) -> bool:
    """Say whether a plan pays for, or takes from, those who are below a payee."""
    return any(features_of(fact.program).reads_below for fact in programs)
