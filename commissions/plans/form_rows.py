"""Parts of a plan as a guided form reads them: names, rows, lines of text."""

import csv
import io
from collections.abc import Mapping, Sequence

from commissions.plans.document import Raw


def rows_text(rows: Sequence[Mapping[str, str]], columns: Sequence[str]) -> str:
    """Write rows under a line with the names of their columns."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([row.get(name, "") for name in columns] for row in rows)
    return text.getvalue()


def rows_from(text: str, usual: Sequence[str]) -> list[dict[str, str]] | str:
    """Read such lines; without names the columns are the `usual`.

    A line that has more cells than there are names leaves the text as it was typed.
    """
    lines = list(csv.reader(io.StringIO(text.replace("\r\n", "\n"), newline="")))
    found = [[cell.strip() for cell in line] for line in lines if any(line)]
    if not found:
        return text.strip()
    names = found.pop(0)
    if names[0][:1].isdigit():
        found.insert(0, names)
        names = list(usual)
    if not found or any(len(line) > len(names) for line in found) or not all(names):
        return text.strip()
    return [
        {name: cell for name, cell in zip(names, line, strict=False) if cell}
        for line in found
    ]


def columns_of(rows: Sequence[Mapping[str, str]]) -> list[str]:
    """Return every column that some row has, in the order in which they come."""
    return list(dict.fromkeys(name for row in rows for name in row))


def flat_rows(given: Raw | None) -> list[dict[str, str]] | None:
    """Return rows whose every cell is a plain text; nothing where one says more."""
    if not isinstance(given, Sequence) or isinstance(given, str):
        return None
    rows = [flat(row) for row in given]
    return None if None in rows else [row for row in rows if row is not None]


def flat(given: Raw | None) -> dict[str, str] | None:
    """Return names with plain texts; nothing where one of them says more."""
    if not isinstance(given, Mapping):
        return None
    found = {
        name: text
        for name, text in given.items()
        if isinstance(text, str) and text and text == text.strip()
    }
    return found if len(found) == len(given) else None


def mapping(value: Raw | None) -> Mapping[str, Raw]:
    """Return names with what they hold; none of what is something else."""
    return value if isinstance(value, Mapping) else {}


def mappings(value: Raw | None) -> list[Mapping[str, Raw]]:
    """Return the parts of a list that have names; none of what is something else."""
    if isinstance(value, str) or value is None or isinstance(value, Mapping):
        return []
    return [part for part in value if isinstance(part, Mapping)]


def pairs_text(values: Mapping[str, str]) -> str:
    """Write values in a line: `quota 90000, ramp 50%`."""
    return ", ".join(f"{name} {text}" for name, text in values.items())


def pairs_from(text: str) -> dict[str, str]:
    """Read such a line; a colon or an equals sign may stand between."""
    found = {}
    for part in filter(None, map(str.strip, text.split(","))):
        name, _, value = part.replace(":", " ", 1).replace("=", " ", 1).partition(" ")
        found[name] = value.strip()
    return found
