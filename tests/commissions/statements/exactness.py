"""A small business that uses every kind of measure, and what can happen to it."""

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.db import transaction

from commissions.plans import assigning
from commissions.plans.models import Assignment, Plan
from commissions.statements import opening, services
from commissions.statements.models import PayPeriod
from commissions_saas.lib import clock
from commissions_saas.lib.errors import ProductError
from crm_sync.ledger import dated
from crm_sync.ledger.catalogue import save_fields
from crm_sync.ledger.facts import FieldFact, ValueType
from crm_sync.ledger.models import Entry, ExchangeRate, Leave, Product, SellRight
from crm_sync.ledger.placements import place_payee
from crm_sync.ledger.selectors import placement_on
from crm_sync.ledger.services import (
    create_product,
    create_territory,
    edit_named,
    edit_payee,
)
from tenants.access import Member
from tests.commissions.statements import standing, world
from tests.commissions.statements.world import a_deal, sync

START = date(2026, 8, 1)
MONTHS = ("2026-08", "2026-09", "2026-10", "2026-11")
PEOPLE = ("Maya", "Ben", "Theo", "Lena")
PRODUCTS = ("Roof", "Wall")
TERRITORIES = ("North", "South")
CUSTOMERS = ("Acme", "Bright", None)
SELLER = """
plan: Seller
currency: USD
fields: {payee.hours: money, payee.level: number, product.margin: percent}
variables: {quota: money}
measures:
  booked: {sum: deal.amount * deal.share, over: quarter}
  month: {sum: deal.credited, over: month}
  paid: {component: [commission], over: quarter}
  hours: {sum: "or_else(payee.hours, 0)", per: period, over: quarter}
  streak: {value: "IF(month.total >= quota, streak.before + 1, 0)"}
  bought: {sum: deal.credited, by: deal.customer, over: quarter}
  largest: {value: "max(largest.before, deal.amount)", per: deal}
  points: {value: "month.total + 1", over: month, type: money}
  place: {measure: booked, of: plan, take: rank, where: payee.level >= 1}
  pool: {measure: points, of: plan, take: part, amount: "500"}
components:
  - key: commission
    base: deal.credited
    amount: min(marginal(booked.before, base, tiers.steps), 900 - paid.before)
    clawback_days: 40
  - key: by_margin
    when: deal.product == "Roof"
    amount: deal.credited * product.margin
  - key: trail
    repeat: yes
    times: "3"
    amount: deal.credited * 1%
  - key: record
    when: deal.amount > largest.before
    amount: "5 + IF(deal.territory == 'North', 2, 0) + IF(bought.before == 0, 1, 0)"
  - key: bonus
    per: period
    amount: "IF(place.total == 1, 100, 0) + hours.total + IF(streak.total >= 2, 10, 0)"
  - key: part_of_pool
    per: period
    amount: pool.total
tables:
  steps: {rows: [{from: 0, rate: 5%}, {from: 5000, rate: 10%}]}
examples: []
"""
LEADER = """
plan: Leader
currency: USD
fields: {payee.level: number}
measures:
  team: {sum: deal.amount * deal.share, of: team, over: quarter}
  line: {sum: deal.amount, of: downline, over: month}
  month: {sum: deal.credited, over: month}
  paid: {component: [override, levels], over: quarter}
  under: {measure: paid, of: downline, take: sum}
  earned: {component: [override, levels, top], over: quarter}
  leaders: {measure: earned, of: downline, take: sum}
  legs: {measure: month, of: legs, take: count, where: value > 1000}
components:
  - key: override
    credit: [manager]
    amount: deal.amount * deal.share * 2% * owner.level
  - key: levels
    credit: [upline]
    when: deal.level <= 2
    amount: deal.amount * 1% / deal.level
  - key: top
    per: period
    steps:
      part: under.total * 10% + team.total * 0.1% + leaders.total * 1%
    amount: "part + IF(legs.total >= 1, 7, 0)"
examples: []
"""


TAKEN_AWAY: dict[str, tuple[Any, Callable[[Any, Member], None]]] = {
    "leave": (Leave, lambda row, by: dated.remove_leave(leave=row, by=by)),
    "right": (SellRight, lambda row, by: dated.end_selling(right=row, by=by)),
    "rate": (ExchangeRate, lambda row, by: dated.remove_rate(rate=row, by=by)),
}


