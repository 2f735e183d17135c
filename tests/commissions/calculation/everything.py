"""A plan that uses all there is, for several payees, with its inputs in any order."""

import random
import sys
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any, TypeVar

from commissions.calculation.facts import (
    DatedValue,
    PayeeInputs,
    PersonFact,
    SellFact,
    StatementDraft,
    ThingFact,
    ThingKind,
    measure_key,
)
from commissions.calculation.group import calculate_group
from commissions.calculation.program import Of, PlanProgram
from commissions.formula import TierTable
from crm_sync.ledger.chains import credits_above
from crm_sync.ledger.facts import CreditFact, EntryFact
from tests.commissions.calculation.builders import a_deal, an_assignment, inputs
from tests.commissions.calculation.plain import a_plan

ABOVE = {2: 1, 3: 1, 4: 2}
NAMES = {1: "Bob", 2: "Theo", 3: "Cleo", 4: "Dan"}
TIERS = TierTable(
    ((Decimal(0), Decimal("0.05")), (Decimal(1000), Decimal("0.075"))), edge="up"
)

RATES = (
    DatedValue("rate", Decimal("0.1"), date(2026, 1, 1)),
    DatedValue("rate", Decimal("0.2"), date(2026, 11, 3)),
)
PEOPLE = {
    one: PersonFact(name, {"rate": Decimal("0.03")}) for one, name in NAMES.items()
}
THINGS: dict[tuple[ThingKind, str], ThingFact] = {
    ("product", "A"): ThingFact({"cost": Decimal(5)}),
    ("product", "B"): ThingFact({"cost": Decimal(7)}),
    ("product", "C"): ThingFact({"cost": Decimal(9)}),
}
MAY_SELL = tuple(SellFact("product", which, date(2026, 1, 1)) for which in "AB")
T = TypeVar("T")
_BOTH = ("owner", "split")
MEASURES: list[dict[str, Any]] = [
    {"name": "sold", "sum": "deal.credited", "over": "quarter", "credit": _BOTH},
    {"name": "team", "sum": "deal.amount", "credit": ("manager",)},
    {"name": "paid", "of_components": ("sale", "trail"), "over": "year"},
    {
        "name": "owed",
        "value": "max(owed.before + 300 - paid.total, 0)",
        "per": "period",
        "over": "always",
    },
    {"name": "best", "value": "max(best.before, deal.amount)", "over": "year"},
    {"name": "place", "gathers": "sold", "of": "plan", "take": "rank"},
    {
        "name": "pool",
        "gathers": "sold",
        "of": "plan",
        "take": "part",
        "amount": "1000.01",
        "where": "value > 0",
    },
    {"name": "below_me", "gathers": "sold", "of": "legs"},
]
COMPONENTS: list[dict[str, Any]] = [
    {
        "key": "sale",
        "steps": {"net": "deal.credited - product.cost * deal.share"},
        "base": "net",
        "amount": "marginal(sold.before, base, tiers.t)",
        "cap": "400 - paid.before",
        "keeps": "earned * 50%",
    },
    {
        "key": "special",
        "when": 'deal.product == "A"',
        "replaces": ("sale",),
        "amount": "deal.credited * payee.rate",
    },
    {"key": "trail", "repeat": True, "times": "3", "amount": "nth * 1.005"},
    {
        "key": "over",
        "credit": ("upline",),
        "amount": "deal.amount * deal.share * owner.rate / (deal.level + 1)",
    },
    {
        "key": "month",
        "per": "period",
        "amount": "pool.total + owed.total * 1% + team.total * 1%"
        " + best.total * 0.1% + below_me.total * 0.1% + place.total * 1.003",
    },
    {
        "key": "tax",
        "per": "period",
        "kind": "deduction",
        "amount": "-paid.total * 19.7%",
    },
]


def the_plan() -> PlanProgram:
    """Return the plan: every kind of measure and of component."""
    return a_plan(
        measures=MEASURES,
        components=COMPONENTS,
        tables={"t": TIERS},
        round_on="total",
    )


def the_entries() -> list[EntryFact]:
    """Return deals of all payees, some shared, some lost, some on one day."""
    found = []
    for number in range(1, 25):
        seller, other = number % 4 + 1, number % 3 + 1
        own = [CreditFact(seller, "owner", Decimal("0.667"))]
        own.append(CreditFact(other, "split", Decimal("0.333")))
        day = f"2026-{9 + number % 3:02}-{1 + number % 5:02}"
        found.append(
            a_deal(
                number,
                day,
                f"{number * 37}.{number:02}",
                credits=(*own, *credits_above(own, ABOVE.get)),
                lost_on="2026-12-01" if number % 7 == 0 else "",
                product="ABC"[number % 5 % 3],
            )
        )
    return found


def the_payees(seed: int) -> list[PayeeInputs]:
    """Return the inputs of four payees, everything in them shuffled."""
    mixed = random.Random(seed)
    program = the_plan()
    found = [_payee(payee, program, mixed) for payee in NAMES]
    mixed.shuffle(found)
    return found


def _payee(payee: int, program: PlanProgram, mixed: random.Random) -> PayeeInputs:
    entries = [
        replace(entry, credits=_shuffled(entry.credits, mixed))
        for entry in the_entries()
    ]
    versions = [
        an_assignment(program, version=1, ends="2026-11-02"),
        an_assignment(program, version=2, starts="2026-11-03"),
    ]
    stored = [
        ((measure_key(7, "owed"), "2026-10"), Decimal(40)),
        ((measure_key(7, "paid"), "2026-10"), Decimal(90)),
    ]
    given = inputs(
        *_shuffled(entries, mixed),
        assignments=_shuffled(versions, mixed),
        stored=dict(_shuffled(stored, mixed)),
    )
    return replace(
        given,
        payee_id=payee,
        payee_name=NAMES[payee],
        facts=_shuffled(RATES, mixed),
        people=PEOPLE,
        things=THINGS,
        may_sell=_shuffled(MAY_SELL, mixed) if payee == 3 else (),
    )


def _shuffled(items: Sequence[T], mixed: random.Random) -> tuple[T, ...]:
    return tuple(mixed.sample(list(items), len(items)))


def sets(payee: PayeeInputs, of: Of) -> list[int]:
    """Return who is in a set."""
    if of == "plan":
        return list(NAMES)
    return [one for one, upper in ABOVE.items() if upper == payee.payee_id]


def drafts(seed: int) -> dict[int, StatementDraft]:
    """Return the statements of all payees."""
    return calculate_group(the_payees(seed), sets)


if __name__ == "__main__":
    print(repr(drafts(int(sys.argv[1]))))
