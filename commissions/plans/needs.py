"""What needs what inside a plan; measures and components must not need each other.

There are two ways out of a circle. What was before the period is known when it begins,
so a rule of the whole period may read it: that is how a balance is carried. And what
was before a credit is known when that credit is taken, so rules over single credits
may read it of each other: that is how a cap is filled.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from commissions.calculation.program import ComponentProgram, MeasureProgram, Per
from commissions.formula import Formula
from commissions.plans.document import PlanProblem


@dataclass(frozen=True, slots=True)
class _Need:
    """One thing that another needs; `which` is before, after, total or nothing."""

    name: str
    which: str = ""
    by_credit: bool = False


Needs = Mapping[str, Sequence[_Need]]


def circles(
    measures: Sequence[MeasureProgram | None],
    components: Sequence[ComponentProgram | None],
) -> list[PlanProblem]:
    """Return a problem for the first measure or component that needs itself."""
    known = {part.name: part for part in measures if part is not None}
    needs: dict[str, list[_Need]] = {}
    per: dict[str, Per] = {}
    for measure in known.values():
        path = f"measures.{measure.name}"
        per[path] = "period" if measure.gathers else measure.per
        needs[path] = [*_read(measure.formulas, known, per[path], measure.name)]
        needs[path] += [_Need(f"components.{key}") for key in measure.of_components]
        if measure.gathers:
            needs[path].append(_Need(f"measures.{measure.gathers}", "total"))
    for component in components:
        if component is not None:
            path = f"components.{component.key}"
            per[path] = component.per
            needs[path] = [*_read(component.formulas, known, component.per, "")]
            needs[path] += [_Need(f"components.{key}") for key in component.replaces]
    return _at_once(needs) or _credit_by_credit(needs, per)


def reads(formulas: Iterable[Formula], names: Collection[str]) -> bool:
    """Say whether one of the formulas reads one of the names."""
    return any(name in formula.names for formula in formulas for name in names)


def _read(
    formulas: Sequence[Formula], known: Mapping[str, MeasureProgram], per: Per, own: str
) -> Iterator[_Need]:
    for name, measure in known.items():
        needed = measure.names_needed(per)
        for reading in measure.names:
            which = reading.rpartition(".")[2]
            if name == own or reading not in needed or not reads(formulas, [reading]):
                continue
            by_credit = per == "deal" and which == "before" and _runs(measure)
            yield _Need(f"measures.{name}", which, by_credit)


def _runs(measure: MeasureProgram) -> bool:
    """Say whether a measure moves from credit to credit."""
    return measure.per == "deal" and not measure.gathers


def _at_once(needs: Needs) -> list[PlanProblem]:
    """Refuse what would have to be known before it is worked out."""
    graph = {
        name: [need.name for need in found if not need.by_credit]
        for name, found in needs.items()
    }
    for start in graph:
        loop = _loop(start, graph)
        if loop:
            words = " needs ".join(name.partition(".")[2] for name in loop)
            return [_problem(start, f"This goes in a circle: {words}.")]
    return []


def _credit_by_credit(needs: Needs, per: Mapping[str, Per]) -> list[PlanProblem]:
    """Refuse a circle that is closed by `.before` but is not one of single credits."""
    graph = {name: [need.name for need in found] for name, found in needs.items()}
    for start, found in needs.items():
        for need in found:
            loop = _loop(need.name, graph, start) if need.by_credit else []
            if not loop:
                continue
            of_period = next((name for name in loop if per.get(name) == "period"), "")
            words = " needs ".join(name.partition(".")[2] for name in [start, *loop])
            if not any(name.startswith("components.") for name in loop):
                return [_problem(start, f"This goes in a circle: {words}.")]
            if of_period:
                what = of_period.partition(".")[2]
                said = f"This goes in a circle: {words}, and {what} is once a period."
                return [_problem(start, said)]
            total = _reads_total(loop, needs)
            if total:
                said = f"This goes in a circle: {words}, and the total of {total}"
                return [_problem(start, f"{said} is known only at the end.")]
    return []


def _reads_total(loop: Sequence[str], needs: Needs) -> str:
    for reader, name in pairwise(loop):
        for need in needs[reader]:
            if need.name == name and need.which == "total":
                return name.partition(".")[2]
    return ""


def _problem(path: str, words: str) -> PlanProblem:
    return PlanProblem(path, words, code="plan")


def _loop(start: str, needs: Mapping[str, Sequence[str]], goal: str = "") -> list[str]:
    """Return the way from `start` to `goal` (back to itself), or nothing."""
    goal = goal or start
    if start == goal and goal in needs.get(start, ()):
        return [start, goal]
    ways = [[start]]
    seen = {start}
    while ways:
        way = ways.pop()
        for needed in sorted(needs.get(way[-1], ())):
            if needed == goal:
                return [*way, goal]
            if needed not in seen:
                seen.add(needed)
                ways.append([*way, needed])
    return []
