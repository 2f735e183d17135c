"""A business whose months are frozen, opened again and paid, and what it owes in all."""

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any, NamedTuple

from django.db import transaction
from django.db.models import F

from commissions.plans.models import Plan
from commissions.statements import services
from commissions.statements.models import (
    Adjustment,
    Line,
    PayPeriod,
    Proposal,
    Statement,
)
from commissions.statements.recalculate import recalculate
from commissions_saas.lib import clock
from commissions_saas.lib.errors import ProductError
from crm_sync.ledger.models import Payee
from tenants.access import Member
from tenants.accounts.models import Business
from tests.commissions.statements import standing, world
from tests.commissions.statements.exactness import version
from tests.commissions.statements.world import a_deal, sync

START = date(2026, 8, 1)
MONTHS = ("2026-08", "2026-09", "2026-10", "2026-11")
PEOPLE = ("Maya", "Theo")
ZERO = Decimal(0)
FLAT = """
plan: Seller
currency: USD
components:
  - key: commission
    amount: deal.credited * 10%
    clawback_days: 400
  - key: wall
    when: deal.product == "Wall"
    amount: "7"
"""
TIERED = """
plan: Seller
currency: USD
measures:
  sold: {sum: deal.credited, over: quarter}
  month: {sum: deal.credited, over: month}
  best: {value: "max(best.before, month.total)"}
components:
  - key: commission
    amount: marginal(sold.before, deal.credited, tiers.steps)
    clawback_days: 400
  - key: bonus
    per: period
    amount: "IF(sold.total >= 3000, 50, 0)"
  - key: record
    per: period
    amount: (best.total - best.before) * 1%
tables:
  steps: {rows: [{from: 0, rate: 5%}, {from: 2000, rate: 10%}]}
"""


class Key(NamedTuple):
    """What is paid: a component's amount for a deal, to somebody, in a month."""

    payee_id: int
    slug: str
    component: str
    entry_id: int
    role: str


Amounts = dict[Key, Decimal]


@dataclass
class PayingBusiness:
    """Two sellers on one plan, from August on; the months go by as events say."""

    by: Member
    business: Business
    plan_text: str
    now: datetime = datetime(2026, 9, 3, 18, 0, tzinfo=UTC)
    payees: list[Payee] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.business.posts_late_changes = True
        with clock.at(self.now):
            plan = Plan.objects.create(name="Seller", slug="seller")
            world.publish(plan, self.plan_text, START)
            for name in PEOPLE:
                payee = world.a_payee(name, f"user_{name.lower()}")
                world.assign(payee, plan, START)
                self.payees.append(payee)

    # What can happen

    def deal(self, at: int, who: int, day: int, amount: str) -> None:
        sync(
            a_deal(
                f"deal_{at}",
                START + timedelta(days=day),
                amount,
                ("Roof", "Wall")[at % 2],
                owner=f"user_{PEOPLE[who].lower()}",
                version=version(),
            )
        )

    def vanish(self, at: int) -> None:
        gone = a_deal(f"deal_{at}", START, "100", "Roof", version=version())
        sync(replace(gone, deleted=True))

    def freeze(self, month: int) -> None:
        services.freeze(period=period(month), by=self.by)

    def reopen(self, month: int) -> None:
        services.reopen(period=period(month), by=self.by)

    def lock(self, month: int) -> None:
        services.lock_statements(period=period(month), by=self.by)

    def pay(self, month: int) -> None:
        services.mark_paid(period=period(month), by=self.by)

    def accept(self, which: int) -> None:
        self._decide(which, accept=True)

    def decline(self, which: int) -> None:
        self._decide(which, accept=False)

    def _decide(self, which: int, *, accept: bool) -> None:
        waiting = Proposal.objects.filter(state=Proposal.State.WAITING).order_by("pk")
        for proposal in waiting[which : which + 1]:
            services.decide_proposal(proposal=proposal, accept=accept, by=self.by)

    def adjust(self, who: int, month: int, amount: str) -> None:
        world.adjust(self.payees[who], period(month), amount, self.by)

    def undo(self, which: int) -> None:
        rows = Adjustment.objects.filter(closed__isnull=True).order_by("pk")
        for row in rows[which : which + 1]:
            services.undo_adjustment(adjustment=row, reason="A mistake", by=self.by)

    def posts(self, itself: bool) -> None:
        self.business.posts_late_changes = itself

    def later(self) -> None:
        self.now += timedelta(days=30)

    def catch_up(self) -> None:
        standing.settle()


