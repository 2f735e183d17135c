"""What gathered measures take from: the same measure of everybody in a set.

Others are read as they are stored. Whoever recalculates sees to it that what is stored
is worked out before those who read it.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from django.db.models import Count, Q, Sum

from commissions.calculation.facts import AssignmentFact, MemberFact, measure_key
from commissions.calculation.program import MeasureProgram, Of
from commissions.calculation.windows import precedes, stored_period
from commissions.plans.models import Assignment
from commissions.plans.selectors import as_of
from commissions.statements.features import (
    InForce,
    by_plan,
    features_known,
    in_force,
)
from commissions.statements.models import PayPeriod
from commissions.statements.opening import Balance, all_balances
from commissions.statements.periods import pay_period_of
from commissions.statements.stored import known_measures, opening_slug
from commissions_saas.lib.periods import Period, parse_period, period_of
from crm_sync.ledger.as_of import Placements, placements
from crm_sync.ledger.facts import Value
from crm_sync.ledger.known import Subject, payees_known

ZERO = Decimal(0)
DEEPEST = 50
Members = tuple[MemberFact, ...]


@dataclass(frozen=True, slots=True)
class Held:
    """What everybody's measure of one name stands at, and whose is not known."""

    values: Mapping[int, Decimal]
    missing: frozenset[int]

    @property
    def payee_ids(self) -> set[int]:
        return {*self.values, *self.missing}


