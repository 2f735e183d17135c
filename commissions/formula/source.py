"""Where something stands in a formula's text, and the picture that shows it."""

from dataclasses import dataclass

PICTURE_WIDTH = 100
BEFORE_THE_FAULT = 60


@dataclass(frozen=True)
class Span:
    """A part of the text, in characters from its beginning; `end` is not included."""

    start: int
    end: int


def position(text: str, offset: int) -> tuple[int, int]:
    """Return the line and the column of a character, both counted from one."""
    before = text[:offset]
    line = before.count("\n") + 1
    return line, offset - (before.rfind("\n") + 1) + 1


def clipped(text: str, length: int = 40) -> str:
    """Return text short enough to stand in a message, on one line."""
    # Nothing of a megabyte is looked at but its beginning.
    start = text[:1_000]
    flat = "".join(sign if sign.isprintable() else " " for sign in start).strip()
    return flat if len(flat) <= length else flat[: length - 1] + "…"


def quoted(part: str) -> str:
    """Return a part of the formula as it stands in a sentence."""
    shown = clipped(part)
    return shown if shown[:1] in ('"', "'") else f'"{shown}"'


def picture(text: str, line: int, column: int, end_column: int) -> str:
    """Return the faulty line with carets under the fault, cut to a readable width."""
    lines = text[:20_000].split("\n")
    shown = lines[line - 1] if line <= len(lines) else ""
    shown = "".join(sign if sign.isprintable() else " " for sign in shown)
    start = column - 1
    width = max(1, min(end_column, len(shown) + 1) - column)
    cut = max(0, start - BEFORE_THE_FAULT)
    head, tail = "…" if cut else "", ""
    if len(shown) - cut > PICTURE_WIDTH:
        tail = "…"
    visible = head + shown[cut : cut + PICTURE_WIDTH] + tail
    indent = len(head) + start - cut
    width = max(1, min(width, len(visible) - indent))
    return f"{visible}\n{' ' * indent}{'^' * width}"