Event = tuple[str, tuple[Any, ...]]


def happen(business: PayingBusiness, events: Iterable[Event]) -> None:
    """Let things happen; what the product refuses has not happened."""
    for name, given in events:
        do: Callable[..., None] = getattr(business, name)
        with clock.at(business.now):
            try:
                with transaction.atomic():
                    do(*given)
            except (ProductError, PayPeriod.DoesNotExist):
                continue


def post_all(business: PayingBusiness) -> None:
    """Post whatever waits, until nothing is left to post."""
    with clock.at(business.now):
        standing.settle()
        while waiting := Proposal.objects.filter(state=Proposal.State.WAITING).first():
            services.decide_proposal(proposal=waiting, accept=True, by=business.by)
            standing.settle()


def period(month: int) -> PayPeriod:
    return PayPeriod.objects.get(slug=MONTHS[month])


# What it owes


def paid() -> dict[int, Decimal]:
    """Return what all statements of each payee come to."""
    found: dict[int, Decimal] = defaultdict(Decimal)
    for payee_id, total in Statement.objects.values_list("payee_id", "total"):
        found[payee_id] += total
    return found


def earned() -> Amounts:
    """Return what stands on the statements, without what was added to them."""
    slugs = dict(PayPeriod.objects.values_list("pk", "slug"))
    found: Amounts = defaultdict(Decimal)
    for row in Line.objects.filter(closed_run__isnull=True, adjustment_id=0):
        slug = slugs[row.period_id]
        key = Key(row.payee_id, slug, row.component, row.entry_id, row.role)
        found[key] += row.amount
    return found


def posted() -> Amounts:
    return _proposed(Proposal.State.POSTED)


def waiting() -> Amounts:
    return _proposed(Proposal.State.WAITING)


def _proposed(state: str) -> Amounts:
    found: Amounts = defaultdict(Decimal)
    for row in Proposal.objects.filter(state=state).select_related("period"):
        slug = row.period.slug
        key = Key(row.payee_id, slug, row.component, row.entry_id, row.role)
        found[key] += row.amount
    return found


def declined() -> set[tuple[Key, Decimal]]:
    """Return what was left out, with the amount that was left out."""
    rows = Proposal.objects.filter(state=Proposal.State.DECLINED)
    return {
        (
            Key(row.payee_id, row.period.slug, row.component, row.entry_id, row.role),
            row.amount,
        )
        for row in rows.select_related("period")
    }


def added_by_hand() -> dict[int, Decimal]:
    """Return what people added, less what they took back of it."""
    found: dict[int, Decimal] = defaultdict(Decimal)
    rows = Adjustment.objects.filter(kind=Adjustment.Kind.MANUAL, closed__isnull=True)
    for row in rows:
        if not is_undoing_a_late_change(row):
            found[row.payee_id] += row.amount
    return found


def is_undoing_a_late_change(row: Adjustment) -> bool:
    if row.undoes_id is None:
        return False
    undone = Adjustment.objects.get(pk=row.undoes_id)
    return undone.kind != Adjustment.Kind.MANUAL


def from_nothing(business: PayingBusiness) -> Amounts:
    """Reckon every month as if none had ever been frozen, and return what it pays."""
    with transaction.atomic(), clock.at(business.now):
        Proposal.objects.all().delete()
        Adjustment.objects.update(closed=F("opened"))  # none was ever made
        Statement.objects.update(state=Statement.State.OPEN, document=None, sha256="")
        PayPeriod.objects.update(state=PayPeriod.State.OPEN)
        standing.forget_open_statements()
        recalculate(everything=True)
        standing.settle()
        found = earned()
        transaction.set_rollback(True)
    return found


def by_payee(amounts: Amounts) -> dict[int, Decimal]:
    found: dict[int, Decimal] = defaultdict(Decimal)
    for key, amount in amounts.items():
        found[key.payee_id] += amount
    return found
