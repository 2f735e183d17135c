"""What needs what inside a plan; measures and components must not need each other.

There are two ways out of a circle. What was before the period is known when it begins,
so a rule of the whole period may read it: that is how a balance is carried. And what
was before a credit is known when that credit is taken, so rules over single credits
may read it of each other: that is how a cap is filled.
"""

from collections.abc import Collection, Iterable

from commissions.calculation.order import work_of
from commissions.calculation.program import PlanProgram
from commissions.formula import Formula
from commissions.plans.document import PlanProblem

_OUT = "Read “.before” instead: what was there before is known in time."


def circles(program: PlanProgram) -> list[PlanProblem]:
    """Return a problem for each circle of measures and components."""
    names = {part.name: f"measures.{part.name}" for part in program.measures}
    paths = {part.key: f"components.{part.key}" for part in program.components}
    return [
        PlanProblem(_place(words, {**paths, **names}), words, _OUT, code="plan")
        for words in work_of((program,)).circles
    ]


def reads(formulas: Iterable[Formula], names: Collection[str]) -> bool:
    """Say whether one of the formulas reads one of the names."""
    return any(name in formula.names for formula in formulas for name in names)


def _place(words: str, paths: dict[str, str]) -> str:
    """Return where the first that the sentence names stands in the plan."""
    for word in words.replace(".", " ").split():
        if word in paths:
            return paths[word]
    return ""
