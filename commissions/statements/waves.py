"""What others read is worked out before those who read it, wave by wave.

A measure that moves marks its readers; one that stays the same stops the wave. What
moved is asked of the rows themselves, so that nothing is forgotten where a calculation
died between two waves.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date

from django.db.models import Q

from commissions.calculation.program import MeasureProgram
from commissions.plans.models import Assignment
from commissions.statements import errors
from commissions.statements.features import Features, InForce, features_known
from commissions.statements.models import Run, StoredMeasure
from commissions.statements.reaches import Reach, above_in
from commissions.statements.touched import Marked, Triggers, marked
from commissions_saas.lib.periods import Period, parse_period, period_of

MOST_WAVES = 60  # a hierarchy has at most 50 levels
MARK = 0  # stands in for a change number: marked because of what others have
Key = tuple[int, Period]
_SHARED = ("plan", "business")


@dataclass(slots=True)
class Waves:
    """The readers of what one recalculation moves."""

    since: int
    fence: int
    known: tuple[InForce, ...] = ()
    _on: dict[int, set[int]] = field(default_factory=dict)
    _seen: set[tuple[int, bool]] = field(default_factory=set)

    @classmethod
    def of(cls, since: int, fence: int) -> "Waves":
        """Read who takes from others; in most businesses nobody does."""
        known = features_known(fence)
        taking = {row.plan_id for row in known if row.features.gathers}
        waves = cls(since, fence, known if taking else ())
        if taking:
            on: dict[int, set[int]] = defaultdict(set)
            rows = Assignment.objects.values_list("payee_id", "plan_id")
            for payee_id, plan_id in rows:
                on[payee_id].add(plan_id)
            waves._on = {one: plans for one, plans in on.items() if plans & taking}
        return waves

    def __bool__(self) -> bool:
        return bool(self.known)

    @property
    def names(self) -> set[str]:
        """Return the measures that others take from."""
        return {part.gathers for row in self.known for part in row.features.gathers}

    def takes(self, key: Key) -> bool:
        """Say whether a statement's payee is on a plan that takes from others."""
        return key[0] in self._on

    def gives(self, key: Key) -> bool:
        """Say whether others may take from a measure of one who takes, too."""
        return any(self.names & row.measures for row in self._features(key))

    def passes_on(self, key: Key) -> bool:
        """Say whether what others take from a payee rests on what the payee takes."""
        return any(self.names & row.rests_on for row in self._features(key))

    def readers(self, run_ids: Iterable[int]) -> Marked:
        """Return who reads the measures that moved since this was last asked."""
        return self.readers_of(self._moved(run_ids))

    def readers_of(self, moved: Mapping[tuple[str, str], set[int]]) -> Marked:
        """Return who reads these measures: whose moved, by name and period."""
        found: list[Reach] = []
        for (name, slug), payee_ids in moved.items():
            period = parse_period(slug)
            for reader in self._readers_of(name, payee_ids, period):
                found.append(Reach(reader, period.starts_on, period.ends_on, MARK))
        return marked(found, self.fence)

    def _features(self, key: Key) -> Iterator[Features]:
        for row in self.known:
            if row.plan_id in self._on.get(key[0], ()):
                yield row.features

    def _moved(self, run_ids: Iterable[int]) -> Mapping[tuple[str, str], set[int]]:
        later = Run.objects.filter(change__gt=self.since).values_list("pk", flat=True)
        runs = {*run_ids, *later}
        rows = StoredMeasure.objects.filter(
            Q(opened_run__in=runs) | Q(closed_run__in=runs)
        )
        names, found = self.names, defaultdict(set)
        for pk, payee_id, key, slug, closed in rows.values_list(
            "pk", "payee_id", "name", "period_slug", "closed_run"
        ):
            name = key.partition("/")[2]
            seen = pk, closed is not None
            if name in names and seen not in self._seen:
                self._seen.add(seen)
                found[name, slug].add(payee_id)
        return found

    def _readers_of(
        self, name: str, payee_ids: set[int], period: Period
    ) -> Iterator[int]:
        shared: set[int] = set()
        below: dict[date, set[int]] = defaultdict(set)
        for row in self.known:
            for part in row.features.gathers:
                if part.gathers != name:
                    continue
                if part.of in _SHARED:
                    shared.add(row.plan_id)
                else:
                    below[_window_end(part, period)].add(row.plan_id)
        # Who is placed above them later in the window reads its earlier periods, too.
        above = {last: above_in(payee_ids, period.starts_on, last) for last in below}
        for payee_id, plans in self._on.items():
            if plans & shared or any(
                payee_id in above[last] and plans & below[last] for last in below
            ):
                yield payee_id


def _window_end(part: MeasureProgram, period: Period) -> date:
    """Return the last day on which a gathered measure still reads a period."""
    if part.over == "period":
        return period.ends_on
    return period_of(part.over, period.ends_on).ends_on


def joined(one: Marked, other: Marked) -> Marked:
    """Return the statements of both, each with all that touched it."""
    empty: Triggers = frozenset()
    return {
        key: one.get(key, empty) | other.get(key, empty) for key in {**one, **other}
    }


def too_many() -> errors.Circle:
    """Return the error of measures that go on moving one another."""
    return errors.Circle(MOST_WAVES)