class Business:
    """The business at its start: two sellers, two leaders, two products, a table."""

    def __init__(self, by: Member) -> None:
        self.by = by
        self.payees = [world.a_payee(name, f"user_{name.lower()}") for name in PEOPLE]
        for payee in self.payees:
            dated.set_value(subject=payee, key="level", value="1")
        dated.set_value(
            subject=self.payees[0],
            key="hours",
            value="160",
            starts_on=START,
            type_="money",
        )
        for name in PRODUCTS:
            product = create_product(name=name)
            dated.set_value(subject=product, key="margin", value="20%", starts_on=START)
        self.territories = [create_territory(name=name) for name in TERRITORIES]
        assigning.set_table(
            key="steps",
            name="Steps",
            starts_on=START,
            rows=[{"from": "0", "rate": "5%"}, {"from": "5000", "rate": "10%"}],
            by=by,
        )
        self.seller = a_plan("seller", SELLER)
        self.leader = a_plan("leader", LEADER)
        for payee in self.payees[:3]:
            world.assign(payee, self.seller, START, quota="4000")
        for payee in self.payees[2:]:
            world.assign(payee, self.leader, START)
        self.placed(0, 2, START)
        self.placed(1, 2, START)
        self.placed(2, 3, START)

    def placed(self, who: int, manager: int, day: date) -> None:
        place_payee(
            payee=self.payees[who],
            manager=self.payees[manager] if manager != who else None,
            territory=None,
            starts_on=day,
        )

    # What can happen

    def deal(
        self, at: int, who: int, day: int, amount: str, split: int, currency: str
    ) -> None:
        sync(a_deal_of(at, who, day, amount, split, currency))

    def lose(self, at: int, day: int) -> None:
        known = Entry.objects.filter(external_id=f"deal_{at}", counts=True).first()
        if known is None or known.occurred_on is None:
            return
        given = world.lost(
            f"deal_{at}",
            known.occurred_on,
            START + timedelta(days=day),
            str(known.amount),
            known.product,
            owner=f"user_{known.owner.name.lower()}" if known.owner else "",
            currency=known.currency,
            version=version(),
        )
        sync(given)

    def quota(self, who: int, amount: str) -> None:
        row = Assignment.objects.filter(
            payee=self.payees[who], plan=self.seller, closed__isnull=True
        ).first()
        if row is not None:
            assigning.change_assignment(
                assignment=row,
                starts_on=row.starts_on,
                ends_on=row.ends_on,
                values={"quota": amount},
                by=self.by,
            )

    def leaves(self, who: int, day: int) -> None:
        row = Assignment.objects.filter(
            payee=self.payees[who], closed__isnull=True
        ).first()
        if row is not None:
            assigning.change_assignment(
                assignment=row,
                starts_on=row.starts_on,
                ends_on=START + timedelta(days=day),
                values=row.values,
                by=self.by,
            )

    def publish(self, month: int, amount: str) -> None:
        text = SELLER.replace("100, 0)", f"{amount}, 0)")
        world.publish(self.seller, text, first_of(month))

    def table(self, month: int, rate: str) -> None:
        rows = [{"from": "0", "rate": rate}, {"from": "3000", "rate": "12%"}]
        assigning.set_table(
            key="steps", name="Steps", starts_on=first_of(month), rows=rows, by=self.by
        )

    def value(self, who: int, key: str, amount: str, month: int) -> None:
        dated.set_value(
            subject=self.payees[who],
            key=key,
            value=amount,
            starts_on=first_of(month),
            by=self.by,
        )

    def undated(self, who: int, level: str) -> None:
        payee = self.payees[who]
        payee.refresh_from_db()
        edit_payee(payee=payee, attributes={"hours": level}, by=self.by)

    def margin(self, which: int, amount: str, day: int) -> None:
        dated.set_value(
            subject=Product.objects.get(name=PRODUCTS[which]),
            key="margin",
            value=amount,
            starts_on=START + timedelta(days=day),
            by=self.by,
        )

    def away(self, who: int, day: int, days: int) -> None:
        first = START + timedelta(days=day)
        dated.set_leave(
            payee=self.payees[who],
            starts_on=first,
            ends_on=first + timedelta(days=days),
            by=self.by,
        )

    def may_sell(self, who: int, which: int, day: int) -> None:
        dated.allow_selling(
            payee=self.payees[who],
            kind="product",
            name=PRODUCTS[which],
            starts_on=START + timedelta(days=day),
            by=self.by,
        )

    def rate(self, day: int, rate: str) -> None:
        dated.set_rate(
            currency="EUR",
            into="USD",
            rate=rate,
            starts_on=START + timedelta(days=day),
            source="ECB",
            by=self.by,
        )

    def balance(self, who: int, measure: str, amount: str) -> None:
        opening.set_balance(
            payee=self.payees[who],
            plan=self.seller,
            measure=measure,
            value=amount,
            as_of_day=START - timedelta(days=1),
            by=self.by,
        )

    def manager(self, who: int, manager: int, day: int) -> None:
        self.placed(who, manager, START + timedelta(days=day))

    def moves(self, who: int, which: int, day: int) -> None:
        """Sell somewhere else, under the same manager."""
        first = START + timedelta(days=day)
        now = placement_on(self.payees[who], first)
        place_payee(
            payee=self.payees[who],
            manager=now.manager if now else None,
            territory=self.territories[which],
            starts_on=first,
            by=self.by,
        )

    def forget(self, who: int, key: str, month: int) -> None:
        dated.clear_value(
            subject=self.payees[who], key=key, starts_on=first_of(month), by=self.by
        )

    def undo(self, what: str) -> None:
        """Take away what was entered last: a leave, a right to sell or a rate."""
        model, take_away = TAKEN_AWAY[what]
        row = model.objects.filter(closed__isnull=True).order_by("-pk").first()
        if row is not None:
            take_away(row, self.by)

    def adjust(self, who: int, month: int, amount: str) -> None:
        world.adjust(self.payees[who], period(month), amount, self.by)

    def joins(self, who: int, day: int, amount: str) -> None:
        assigning.assign(
            payee=self.payees[who],
            plan=self.seller,
            starts_on=START + timedelta(days=day),
            ends_on=None,
            values={"quota": amount},
            by=self.by,
        )

    def standing_margin(self, which: int, amount: str) -> None:
        row = Product.objects.get(name=PRODUCTS[which])
        edit_named(row=row, attributes={"margin": amount}, active=True, by=self.by)

    def margins_are(self, type_: ValueType) -> None:
        save_fields([FieldFact("product", "margin", "Margin", type_)])

    def freeze(self, month: int) -> None:
        services.freeze(period=period(month), by=self.by)

    def reopen(self, month: int) -> None:
        services.reopen(period=period(month), by=self.by)

    def lock(self, month: int) -> None:
        services.lock_statements(period=period(month), by=self.by)

    def catch_up(self) -> None:
        # More changes at once than a few are one cause, which is quicker.
        standing.settle(most_triggers=3)


