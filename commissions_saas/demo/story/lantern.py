"""Lantern Insurance Brokers: policies by file, in Canadian dollars, one payment returned."""

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from random import Random

from commissions_saas.demo.story.facts import (
    Firm,
    Person,
    Place,
    between,
    cents,
    months,
    seeded,
    working_day,
)
from commissions_saas.demo.story.names import companies, residences

SLUG = "lantern"
PLACE = Place("America/Toronto")
COMMERCIAL, HOME, AUTO = "Commercial", "Home", "Auto"
TERRITORIES = ("Toronto", "Montréal")
PLAN = "broker"
FIRST, LAST = date(2026, 6, 1), date(2026, 11, 20)
NOAH, NOAHS_OCTOBER = "Noah Tremblay", Decimal("2318.40")
RATES = ("0.7310", "0.7284", "0.7262", "0.7240", "0.7198", "0.7180")
MONTHS_EURO = "1.1583"
EUROS_ARE, EUROS_FROM = "1.6132", "Bank of Canada"
NEW, TRAIL = Decimal("0.35"), Decimal("0.12")

BROKERS = [
    "Noah Tremblay",
    "Élodie Gagné",
    "Priscilla Chan",
    "Graham Osei",
    "Sophie Lavoie",
    "Arjun Bains",
    "Margaret Doyle",
    "Étienne Roy",
    "Tara Whitfield",
]
COLUMNS = [
    "id",
    "name",
    "amount",
    "currency",
    "won_on",
    "lost_on",
    "status_type",
    "owner",
    "product",
    "territory",
    "brokerage_income",
    "kind",
]
MONEY, DAYS = ("amount", "brokerage_income"), ("won_on", "lost_on")
MAPPING = {
    column: {
        "source": column,
        "type": "money" if column in MONEY else "date" if column in DAYS else "text",
        "required": column in ("product", "brokerage_income"),
    }
    for column in COLUMNS[1:]
} | {"customer": {"source": "name", "type": "text"}}


@dataclass(frozen=True, slots=True)
class Policy:
    """One row of a month's file."""

    number: str
    day: date
    customer: str
    product: str
    kind: str
    income: Decimal
    owner: str
    lost_on: date | None = None
    currency: str = "CAD"

    @property
    def pays(self) -> Decimal:
        """Return what the broker earns."""
        return cents(self.income * (NEW if self.kind == "New" else TRAIL))


IN_EUROS = Policy(
    number="LP-2611-EUR",
    day=date(2026, 11, 12),
    customer="Atelier Marchand",
    product=COMMERCIAL,
    kind="New",
    income=Decimal("1450.00"),
    owner="Élodie Gagné",
    currency="EUR",
)


def firm() -> Firm:
    """Return the business; what it sells comes in files."""
    return Firm(
        slug=SLUG,
        name="Lantern Insurance Brokers",
        currency="CAD",
        zone=PLACE.zone,
        calendar="month",
        products=(COMMERCIAL, HOME, AUTO),
        territories=TERRITORIES,
        people=tuple(_people()),
        items=(),
    )


def _people() -> Iterator[Person]:
    for name in BROKERS:
        yield Person(
            name=name,
            email=email_of(name),
            title="Broker",
            territory=territory_of(name),
            plans=(PLAN,),
        )


def email_of(name: str) -> str:
    """Return a person's address at work, without accents."""
    plain = name.lower().replace("é", "e").replace(" ", ".")
    return f"{plain}@lantern.example"


def territory_of(name: str) -> str:
    """Return where a broker works."""
    return TERRITORIES[BROKERS.index(name) % 2]


def files() -> dict[date, tuple[str, bytes]]:
    """Return for each month's first day the name and content of its file."""
    found = {}
    households = residences(seeded(SLUG, "households"))
    firms = companies(seeded(SLUG, "firms"))
    charged_back: list[Policy] = []
    for first, end in months(FIRST, LAST):
        random = seeded(SLUG, first)
        sold = [
            policy
            for owner in BROKERS
            for policy in _sold(random, first, min(end, LAST), owner, households, firms)
        ]
        if first.month == 10:
            sold = list(_bring_noah(sold))
        if first.month == 11:
            sold.append(IN_EUROS)
        found[first] = (f"policies-{first:%Y-%m}.csv", _csv([*sold, *charged_back]))
        charged_back = []
        if first.month == 8:
            cancelled = next(p for p in sold if p.kind == "New" and p.owner != NOAH)
            lost_on = date(2026, 9, 18)
            charged_back = [replace(cancelled, lost_on=lost_on)]
    return found


def _sold(
    random: Random,
    first: date,
    last: date,
    owner: str,
    households: Iterator[str],
    firms: Iterator[str],
) -> Iterator[Policy]:
    count = 9 if first.month != 11 else 7
    for number in range(count):
        product = random.choice((COMMERCIAL, HOME, AUTO))
        kind = "New" if random.random() < 0.62 else "Renewal"
        low, high = {
            COMMERCIAL: (1_800, 5_200),
            HOME: (520, 2_200),
            AUTO: (480, 1_900),
        }[product]
        yield Policy(
            number=f"LP-{first:%y%m}-{BROKERS.index(owner) + 1}{number:02}",
            day=working_day(random, first, last),
            customer=next(firms if product == COMMERCIAL else households),
            product=product,
            kind=kind,
            income=between(random, low, high),
            owner=owner,
        )


def _bring_noah(sold: list[Policy]) -> Iterator[Policy]:
    """Choose the income of Noah's last new policy so that October is the story's."""
    own = [policy for policy in sold if policy.owner == NOAH]
    kept: list[Policy] = []
    for policy in sorted(own, key=lambda policy: policy.pays):
        # The cheapest ones stay, until the last has to bring the rest.
        if sum((p.pays for p in (*kept, policy)), Decimal(0)) < NOAHS_OCTOBER - 300:
            kept.append(policy)
    rest = NOAHS_OCTOBER - sum((p.pays for p in kept), Decimal(0))
    left = next(policy for policy in own if policy not in kept)
    yield from (policy for policy in sold if policy.owner != NOAH)
    yield from kept
    yield replace(left, kind="New", income=cents(rest / NEW))


def _csv(policies: list[Policy]) -> bytes:
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    writer.writeheader()
    for policy in policies:
        writer.writerow(
            {
                "id": policy.number,
                "name": policy.customer,
                "amount": policy.income * 7,
                "currency": policy.currency,
                "won_on": policy.day,
                "lost_on": policy.lost_on or "",
                "status_type": "lost" if policy.lost_on else "won",
                "owner": email_of(policy.owner),
                "product": policy.product,
                "territory": territory_of(policy.owner),
                "brokerage_income": policy.income,
                "kind": policy.kind,
            }
        )
    return text.getvalue().encode()
