"""A row of the answer: what was measured, beside the goal."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from statistics import median
from typing import Any


@dataclass(frozen=True, slots=True)
class Row:
    """One goal and one figure; `is_met` is None where it could not be measured."""

    what: str
    goal: str
    measured: str
    value: float | None
    is_met: bool | None
    note: str = ""

    def as_json(self) -> dict[str, Any]:
        """Return the row for machines."""
        found = asdict(self)
        found["met"] = found.pop("is_met")
        return found


def at_most(
    what: str, most: float, values: Iterable[float], unit: str, note: str = ""
) -> Row:
    """Return a row whose median may not be more than the goal."""
    found = list(values)
    if not found:
        return Row(what, f"≤ {most:g} {unit}".strip(), "not measured", None, None, note)
    middle = median(found)
    spread = f" ({min(found):.3g}–{max(found):.3g})" if len(found) > 1 else ""
    return Row(
        what,
        f"≤ {most:g} {unit}".strip(),
        f"{middle:.3g} {unit}".strip() + spread,
        middle,
        middle <= most,
        note,
    )


def at_least(what: str, least: float, value: float, unit: str, note: str = "") -> Row:
    """Return a row whose value may not be less than the goal."""
    goal, shown = f"≥ {least:g} {unit}".strip(), f"{value:.3g} {unit}".strip()
    return Row(what, goal, shown, value, value >= least, note)


def table(rows: Iterable[Row]) -> str:
    """Return the rows as people read them."""
    words = {True: "yes", False: "NO", None: "–"}
    cells = [("what", "goal", "measured", "met")]
    cells += [(row.what, row.goal, row.measured, words[row.is_met]) for row in rows]
    widths = [max(len(cell[at]) for cell in cells) for at in range(4)]
    lines = [
        "  ".join(text.ljust(width) for text, width in zip(cell, widths, strict=True))
        for cell in cells
    ]
    return "\n".join([lines[0], "-" * len(lines[0]), *lines[1:]])
