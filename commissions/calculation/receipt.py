"""What a receipt is made of: numbered steps of sentences, and the formulas laid flat."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from commissions.calculation.facts import LineDraft, LineKey
from commissions.formula import Step, Type
from commissions_saas.lib.errors import ProductError

StepKind = Literal[
    "counted",
    "plan",
    "steps",
    "base",
    "rate",
    "limits",
    "kept",
    "gate",
    "result",
    "adjustment",
    "failed",
]


class NoSuchLine(ProductError):
    """The calculation gives no line with this key any more."""

    def __init__(self, key: LineKey) -> None:
        super().__init__(
            "This line is not worked out any more.",
            hint="The record, the plan or the assignment behind it has changed since.",
        )
        self.key = key


@dataclass(frozen=True, slots=True)
class Sentence:
    """Words that stand alone, the figure in them, and the entry that they are about."""

    text: str
    value: Decimal | None = None
    entry_id: int = 0


@dataclass(frozen=True, slots=True)
class ReceiptStep:
    """One numbered step; `entries` lists the deals that a running total came from."""

    kind: StepKind
    title: str
    sentences: tuple[Sentence, ...]
    entries: tuple[Sentence, ...] = ()


@dataclass(frozen=True, slots=True)
class FormulaRow:
    """One part of a formula and its value; `depth` says how far it is nested."""

    text: str
    value: str
    depth: int
    words: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FormulaTrace:
    """One formula of a component as it was evaluated for the line."""

    part: str
    text: str
    value: str
    rows: tuple[FormulaRow, ...]


@dataclass(frozen=True, slots=True)
class Receipt:
    """How one line came to its amount."""

    line: LineDraft
    steps: tuple[ReceiptStep, ...]
    formulas: tuple[FormulaTrace, ...] = ()
    values: Mapping[str, str] | None = None

    @property
    def text(self) -> str:
        """Return the receipt as plain text, one sentence a line."""
        lines = []
        for number, step in enumerate(self.steps, start=1):
            lines.append(f"{number}. {step.title}")
            lines += [f"   {sentence.text}" for sentence in step.sentences]
            lines += [f"   – {sentence.text}" for sentence in step.entries]
        return "\n".join(lines)


def rows_of(step: Step, depth: int = 0) -> tuple[FormulaRow, ...]:
    """Lay a formula's steps flat: each part, then the parts that it needed."""
    value = "a rate table" if step.kind is Type.TABLE else step.shown
    row = FormulaRow(step.text, value, depth, step.phrases)
    below = [found for child in step.children for found in rows_of(child, depth + 1)]
    return (row, *below)
