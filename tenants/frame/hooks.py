"""How a higher room tells the frame something without the frame knowing the room.

An app offers a function in its `AppConfig.ready`; the frame asks for the answer while it
draws a page, and only then. Names: `bell_count` (a number), `as_of` (an `AsOf`),
`nav.<key>` (the number beside that item of the navigation), `link.<key>` (where the item
leads, when its page needs more than the business, such as the period of today).
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.http import HttpRequest

_offers: dict[str, Callable[[HttpRequest], Any]] = {}


@dataclass(frozen=True, slots=True)
class AsOfPart:
    """One fact about freshness, with the page that tells more."""

    text: str
    url: str = ""
    stale: bool = False


@dataclass(frozen=True, slots=True)
class AsOf:
    """How fresh the figures of a page are."""

    at: datetime
    parts: list[AsOfPart] = field(default_factory=list)
    url: str = ""

    @property
    def stale(self) -> bool:
        return any(part.stale for part in self.parts)


def offer(name: str, answer: Callable[[HttpRequest], Any]) -> None:
    """Answer the frame's question `name` from now on; the last offer stands."""
    _offers[name] = answer


def ask(name: str, request: HttpRequest) -> Any:
    """Return the answer to `name`, or None where nobody offers one."""
    answer = _offers.get(name)
    return answer(request) if answer else None
