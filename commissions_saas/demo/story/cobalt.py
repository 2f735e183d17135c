"""Cobalt Desk: software sold by the quarter, whose key to Close is refused today."""

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from random import Random

from commissions_saas.demo.story.facts import (
    Deal,
    Firm,
    Item,
    Meeting,
    Person,
    Place,
    between,
    months,
    seeded,
    working_day,
)
from commissions_saas.demo.story.names import companies

SLUG, BUSINESS, NAME = "cobalt", "Cobalt", "Cobalt Desk"
PLACE = Place("America/New_York")
SEATS, ONBOARDING = "Seats", "Onboarding"
TERRITORIES = ("East", "West", "UK")
SELLING, MEETING = "ae", "sdr"
FIRST, LAST = date(2026, 6, 1), date(2026, 11, 23)
QUOTA = Decimal(72_000)
# Deals and their size by month: quarters end with a push, summers are slow.
PUSH = {6: (2, 26_000), 7: (1, 44_000), 8: (1, 46_000), 9: (2, 30_000)}
USUAL = (1, 36_000)

SELLERS = [
    "Adaeze Obi",
    "Connor Walsh",
    "Maren Dahl",
    "Priyanka Rao",
    "Luca Ferri",
    "Tess Holloway",
    "Sanjay Mehta",
    "Fiona Blake",
]
NEWCOMER, DRAW = "Fiona Blake", Decimal(2_500)
CALLERS = ["Kofi Mensah", "Elena Petrova", "Marcus Tran", "Jade Whitmore"]


def firm() -> Firm:
    """Return the business with everything that ever happens in it."""
    return Firm(
        slug=SLUG,
        name=NAME,
        currency="USD",
        zone=PLACE.zone,
        calendar="month",
        products=(SEATS, ONBOARDING),
        territories=TERRITORIES,
        people=tuple(_people()),
        items=tuple(_items()),
    )


def _people() -> Iterator[Person]:
    for number, name in enumerate((*SELLERS, *CALLERS)):
        sells = name in SELLERS
        yield Person(
            name=name,
            email=email_of(name),
            title="Account executive" if sells else "Sales development",
            territory=TERRITORIES[number % 3],
            plans=(SELLING,) if sells else (MEETING,),
            values=_values(name) if sells else {},
        )


def _values(name: str) -> dict[str, str]:
    """Return a seller's quota; whoever is new has a draw as well."""
    values = {"quota": str(QUOTA)}
    return values | {"draw": str(DRAW)} if name == NEWCOMER else values


def email_of(name: str) -> str:
    """Return a person's address at work."""
    return f"{name.lower().replace(' ', '.')}@cobaltdesk.example"


def _items() -> Iterator[Item]:
    customers = companies(seeded(SLUG, "customers"))
    prospects = companies(seeded(SLUG, "prospects"))
    number = 0
    for first, end in months(FIRST, LAST):
        random = seeded(SLUG, first)
        last = min(end, LAST)
        for owner in SELLERS:
            for product, amount in _sold(random, first.month):
                number += 1
                day = working_day(random, first, last)
                yield _deal(
                    f"{SLUG}-{number}", day, next(customers), product, amount, owner
                )
        for owner in CALLERS:
            for _ in range(random.randrange(15, 21)):
                number += 1
                yield _meeting(random, number, first, last, next(prospects), owner)


def _sold(random: Random, month: int) -> Iterator[tuple[str, Decimal]]:
    count, high = PUSH.get(month, USUAL)
    for _ in range(count):
        yield SEATS, between(random, 12_000, high, 60)
    if random.random() < 0.4:
        yield ONBOARDING, between(random, 1_500, 6_000, 50)


def _deal(
    key: str, day: date, customer: str, product: str, amount: Decimal, owner: str
) -> Deal:
    at = PLACE.moment(day, 14, 30)
    custom = {"Territory": TERRITORIES[SELLERS.index(owner) % 3]}
    return Deal(key, at, BUSINESS, customer, product, amount, owner, custom)


def _meeting(
    random: Random, number: int, first: date, last: date, customer: str, owner: str
) -> Meeting:
    day = working_day(random, first, last)
    at = PLACE.moment(day, 9) + timedelta(minutes=15 * random.randrange(28))
    held = random.choices(("completed", "no-show", "canceled"), (8, 1, 1))[0]
    return Meeting(f"{SLUG}-meeting-{number}", at, customer, owner, held)
