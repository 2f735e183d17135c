"""Notes where a credit takes a measure past the bounds of the tables it is read with."""

from bisect import bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import TypeGuard

from commissions.calculation.batch_code import BatchProgram
from commissions.formula import TierTable

_WIDER = Decimal(10) ** 30  # beyond what any total can be


@dataclass(frozen=True, slots=True)
class Crossing:
    """A credit with which a measure reached a tier that a component reads."""

    plan_id: int
    component: str
    measure: str
    bound: Decimal
    rate: Decimal
    head: str


class Crossings:
    """Watches measures pass the bounds of the tables that are read with them."""

    def __init__(self, batch: BatchProgram, shared: Mapping[str, object]) -> None:
        self.batch = batch
        self.shared = shared
        self.bounds: list[list[Decimal]] = []
        for pairs in batch.bounded:
            tables = [shared.get(name) for _, name in pairs]
            found = {
                bound
                for table in tables
                if isinstance(table, TierTable)
                for bound in table.starts[1:]
            }
            self.bounds.append(sorted(found))
        self.seen: list[tuple[int, Decimal, Decimal, str]] = []

    def __call__(
        self, at: int, before: Decimal, after: Decimal, head: str
    ) -> tuple[Decimal, Decimal]:
        """Note a crossing; return between which bounds the measure stands now."""
        if head and before < after:
            self.seen.append((at, before, after, head))
        bounds = [-_WIDER, *self.bounds[at], _WIDER]
        place = bisect_right(bounds, after)
        return bounds[place - 1], bounds[place]

    def as_tiers(self, plan_id: int) -> Iterable[Crossing]:
        """Return each tier that was reached, by the component that pays by it."""
        program = self.batch.program
        order = {part.key: at for at, part in enumerate(program.components)}
        credits = {head: at for at, (*_, head) in reversed([*enumerate(self.seen)])}
        found = []
        for at, before, after, head in self.seen:
            measure = program.measures[at].name
            for component, name in self.batch.bounded[at]:
                table = self.shared.get(name)
                for bound, rate in table.rows[1:] if _has_tiers(table) else ():
                    if before < bound <= after:
                        tier = Crossing(plan_id, component, measure, bound, rate, head)
                        place = credits[head], order[component], at, name, bound
                        found.append((place, tier))
        return [tier for _, tier in sorted(found, key=lambda pair: pair[0])]


def _has_tiers(table: object) -> TypeGuard[TierTable]:
    return isinstance(table, TierTable)
