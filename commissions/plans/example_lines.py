"""Looks up what an example asks for: amounts of lines, by whatever it names."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from commissions.calculation.facts import LineDraft
from commissions.plans.example_timeline import Reckoned
from commissions.plans.table_form import read_number
from commissions_saas.lib.errors import ProductError
from commissions_saas.lib.money import places

ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Scope:
    """Some statements of an example: of a payee or of all, in a period or in all."""

    payee: str
    period: str
    statements: tuple[Reckoned, ...]
    deductions: frozenset[str] = frozenset()  # components that take off

    @property
    def lines(self) -> list[LineDraft]:
        """Return every line of the statements."""
        return [line for done in self.statements for line in done.draft.lines]

    def deducts(self, line: LineDraft) -> bool:
        """Say whether a line takes off what was earned, or gives that back."""
        return line.kind == "deduction" or line.component in self.deductions

    @property
    def last(self) -> Reckoned:
        """Return the latest statement: the one in which a balance is read."""
        return self.statements[-1]


def amounts(lines: Iterable[LineDraft]) -> Decimal:
    """Return the sum of the lines."""
    return sum((line.amount for line in lines), ZERO)


def total_of(scope: Scope, what: str) -> Decimal:
    """Return one of the figures that a statement has as a whole."""
    lines = scope.lines
    if what in ("total", "net"):
        return amounts(lines)
    if what == "gross":
        return amounts(line for line in lines if not scope.deducts(line))
    if what == "deductions":
        return amounts(line for line in lines if scope.deducts(line))
    if what == "clawbacks":
        return amounts(line for line in lines if line.kind == "clawback")
    if what == "adjustments":
        return amounts(line for line in lines if line.key.adjustment_id)
    if what == "waiting":
        return amounts(line for line in lines if line.waiting_for)
    released = amounts(line for done in scope.statements for line in done.released)
    if what == "released":
        return released
    return amounts(line for line in lines if not line.waiting_for) + released


def figure_of(lines: Sequence[LineDraft], what: str, wanted: str) -> Decimal:
    """Return the base, the rate that results, or the amount of some lines.

    A rate is rounded to as many places as the example writes.
    """
    if what == "amount":
        return amounts(lines)
    if what == "waiting":
        return amounts(line for line in lines if line.waiting_for)
    if lines and all(line.base is None for line in lines):
        words = f"The component “{lines[0].component}” shows no base."
        raise ProductError(words, hint="Give it one, like base: deal.amount.")
    base = sum((line.base for line in lines if line.base is not None), ZERO)
    if what == "base":
        return base
    if not base:
        raise ProductError("There is no base, so no rate results.")
    expected = read_number(wanted)
    return (amounts(lines) / base).quantize(expected, rounding=ROUND_HALF_UP)


def shown(amount: Decimal, currency: str) -> str:
    """Write an amount with at least the currency's places, and no digit lost."""
    exponent = amount.normalize().as_tuple().exponent
    given = -exponent if isinstance(exponent, int) and exponent < 0 else 0
    return f"{amount:.{max(places(currency), given)}f}"
