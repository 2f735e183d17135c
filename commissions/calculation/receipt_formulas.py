"""What a formula read and gave, in sentences: the words of its own explanation."""

import re
from collections.abc import Collection, Iterable, Mapping
from decimal import Decimal

from commissions.calculation.receipt import Sentence
from commissions.formula import EvaluationError, Formula, Outcome, Step, Type

_PERCENT = re.compile(r"(?<=\d)%")
_MINUS = re.compile(r"(?<![\w)])-(?=\d)")

Values = Mapping[str, object]


def outcome_of(formula: Formula, values: Values) -> Outcome | None:
    """Return how a formula came out, or nothing where it failed."""
    try:
        return formula.explain(values)
    except EvaluationError:
        return None


def readings(
    formula: Formula, values: Values, told: Collection[str]
) -> Iterable[Sentence]:
    """Say what each name was that a formula reads, apart from those told elsewhere."""
    outcome = outcome_of(formula, values)
    seen = set(told)
    for step in leaves(outcome.root) if outcome else ():
        if step.phrases and step.value is not None and step.text not in seen:
            seen.add(step.text)
            value = step.value if isinstance(step.value, Decimal) else None
            yield Sentence(spaced(step.phrases[0]), value)


def phrases(formula: Formula, values: Values) -> list[Sentence]:
    """Say what each operation and function of a formula gave."""
    outcome = outcome_of(formula, values)
    found = []
    for step in outcome.steps if outcome else ():
        value = step.value if isinstance(step.value, Decimal) else None
        if step.text.startswith("or_else("):
            field = step.children[0]
            if field.value is None:
                words = f"{field.text} is empty, so {step.shown} counts"
                found.append(Sentence(spaced(words), value))
        elif step.children:
            found += [Sentence(spaced(words), value) for words in step.phrases]
    return found


def condition(formula: Formula, values: Values, words: str) -> Sentence:
    """Say that a condition holds, and what it read."""
    outcome = outcome_of(formula, values)
    read = dict.fromkeys(
        f"{step.text} is {spaced(step.shown)}"
        for step in (leaves(outcome.root) if outcome else ())
        if step.text in formula.names and step.kind is not Type.TABLE
    )
    said = f"{words} {formula.text}"
    return Sentence(f"{said}: {', '.join(read)}." if read else f"{said}.")


def leaves(step: Step) -> Iterable[Step]:
    """Return the parts of a formula that have no parts of their own."""
    if not step.children:
        yield step
    for child in step.children:
        yield from leaves(child)


def spaced(words: str) -> str:
    """Write 6% as 6 % and -1 as −1, as the pages do."""
    return _MINUS.sub("−", _PERCENT.sub(" %", words))
