"""One link of the frame."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Link:
    """Where it leads, what it says, and whether the reader is there."""

    text: str
    url: str
    here: bool = False
    count: int = 0
    note: str = ""
    shortcut: bool = False
