"""What a declaration of a function says; everything about it follows from that."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum

from ..limits import LIMITS
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
    CHOICE = "one of its words, in quotes"
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
    Accepts.CHOICE: {Type.TEXT},
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
    choices: tuple[str, ...] = ()  # the words of a CHOICE

    @property
    def takes(self) -> str:
        """Return what may stand here, in words."""
        if not self.choices:
            return self.accepts.value
        return "one of " + ", ".join(f'"{word}"' for word in self.choices)


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


Reach = Callable[[Sequence[Decimal]], Decimal]


def no_further(parts: Sequence[Decimal]) -> Decimal:
    """The result is never larger than a value or a number of a table."""
    return max(LIMITS.largest, *parts)


def of_its_parts(parts: Sequence[Decimal]) -> Decimal:
    """The result is at most the largest of its values, rounded up."""
    return max(parts) + LIMITS.largest


def anywhere(parts: Sequence[Decimal]) -> Decimal:
    """The result may be of any size."""
    return Decimal("Infinity")


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
    reach: Reach = no_further
    cost: int = 1  # operations it may take at most
    divides: bool = False  # its result may have no last digit

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
    def gives(self) -> str:
        """Return the type of the result in words."""
        money, number = self.result(Type.MONEY), self.result(Type.NUMBER)
        if money is number:
            bare = ", which may stand for money" if money is Type.PLAIN else ""
            return f"{money.words}{bare}"
        if money is Type.MONEY and number is Type.PLAIN:
            return "money for money, else a number, which may stand for money"
        return "a value of the same type"

    @property
    def usage(self) -> str:
        """Return the function as it is written, such as round(amount, places)."""
        names = [place.name for place in self.places]
        if self.places[-1].repeats:
            names.append("…")
        return f"{self.name}({', '.join(names)})"
