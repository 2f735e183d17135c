"""What two calculations of one statement differ in, and which of it is a knock-on."""

from collections.abc import Collection
from dataclasses import dataclass
from decimal import Decimal

from commissions.calculation.facts import LineDraft, LineKey, StatementDraft
from commissions.calculation.words import shown


@dataclass(frozen=True, slots=True)
class LineDifference:
    """One line that is not the same; zero stands for a line that is not there.

    `knock_on` says that another entry than the line's own was changed, and `because`
    then names the measures that moved.
    """

    key: LineKey
    before: Decimal
    after: Decimal
    line_before: LineDraft | None
    line_after: LineDraft | None
    knock_on: bool
    because: str = ""

    @property
    def effect(self) -> Decimal:
        """Return by how much the line moved the statement."""
        return self.after - self.before


@dataclass(frozen=True, slots=True)
class MeasureDifference:
    """A measure whose window's total is not the same."""

    key: str
    name: str
    before: Decimal
    after: Decimal


def compare(
    before: StatementDraft,
    after: StatementDraft,
    changed_entries: Collection[int] = (),
) -> list[LineDifference]:
    """Return the lines that differ; their effects add up to the totals' difference.

    `changed_entries` names the entries whose change is being looked at. None of them
    given, nothing is a knock-on: a new plan or rate changes every line directly.
    """
    old = {line.key: line for line in before.lines}
    new = {line.key: line for line in after.lines}
    because = _words(compare_measures(before, after), after)
    found = []
    for key in dict.fromkeys((*old, *new)):
        line_before, line_after = old.get(key), new.get(key)
        if _same(line_before, line_after):
            continue
        knock_on = bool(changed_entries) and key.entry_id not in changed_entries
        found.append(
            LineDifference(
                key=key,
                before=line_before.amount if line_before else Decimal(0),
                after=line_after.amount if line_after else Decimal(0),
                line_before=line_before,
                line_after=line_after,
                knock_on=knock_on,
                because=because if knock_on else "",
            )
        )
    return found


def compare_measures(
    before: StatementDraft, after: StatementDraft
) -> list[MeasureDifference]:
    """Return the measures whose totals differ."""
    old = {measure.key: measure.total for measure in before.totals}
    found = []
    for measure in after.totals:
        was = old.get(measure.key, Decimal(0))
        if was != measure.total:
            found.append(
                MeasureDifference(measure.key, measure.name, was, measure.total)
            )
    return found


def _same(one: LineDraft | None, other: LineDraft | None) -> bool:
    if one is None or other is None:
        return one is other
    return (one.amount, one.base, one.waiting_for, one.failed) == (
        other.amount,
        other.base,
        other.waiting_for,
        other.failed,
    )


def _words(moved: list[MeasureDifference], after: StatementDraft) -> str:
    currency = after.lines[0].currency if after.lines else ""
    parts = []
    for measure in moved:
        by = measure.after - measure.before
        verb = "rose" if by > 0 else "fell"
        parts.append(f"{measure.name} {verb} by {shown(abs(by), currency)}")
    return " and ".join(parts)
