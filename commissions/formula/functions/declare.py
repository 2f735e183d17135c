"""What a declaration of a function says; everything about it follows from that."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum

from ..types import AMOUNTS, COUNTS, Type


class Accepts(Enum):
    """What may stand in a place of a function."""

    AMOUNT = "money or a number"
    COUNT = "a number"
    WHOLE = "a whole number written out"
    ORDERED = "money, a number or a date"
    KEY = "text or a number"
    TEXT = "text"
    DATE = "a date"
    TABLE = "a rate table"
    FIELD = "the name of a field"
    ANY = "a value"

    def takes(self, given: Type) -> bool:
        """Say whether a value of this type may stand here."""
        return given in _TAKEN[self]


_TAKEN = {
    Accepts.AMOUNT: AMOUNTS,
    Accepts.COUNT: COUNTS,
    Accepts.WHOLE: COUNTS,
    Accepts.ORDERED: AMOUNTS | {Type.DATE},
    Accepts.KEY: COUNTS | {Type.TEXT},
    Accepts.TEXT: {Type.TEXT},
    Accepts.DATE: {Type.DATE},
    Accepts.TABLE: {Type.TABLE},
    Accepts.FIELD: set(Type) - {Type.TABLE},
    Accepts.ANY: set(Type) - {Type.TABLE},
}


@dataclass(frozen=True)
class Place:
    """One place of a function: its name and what may stand there."""

    name: str
    accepts: Accepts
    alike: bool = False  # all such places must be of one type
    optional: bool = False
    repeats: bool = False  # only the last place


Values = Sequence[object]
Phrases = Callable[[Values, Type], tuple[str, ...]]


def same(common: Type) -> Type:
    """The result is of the type that the alike places share."""
    return common


def earned(common: Type) -> Type:
    """The result is money for money, else a number that may stand for money."""
    return Type.MONEY if common is Type.MONEY else Type.PLAIN


def always(kind: Type) -> Callable[[Type], Type]:
    """The result is of one type, whatever is given."""
    return lambda common: kind


@dataclass(frozen=True)
class Function:
    """A function of the language: types, one sentence, examples, implementation."""

    name: str
    places: tuple[Place, ...]
    result: Callable[[Type], Type]
    summary: str
    examples: tuple[tuple[str, str], ...]
    run: Callable[..., object]
    phrases: Phrases | None = None

    @property
    def least(self) -> int:
        """Return how many values the function needs."""
        return sum(not place.optional for place in self.places)

    @property
    def most(self) -> int | None:
        """Return how many values the function takes; None is any number."""
        return None if self.places[-1].repeats else len(self.places)

    def place(self, at: int) -> Place:
        """Return the place of a value by its order."""
        return self.places[min(at, len(self.places) - 1)]

    @property
    def usage(self) -> str:
        """Return the function as it is written, such as round(amount, places)."""
        names = [place.name for place in self.places]
        if self.places[-1].repeats:
            names.append("…")
        return f"{self.name}({', '.join(names)})"
