"""One statement as the batch path worked it out, and what of it is to be written."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, NamedTuple

from commissions.calculation.batch import Reckoned
from commissions.calculation.facts import PayeeInputs, StatementDraft
from commissions.statements import writing
from commissions.statements.inputs import Key
from commissions.statements.models import Statement


class Cell(NamedTuple):
    """What the roll-up adds up by."""

    payee_id: int
    period: str
    product: str
    territory: str
    component: str
    currency: str


@dataclass(slots=True)
class Worked:
    """One statement as the batch worked it out, and what of it is to be written."""

    row: Statement
    frame: PayeeInputs
    reckoned: Reckoned
    closed: list[tuple[str, int]] = field(default_factory=list)
    opened: list[str] = field(default_factory=list)
    before: Mapping[str, Decimal] = field(default_factory=dict)
    measures: dict[str, Decimal | None] = field(default_factory=dict)
    count: int = 0
    stale: list[Cell] | None = None  # its cells that are replaced; None: all of them

    @property
    def key(self) -> Key:
        """Return whose statement it is, and of when."""
        return self.row.payee_id, self.frame.period

    @property
    def is_on_its_basis(self) -> bool:
        """Say whether the statement tells truly on what its lines rest."""
        kept = self.row.basis or {}
        starts = {key: str(start) for key, start in self.reckoned.starts.items()}
        return kept.get("by") == writing.EVALUATOR and kept.get("starts") == starts

    def basis(self, fence: int) -> dict[str, Any]:
        """Return on what the lines rest: where each measure stood before the period."""
        starts = {key: str(start) for key, start in self.reckoned.starts.items()}
        return {"at": fence, "by": writing.EVALUATOR, "starts": starts}

    @property
    def draft(self) -> StatementDraft:
        """Return the statement without its lines, as those who add up read it."""
        return StatementDraft(
            lines=(),
            measures=self.reckoned.measures,
            failures=(),
            totals=tuple(self.reckoned.totals),
        )
