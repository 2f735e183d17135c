"""What a story is made of: frozen values that know neither Django nor the stand-in."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from random import Random
from zoneinfo import ZoneInfo

NONE: Mapping[str, str] = {}


@dataclass(frozen=True, slots=True)
class Person:
    """A payee: where they sell, whom they report to, and which plans pay them."""

    name: str
    email: str
    title: str
    territory: str = ""
    manager: str = ""
    plans: tuple[str, ...] = ()
    values: Mapping[str, str] = field(default_factory=dict)
    leaves_on: date | None = None
    login: str = ""  # the key of the member who is this payee


@dataclass(frozen=True, slots=True)
class Deal:
    """A deal that appears in the source, won unless a status is named."""

    key: str
    at: datetime
    business: str
    customer: str
    product: str
    amount: Decimal
    owner: str
    custom: Mapping[str, str] = field(default_factory=dict)
    split_with: str = ""
    status: str = "Won"
    confidence: int = 100
    expected_on: date | None = None


@dataclass(frozen=True, slots=True)
class Edit:
    """What somebody changes in a deal; `changes` are by label, `amount` and `status`."""

    key: str
    at: datetime
    changes: Mapping[str, str]
    by: str = ""


@dataclass(frozen=True, slots=True)
class Meeting:
    """A meeting as a calendar brings it."""

    key: str
    at: datetime
    customer: str
    owner: str
    status: str


Item = Deal | Edit | Meeting


@dataclass(frozen=True, slots=True)
class Firm:
    """One business of the demo as it is set up on its first day."""

    slug: str
    name: str
    currency: str
    zone: str
    calendar: str
    products: tuple[str, ...]
    territories: tuple[str, ...]
    people: tuple[Person, ...]
    items: tuple[Item, ...]


@dataclass(frozen=True, slots=True)
class Place:
    """A business's clock."""

    zone: str

    def moment(self, day: date, hour: int = 12, minute: int = 0) -> datetime:
        """Return a moment of a day as the clock on the wall there shows it."""
        return datetime.combine(day, time(hour, minute), ZoneInfo(self.zone))


def seeded(*words: object) -> Random:
    """Return chance that is the same for the same words, on every machine."""
    return Random("|".join(map(str, words)))  # noqa: S311 (a story, not a secret)


def cents(amount: float | int | str | Decimal) -> Decimal:
    """Return an amount to the cent."""
    return Decimal(str(amount)).quantize(Decimal("0.01"))


def between(random: Random, low: int, high: int, step: int = 10) -> Decimal:
    """Return an amount between two others, as price lists have them."""
    return Decimal(random.randrange(low, high + 1, step))


def months(first: date, last: date) -> Iterable[tuple[date, date]]:
    """Yield the first and last day of each month of a span."""
    day = first.replace(day=1)
    while day <= last:
        following = (day + timedelta(days=32)).replace(day=1)
        yield day, following - timedelta(days=1)
        day = following


def working_day(random: Random, first: date, last: date) -> date:
    """Return a day of a span; a weekend becomes the Friday before, if that is in it."""
    day = first + timedelta(days=random.randrange((last - first).days + 1))
    friday = day - timedelta(days=max(0, day.weekday() - 4))
    return max(first, friday)
