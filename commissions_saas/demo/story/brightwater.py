"""Brightwater Heating & Air: Maya's November to the cent, and everybody's summer."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal
from random import Random

from commissions_saas.demo.story.facts import (
    Deal,
    Edit,
    Firm,
    Item,
    Person,
    Place,
    between,
    cents,
    months,
    seeded,
    working_day,
)
from commissions_saas.demo.story.names import residences

SLUG = "brightwater"
BUSINESS = "Brightwater"
PLACE = Place("America/Chicago")
SYSTEM, CARE, AIR = "System replacement", "Maintenance plan", "Air quality"
TERRITORIES = ("Austin North", "Austin South", "San Antonio")
PLAN = "comfort_advisor"
MAYA, THEO, PRIYA = "Maya Okafor", "Theo Brandt", "Priya Nair"
KENJI = "Kenji Ito"  # sells in Close, and nobody made him a payee
FIRST, LAST = date(2026, 6, 1), date(2026, 11, 23)
NOVEMBER = date(2026, 11, 1)

ADVISORS = [
    "Maya Okafor",
    "Theo Brandt",
    "Lena Fischer",
    "Carlos Medina",
    "Ruth Abernathy",
    "Omar Haddad",
    "Jill Stanton",
    "Dev Malhotra",
    "Paula Greer",
    "Nate Coleman",
    "Iris Yamada",
    "Hugo Pereira",
    "Beth Lindqvist",
]
TECHNICIANS = [
    "Wes Tatum",
    "Andre Boone",
    "Cody Ransom",
    "Luz Herrera",
    "Marvin Cobb",
    "Trent Oakley",
    "Jorge Pina",
    "Kelly Dunbar",
    "Ray Stubbs",
    "Tomas Vela",
    "Erik Sund",
    "Dale Hooper",
    "Nina Prado",
    "Gus Merritt",
    "Shawn Leavitt",
    "Pedro Luna",
    "Vic Romano",
    "Alma Reyna",
    "Burt Casey",
    "Darnell Wynn",
    "Hank Lowry",
    "Inez Salgado",
    "Joel Krause",
    "Kip Sanders",
    "Lorne Beck",
    "Mitch Farr",
    "Noel Dupree",
    "Opal Jennings",
]
NOTHING_SOLD = "Wes Tatum"  # his November statement is a zero
# 62 maintenance plans of November: Maya 5, and of the others 5 sell 3, 11 sell 2, 20 one.
CARE_SOLD = [3] * 5 + [2] * 11 + [1] * 20


def firm() -> Firm:
    """Return the business with everything that ever happens in it."""
    return Firm(
        slug=SLUG,
        name="Brightwater Heating & Air",
        currency="USD",
        zone=PLACE.zone,
        calendar="month",
        products=(SYSTEM, CARE, AIR),
        territories=TERRITORIES,
        people=tuple(_people()),
        items=(*_history(), *_mayas_november(), *_refused(), *_today()),
    )


def _people() -> Iterator[Person]:
    logins = {MAYA: "maya", THEO: "theo"}
    for number, name in enumerate(ADVISORS):
        yield Person(
            name=name,
            email=email_of(name),
            title="Comfort advisor",
            territory=TERRITORIES[number // 2 % 3],
            plans=(PLAN,),
            values={"quota": "90000"},
            login=logins.get(name, ""),
        )
    for number, name in enumerate(TECHNICIANS):
        yield Person(
            name=name,
            email=email_of(name),
            title="Technician",
            territory=TERRITORIES[number % 3],
            plans=(PLAN,),
            values={"quota": "5000"},
        )


def email_of(name: str) -> str:
    """Return a person's address at work."""
    return f"{name.lower().replace(' ', '.')}@brightwater.example"


class _Sales:
    """Writes the deals of everybody whose figures the story does not fix."""

    def __init__(self) -> None:
        self.customers = residences(seeded(SLUG, "customers"))
        self.number = 0

    def deal(
        self, random: Random, day: date, product: str, amount: Decimal, owner: str
    ) -> Iterator[Item]:
        self.number += 1
        key = f"{SLUG}-{self.number}"
        at = PLACE.moment(day, 8 + random.randrange(9), random.randrange(60))
        fee = cents(amount * Decimal("0.075")) if random.random() < 0.4 else None
        custom = {"Territory": territory_of(owner)}
        if product == SYSTEM:
            custom |= {"Dealer fee": str(fee)} if fee else {}
            paid_at = at + timedelta(days=random.randrange(0, 24), hours=2)
            quick = owner == MAYA or paid_at - at < timedelta(days=2)
            custom["Customer paid"] = "yes" if quick else "no"
            yield self._made(key, at, product, amount, owner, custom)
            if not quick and paid_at < PLACE.moment(LAST, 17):
                yield Edit(key, paid_at, {"Customer paid": "yes"})
            return
        yield self._made(key, at, product, amount, owner, custom)

    def _made(
        self,
        key: str,
        at: datetime,
        product: str,
        amount: Decimal,
        owner: str,
        custom: dict[str, str],
    ) -> Deal:
        customer = next(self.customers)
        return Deal(key, at, BUSINESS, customer, product, amount, owner, custom)