Event = tuple[str, tuple[Any, ...]]


def happen(business: Business, event: Event) -> None:
    """Let something happen; what the product refuses has not happened."""
    name, given = event
    do: Callable[..., None] = getattr(business, name)
    try:
        with transaction.atomic():
            do(*given)
    except (ProductError, PayPeriod.DoesNotExist):
        return


def a_plan(slug: str, text: str) -> Plan:
    plan = Plan.objects.create(name=slug.capitalize(), slug=slug)
    world.publish(plan, text, START)
    return plan


def a_deal_of(
    at: int, who: int, day: int, amount: str, split: int, currency: str
) -> Any:
    shared: dict[str, Any] = {}
    if split != who:
        shared = {
            "split_with": f"user_{PEOPLE[split].lower()}",
            "split_percent": Decimal("0.4"),
        }
    return a_deal(
        f"deal_{at}",
        START + timedelta(days=day),
        amount,
        PRODUCTS[at % 2],
        owner=f"user_{PEOPLE[who].lower()}",
        currency=currency,
        version=version(),
        customer=CUSTOMERS[at % 3],
        **shared,
    )


_ticks = 0


def version() -> str:
    """A source's version that is later than all before."""
    global _ticks
    _ticks += 1
    return f"{clock.now().isoformat()}-{_ticks:06d}"


def first_of(month: int) -> date:
    return date(2026, 8 + month, 1)


def period(month: int) -> PayPeriod:
    return PayPeriod.objects.get(slug=MONTHS[month])
