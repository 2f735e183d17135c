"""What needs what inside a plan; measures and components must not need each other."""

from collections.abc import Collection, Iterable, Mapping, Sequence

from commissions.calculation.program import ComponentProgram, MeasureProgram
from commissions.formula import Formula
from commissions.plans.document import Per, PlanProblem


def circles(
    measures: Sequence[MeasureProgram | None],
    components: Sequence[ComponentProgram | None],
) -> list[PlanProblem]:
    """Return a problem for the first measure or component that needs itself."""
    known = {part.name: part for part in measures if part is not None}
    needs: dict[str, set[str]] = {}
    for measure in known.values():
        formulas = [part for part in (measure.sum, measure.when) if part is not None]
        needed = _needed(formulas, known)
        needed |= {f"components.{key}" for key in measure.of_components}
        needs[f"measures.{measure.name}"] = needed
    for component in components:
        if component is not None:
            path = f"components.{component.key}"
            needs[path] = _needed(component.formulas, known, component.per)
    for start in needs:
        loop = _loop(start, needs)
        if loop:
            words = " needs ".join(name.partition(".")[2] for name in loop)
            return [PlanProblem(start, f"This goes in a circle: {words}.", code="plan")]
    return []


def reads(formulas: Iterable[Formula], names: Collection[str]) -> bool:
    """Say whether one of the formulas reads one of the names."""
    return any(name in formula.names for formula in formulas for name in names)


def _needed(
    formulas: Sequence[Formula], known: Mapping[str, MeasureProgram], per: Per = "deal"
) -> set[str]:
    return {
        f"measures.{name}"
        for name, measure in known.items()
        if reads(formulas, measure.names_needed(per))
    }


def _loop(start: str, needs: Mapping[str, set[str]]) -> list[str]:
    """Return the way from `start` back to itself, or nothing."""
    ways = [[start]]
    seen: set[str] = set()
    while ways:
        way = ways.pop()
        for needed in sorted(needs.get(way[-1], ())):
            if needed == start:
                return [*way, start]
            if needed not in seen:
                seen.add(needed)
                ways.append([*way, needed])
    return []