def territory_of(name: str) -> str:
    """Return where a person sells."""
    if name in ADVISORS:
        return TERRITORIES[ADVISORS.index(name) // 2 % 3]
    return TERRITORIES[TECHNICIANS.index(name) % 3]


def _history() -> Iterator[Item]:
    sales = _Sales()
    for first, end in months(FIRST, LAST):
        is_november = first == NOVEMBER
        random = seeded(SLUG, first)
        last = min(end, LAST)
        for owner in ADVISORS:
            if owner == MAYA and is_november:
                continue
            yield from _systems(sales, random, owner, first, last)
        yield from _small(sales, random, first, last, is_november)


def _systems(
    sales: _Sales, random: Random, owner: str, first: date, last: date
) -> Iterator[Item]:
    count = 3 + random.randrange(3)
    high = 32_000
    if first == NOVEMBER:
        count = 3 + random.randrange(2) if owner != THEO else 2
        high = 29_000
    if owner == MAYA:
        count, high = 3, 22_000
    for _ in range(count):
        day = working_day(random, first, last)
        amount = between(random, 12_400, high)
        yield from sales.deal(random, day, SYSTEM, amount, owner)


def _small(
    sales: _Sales, random: Random, first: date, last: date, is_november: bool
) -> Iterator[Item]:
    everybody = [*ADVISORS, *TECHNICIANS]
    if is_november:
        everybody.remove(MAYA)
        everybody.remove(NOTHING_SOLD)
    random.shuffle(everybody)
    counts = CARE_SOLD if is_november else [random.randrange(4) for _ in everybody]
    for owner, count in zip(everybody, counts, strict=False):
        for _ in range(count):
            day = working_day(random, first, last)
            yield from sales.deal(random, day, CARE, Decimal(240), owner)
    for owner in everybody if is_november else random.sample(everybody, 36):
        day = working_day(random, first, last)
        yield from sales.deal(random, day, AIR, between(random, 890, 2_490), owner)


def _mayas_november() -> Iterator[Item]:
    """The eleven deals of the story, the one that was cancelled, and three open ones."""
    yield _won("tran", date(2026, 9, 9), "Tran residence", SYSTEM, "10200")
    yield Edit("tran", PLACE.moment(date(2026, 11, 17), 11, 5), {"status": "Lost"})
    fee = {"Dealer fee": "1380.00"}
    yield _won("delgado", _nov(4), "Delgado residence", SYSTEM, "18400", fee)
    yield _won("whitcomb", _nov(9), "Whitcomb Dental", SYSTEM, "43750")
    waits = {"Dealer fee": "1123.50", "Customer paid": "no"}
    yield _won("pruitt", _nov(13), "Pruitt residence", SYSTEM, "14980", waits)
    yield _won(
        "sandoval",
        _nov(19),
        "Sandoval residence heat pump",
        SYSTEM,
        "21600",
        {"Split percent": "50"},
        split_with=THEO,
    )
    for number, day in enumerate((5, 11, 16, 20)):
        customer = (
            "Osei residence",
            "Ferrer residence",
            "Lund residence",
            "Ibarra residence",
        )
        yield _won(f"care-{day}", _nov(day), customer[number], CARE, "240")
    yield _won("ibarra", _nov(12), "Ibarra residence", AIR, "2450")
    yield _won("kessler", _nov(23), "Kessler residence", AIR, "890")
    yield _open("abbott", "Abbott Bakery", "36800", 60, date(2026, 12, 4))
    yield _open("nguyen", "Nguyen residence", "19250", 80, date(2026, 11, 27))
    yield _open("castellano", "Castellano residence", "12400", 30, date(2026, 12, 18))
    yield Deal(
        "hollis",
        PLACE.moment(_nov(6), 15, 20),
        BUSINESS,
        "Hollis residence",
        SYSTEM,
        Decimal(16900),
        MAYA,
        {"Territory": "Austin North"},
        status="Lost",
        confidence=0,
    )


def _refused() -> Iterator[Item]:
    """Two deals of a user who is no payee, and one that names no product."""
    for key, day, customer, amount in (
        ("ito-1", 10, "Bergstrom residence", "13900"),
        ("ito-2", 18, "Castle Hill Cafe", "9766.67"),
    ):
        yield _won(key, _nov(day), customer, SYSTEM, amount, owner=KENJI)
    yield _won("blank", _nov(17), "Quade residence", "", "7000", owner="Lena Fischer")


def _today() -> Iterator[Item]:
    today = date(2026, 11, 24)
    at = PLACE.moment(today, 9, 14)
    yield Edit("whitcomb", at, {"amount": "41250"}, by=PRIYA)
    yield Deal(
        "kessler-care",
        PLACE.moment(today, 10, 39),
        BUSINESS,
        "Kessler residence",
        CARE,
        Decimal(240),
        MAYA,
        {"Territory": "Austin North"},
    )


def _nov(day: int) -> date:
    return date(2026, 11, day)


def _won(
    key: str,
    day: date,
    customer: str,
    product: str,
    amount: str,
    custom: dict[str, str] | None = None,
    owner: str = MAYA,
    split_with: str = "",
) -> Deal:
    own = {"Territory": "Austin North"}
    if product == SYSTEM:
        own["Customer paid"] = "yes"
    at = PLACE.moment(day, 14, 2)
    own |= custom or {}
    worth = Decimal(amount)
    return Deal(
        key, at, BUSINESS, customer, product, worth, owner, own, split_with=split_with
    )


def _open(
    key: str, customer: str, amount: str, confidence: int, expected_on: date
) -> Deal:
    return Deal(
        key,
        PLACE.moment(_nov(18), 16, 30),
        BUSINESS,
        customer,
        SYSTEM,
        Decimal(amount),
        MAYA,
        {"Territory": "Austin North", "Customer paid": "yes"},
        status="Proposal",
        confidence=confidence,
        expected_on=expected_on,
    )