@dataclass(slots=True)
class Gathering:
    """The members of gathered measures at one change number, read when first asked."""

    change: int
    _versions: Mapping[int, list[InForce]] | None = None
    _placed: Placements | None = None
    _balances: Mapping[str, Sequence[tuple[int, Balance]]] | None = None
    _periods: list[Period] | None = None
    _held: dict[tuple[str, str, str], Held] = field(default_factory=dict)
    _subjects: dict[int, Subject] = field(default_factory=dict)
    _sets: dict[tuple[object, ...], Members] = field(default_factory=dict)

    def members(
        self, payee_id: int, own: Iterable[AssignmentFact], period: Period
    ) -> Mapping[str, Sequence[MemberFact]]:
        """Return what each gathered measure of these plans takes from."""
        found: dict[str, Sequence[MemberFact]] = {}
        for fact in own:
            for part in fact.program.measures:
                if part.gathers:
                    key = measure_key(fact.plan_id, part.name)
                    found[key] = self._of(payee_id, fact.plan_id, part, period)
        return found

    def _of(
        self, payee_id: int, plan_id: int, part: MeasureProgram, period: Period
    ) -> Members:
        window = _window(part, period)
        held = self._measure(part.gathers, window, period)
        # One set for all who share it: a business of thousands is put together once.
        shared = part.of in ("plan", "business")
        about = plan_id if shared else payee_id
        attributes = part.where is not None
        key = part.gathers, window.slug, period.slug, part.of, about, attributes
        if key not in self._sets:
            self._sets[key] = self._put_together(part, held, about, period)
        return self._sets[key]

    def _put_together(
        self, part: MeasureProgram, held: Held, about: int, period: Period
    ) -> Members:
        groups = self._groups(part.of, held, about, period)
        self._read_subjects(groups)
        found = []
        for payee_id, below in groups.items():
            subject = self._subjects[payee_id]
            unknown = sorted(below & held.missing)
            who = ", ".join(self._subjects[one].name for one in unknown)
            total = sum((held.values.get(one, ZERO) for one in below), ZERO)
            found.append(
                MemberFact(
                    payee_id=payee_id,
                    order=f"{subject.name} {payee_id:012d}",
                    value=total,
                    attributes=_attributes(subject, period.ends_on)
                    if part.where is not None
                    else {},
                    failed=f"It could not be worked out for {who}." if who else "",
                    name=subject.name,
                )
            )
        return tuple(sorted(found, key=lambda one: (one.order, one.payee_id)))

    def _groups(
        self, of: Of, held: Held, about: int, period: Period
    ) -> dict[int, frozenset[int]]:
        """Return the members of a set, each with whose values make up its own."""
        if of == "business":
            return {one: frozenset([one]) for one in held.payee_ids}
        if of == "plan":
            on_plan = self._on_plans([about], period)
            return {one: frozenset([one]) for one in held.payee_ids & on_plan.keys()}
        reports = self._reports(about, period.ends_on)
        if of == "legs":
            return {
                one: frozenset([one, *self._below(one, period.ends_on)])
                for one in reports
            }
        if of == "downline":
            reports = self._below(about, period.ends_on)
        return {one: frozenset([one]) for one in held.payee_ids & reports}

    def _reports(self, payee_id: int, day: date) -> set[int]:
        if self._placed is None:
            self._placed = placements(self.change)
        under = self._placed.under(payee_id)
        return {fact.payee_id for fact in under if fact.covers(day)}

    def _below(self, payee_id: int, day: date) -> set[int]:
        found: set[int] = set()
        level = {payee_id}
        for _ in range(DEEPEST):
            level = {one for above in level for one in self._reports(above, day)}
            level -= {*found, payee_id}
            if not level:
                break
            found |= level
        return found

    def _measure(self, name: str, window: Period, period: Period) -> Held:
        """Read everybody's total of a measure in a window, up to a period."""
        key = name, window.slug, period.slug
        if key not in self._held:
            self._held[key] = self.read_measure(name, window, period)
        return self._held[key]

    def read_measure(self, name: str, window: Period, period: Period) -> Held:
        """Return everybody's total of a measure in a window, as it is stored."""
        plans = [
            plan_id
            for plan_id, versions in self._known().items()
            if any(name in row.features.measures for row in versions)
        ]
        names = [measure_key(plan_id, name) for plan_id in plans]
        slugs = self.slugs(window, period)
        rows = known_measures(self.change).filter(name__in=names)
        totals: dict[int, Decimal] = {}
        here: dict[int, int] = {}
        sums = rows.filter(period_slug__in=slugs).order_by().values("payee_id")
        for payee_id, total, rows_here in sums.annotate(
            total=Sum("value"), here=Count("pk", filter=Q(period_slug=period.slug))
        ).values_list("payee_id", "total", "here"):
            totals[payee_id], here[payee_id] = total, rows_here
        expected = self._on_plans(plans, period, name)
        for payee_id, value in self._opening(name, plans, window, period, expected):
            totals[payee_id] = totals.get(payee_id, ZERO) + value
        missing = {
            payee_id
            for payee_id, plan_ids in expected.items()
            if here.get(payee_id, 0) < len(plan_ids)
        }
        values = {
            payee_id: totals.get(payee_id, ZERO)
            for payee_id in expected
            if payee_id not in missing
        }
        return Held(values, frozenset(missing))

    def _opening(
        self,
        name: str,
        plans: Sequence[int],
        window: Period,
        period: Period,
        expected: Mapping[int, set[int]],
    ) -> Iterator[tuple[int, Decimal]]:
        if self._balances is None:
            self._balances = all_balances(self.change)
        for payee_id, balance in self._balances.get(name, ()):
            if payee_id in expected and balance.plan_id in plans:
                at = stored_period(opening_slug(balance))
                in_window = window.starts_on <= at.ends_on
                if in_window and precedes(at, period):
                    yield payee_id, balance.value

    def _on_plans(
        self, plan_ids: Iterable[int], period: Period, name: str = ""
    ) -> dict[int, set[int]]:
        """Return who is on one of these plans in the period, where it has the measure."""
        rows = as_of(Assignment.objects.filter(plan_id__in=plan_ids), self.change)
        rows = rows.filter(starts_on__lte=period.ends_on)
        rows = rows.exclude(ends_on__lt=period.starts_on)
        found: dict[int, set[int]] = defaultdict(set)
        for payee_id, plan_id, last in rows.values_list(
            "payee_id", "plan_id", "ends_on"
        ):
            end = min(last or period.ends_on, period.ends_on)
            latest = in_force(self._known().get(plan_id, ()), end)
            if latest is not None and (not name or name in latest.measures):
                found[payee_id].add(plan_id)
        return found

    def _known(self) -> Mapping[int, list[InForce]]:
        if self._versions is None:
            self._versions = by_plan(features_known(self.change))
        return self._versions

    def slugs(self, window: Period, period: Period) -> list[str]:
        """Return the pay periods that end inside the window, up to this one."""
        if self._periods is None:
            rows = PayPeriod.objects.values_list("slug", flat=True)
            self._periods = [parse_period(slug) for slug in rows]
        last = min(window.ends_on, period.ends_on)
        found = {
            one.slug for one in self._periods if window.starts_on <= one.ends_on <= last
        }
        return sorted({*found, period.slug})

    def _read_subjects(self, groups: Mapping[int, frozenset[int]]) -> None:
        wanted = {one for below in groups.values() for one in below} | set(groups)
        missing = wanted - self._subjects.keys()
        if missing:
            self._subjects |= payees_known(missing, self.change)


def _window(part: MeasureProgram, period: Period) -> Period:
    if part.over == "period":
        return pay_period_of(period.ends_on)
    return period_of(part.over, period.ends_on)


def _attributes(subject: Subject, day: date) -> dict[str, Value]:
    found = dict(subject.attributes)
    for value in subject.values:
        if value.starts_on <= day and (value.ends_on is None or day <= value.ends_on):
            found[value.key] = value.value
    return found
