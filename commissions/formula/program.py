"""A formula that was checked and compiled: no inputs inside, so it may be shared."""

import decimal
from ast import expr
from collections.abc import Mapping
from dataclasses import dataclass, field

from .checker import Checked
from .compiled import Run, compile_tree
from .digits import CONTEXT
from .explained import Outcome, explain_tree
from .inputs import first_use
from .quotient import plain
from .source import Span
from .types import Type


class EvaluatorsDisagree(Exception):
    """The two ways to work a formula out differ: our fault, never the customer's."""


@dataclass(frozen=True, eq=False)
class Formula:
    """Values in, value out; `explain` gives the same value with its steps."""

    text: str
    result: Type
    names: frozenset[str]
    _tree: expr = field(repr=False)
    _checked: Checked = field(repr=False)
    _run: Run = field(repr=False)

    def evaluate(self, values: Mapping[str, object]) -> object:
        """Return the result for these values; inputs that are missing are blank."""
        return plain(self.uncut(values))

    def uncut(self, values: Mapping[str, object]) -> object:
        """Return the result; one that has no last digit as a quotient.

        Another formula may read it, as a component's amount reads its base.
        """
        before = decimal.getcontext()
        if before is CONTEXT:
            return self._evaluate(values)
        decimal.setcontext(CONTEXT)
        try:
            return self._evaluate(values)
        finally:
            decimal.setcontext(before)

    def _evaluate(self, values: Mapping[str, object]) -> object:
        try:
            return self._run(values.get)
        except Exception as fault:
            # The batch path only knows that something failed; this one says what.
            self.explain(values)
            raise EvaluatorsDisagree(self.text) from fault

    def place_of(self, name: str) -> Span:
        """Return where an input that the formula uses stands first."""
        return first_use(self._tree, name)

    def explain(self, values: Mapping[str, object]) -> Outcome:
        """Return the result with every step that led to it."""
        return explain_tree(self._tree, self._checked, self.text, values)


def build(text: str, tree: expr, checked: Checked) -> Formula:
    """Return the formula of a tree that was checked without problems."""
    run = compile_tree(tree, checked)
    names = frozenset(checked.names)
    return Formula(text, checked.types[tree], names, tree, checked, run)
