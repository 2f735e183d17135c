"""What a formula reads: names with their values, and why some cannot be read."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from commissions.calculation.facts import AssignmentFact, RateFact
from commissions.calculation.names import HELD_AS, TYPE_WORDS
from commissions.calculation.program import FieldRead
from commissions.formula import EvaluationError, Formula, Quotient, Table, plain
from crm_sync.ledger.facts import EntryFact, Value

Readable = Value | Table | Quotient | None


class CannotReckon(Exception):
    """A line or a measure cannot be worked out; the text says why, for a person."""


@dataclass(frozen=True, slots=True)
class Conversion:
    """An amount of an entry that was turned into the plan's currency."""

    name: str
    original: Decimal
    currency: str
    rate: RateFact
    converted: Decimal
    on: date


@dataclass(slots=True)
class Scope:
    """The names that a formula may read, and why some of them cannot be read."""

    values: dict[str, Readable]
    problems: dict[str, str]
    assignment: AssignmentFact
    day: date


@dataclass(slots=True)
class Credited(Scope):
    """One entry that is credited to the payee in one role, in the plan's order.

    `day` is the day as of which it is paid: the entry's own, or for a payment that
    repeats the last one of the pay period; `nth` then counts from one. `line_role`
    tells levels apart, where `role` does not. With a `problem` it cannot be paid.
    """

    entry: EntryFact
    role: str
    share: Decimal
    line_role: str
    level: int = 0
    through: int = 0
    nth: int = 0
    problem: str = ""
    conversions: tuple[Conversion, ...] = ()


def evaluate(formula: Formula, scope: Scope) -> object:
    """Evaluate a formula, or say which of its names cannot be read."""
    return plain(uncut(formula, scope))


def uncut(formula: Formula, scope: Scope) -> object:
    """Evaluate a formula for another to read, which then loses no digit of it."""
    if scope.problems:
        _require_readable(formula, scope)
    try:
        return formula.uncut(scope.values)
    except EvaluationError as problem:
        raise CannotReckon(str(problem)) from problem


def number(formula: Formula, scope: Scope) -> Decimal:
    """Evaluate a formula that was checked to give an amount or a number."""
    return as_number(formula, evaluate(formula, scope))


def as_number(formula: Formula, answer: object) -> Decimal:
    """Return what a formula gave as a number, or say that it gave none."""
    answer = plain(answer)
    if not isinstance(answer, Decimal):
        raise CannotReckon(f"“{formula.text}” does not give a number.")
    return answer


def _require_readable(formula: Formula, scope: Scope) -> None:
    for name in sorted(formula.names):
        if name in scope.problems:
            raise CannotReckon(scope.problems[name])


def foreign_words(fact: AssignmentFact, currency: str) -> str:
    """Say why a plan in another currency than the statement pays nothing, or ""."""
    other = fact.program.currency
    if other == currency:
        return ""
    return (
        f"The plan pays in {other}, and the statement is in {currency}: amounts of two"
        f" currencies are never added. Publish the plan with “currency: {currency}”."
    )


def of_entry(unit: Credited, words: str) -> str:
    """Name the entry in what is wrong with it, where it is not named yet."""
    return words if unit.entry.name in words else f"{unit.entry.name}: {words}"


def holds(formula: Formula | None, scope: Scope) -> bool:
    """Say whether a condition holds; one that is not written always does."""
    return formula is None or evaluate(formula, scope) is True


def checked(read: FieldRead, value: Value | None, owner: str) -> Value | None:
    """Return a value of the type that the plan was checked with, or say whose is not.

    The language knows empty fields: text reads as empty, a yes/no as no, and an amount
    fails the line unless the formula says what counts instead.
    """
    if value is None or value == "":
        return None
    if type(value) is not HELD_AS[read.type]:
        wanted = TYPE_WORDS[read.type]
        words = f"{read.name} should be {wanted}, but {owner} has “{value}”."
        if type(value) is str:
            words += f" The field is text now: make it {wanted} again where it is"
            words += " mapped, or publish a version of the plan that reads text."
        raise CannotReckon(words)
    return value
