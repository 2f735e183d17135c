"""Working out only the deals that changed gives what working out everything gives."""

from collections.abc import Callable
from typing import Any

import hypothesis.strategies as st
import pytest
from django.db import connection, transaction
from hypothesis import HealthCheck, Phase, given, settings

from commissions.statements import batch
from commissions.statements.batch_group import GroupWork
from commissions.statements.models import Cause, Line, Statement
from commissions.statements.recalculate import recalculate
from crm_sync.ledger.changes import next_change
from tenants.access import Member
from tenants.accounts.models import Business as BusinessRow
from tenants.accounts.models import Member as MemberRow
from tests.commissions.statements import standing, world
from tests.commissions.statements.exactness import (
    START,
    Business,
    Event,
    a_plan,
    first_of,
    happen,
)
from tests.commissions.statements.test_exactness import AMOUNT, DAY, event

PLAN = """
plan: Seller
currency: USD
fields: {deal.product: text}
variables: {quota: money}
measures:
  booked: {sum: deal.amount * deal.share, over: quarter}
  walls: {sum: deal.amount, when: deal.product == "Wall", over: period}
components:
  - key: commission
    base: deal.amount * deal.share
    amount: marginal(booked.before, base, tiers.steps)
    clawback_days: 40
  - key: flat
    when: deal.product == "Roof"
    credit: [owner, split]
    amount: deal.amount * deal.share * 1.5%
  - key: bonus
    when: booked.after > quota
    amount: "25"
    payable_when: walls.before > 0
    waiting_for: walls
tables:
  steps: {rows: [{from: 0, rate: 5%}, {from: 5000, rate: 10%}, {from: 9000, rate: 11%}]}
examples: []
"""
_DETAILS = """
SELECT payee.name, period, product, territory, component, fact.currency, earned, lines
FROM public.rollup_detailfact AS fact
JOIN ledger_payee AS payee ON payee.id = fact.payee_id
ORDER BY 1, 2, 3, 4, 5, 6
"""
Ways = Callable[[bool], None]


class Sellers(Business):
    """Three sellers on a plan that the batch path knows."""

    def __init__(self, by: Member) -> None:
        self.by = by
        names = ("Maya", "Ben", "Theo", "Lena")
        self.payees = [world.a_payee(name, f"user_{name.lower()}") for name in names]
        self.seller = a_plan("seller", PLAN)
        for payee in self.payees[:3]:
            world.assign(payee, self.seller, START, quota="4000")

    def publish(self, month: int, amount: str) -> None:
        text = PLAN.replace('"25"', f'"{amount}"')
        world.publish(self.seller, text, first_of(month))

    def one_cause(self) -> None:
        standing.settle(most_triggers=0)

    def sold(self, deals: list[tuple[Any, ...]], most_triggers: int) -> None:
        """Deals that are caught up with at once: alone, or with causes of their own."""
        for deal in deals:
            self.deal(*deal)
        standing.settle(most_triggers)


WHO, MONTH = st.integers(0, 3), st.integers(0, 3)
DEAL = st.tuples(st.integers(0, 7), WHO, DAY, AMOUNT, WHO, st.just("USD"))
SOLD = event("sold", st.lists(DEAL, min_size=1, max_size=3), st.sampled_from([0, 1]))
EVENTS = st.one_of(
    *[SOLD] * 5,
    st.tuples(st.just("deal"), DEAL),
    event("lose", st.integers(0, 7), DAY),
    event("lose", st.integers(0, 7), DAY),
    event("quota", st.integers(0, 2), AMOUNT),
    event("publish", MONTH, st.sampled_from(["30", "0"])),
    event("freeze", MONTH),
    event("reopen", MONTH),
    event("lock", MONTH),
    event("one_cause"),
)


@pytest.fixture
def finance(alice: MemberRow, acme: BusinessRow) -> Member:
    return world.acting(alice, acme)


@pytest.fixture
def by_batch(monkeypatch: pytest.MonkeyPatch) -> Ways:
    """Take or leave the batch path, whatever the size of the work."""
    takes = [True]
    monkeypatch.setattr(batch, "is_worthwhile", lambda credits: takes[0])
    monkeypatch.setattr(batch, "ONE_IN", 0)

    def choose(batch_or_not: bool) -> None:
        takes[0] = batch_or_not

    return choose


def details() -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(_DETAILS)
        return list(cursor.fetchall())


def anew() -> tuple[str, list[Any]]:
    with transaction.atomic():
        standing.forget_open_statements()
        recalculate(everything=True)
        standing.settle()
        found = standing.canonical(), details()
        transaction.set_rollback(True)
    return found


@settings(
    max_examples=12,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(events=st.lists(EVENTS, min_size=4, max_size=16))
def test_any_sequence_of_changes_equals_the_ordinary_way_from_nothing(
    finance: Member, by_batch: Ways, events: list[Event]
) -> None:
    with transaction.atomic():
        by_batch(True)
        business = Sellers(finance)
        for at in range(8):
            business.deal(at, at % 3, at * 13, "2500.01", at % 2, "USD")
        business.one_cause()
        for one in events:
            happen(business, one)
        business.one_cause()
        stands = standing.canonical(), details()
        causes = sum(cause.effect for cause in Cause.objects.all())
        totals = sum(row.total for row in Statement.objects.all())

        by_batch(False)
        fresh = anew()

        transaction.set_rollback(True)
    assert stands[0] == fresh[0], "\n".join(standing.difference(stands[0], fresh[0]))
    assert stands[1] == fresh[1]
    assert causes == totals


class Whole(Exception):
    """A statement was worked out as a whole."""


def test_one_changed_deal_is_worked_out_without_the_others(
    finance: Member, by_batch: Ways, monkeypatch: pytest.MonkeyPatch
) -> None:
    business = Sellers(finance)
    for at in range(8):
        business.deal(at, 0, at * 9, "1000", 0, "USD")
    business.one_cause()
    monkeypatch.setattr(GroupWork, "write_differences", refuse)

    business.deal(2, 0, 18, "2000", 0, "USD")  # it moves others into higher tiers
    summary = recalculate()

    assert (summary.closed, summary.opened) == (3, 4)
    assert standing.canonical() == anew_in_the_ordinary_way(by_batch)


def test_a_statement_whose_lines_are_not_those_known_is_worked_out_whole(
    finance: Member, by_batch: Ways, monkeypatch: pytest.MonkeyPatch
) -> None:
    business = Sellers(finance)
    for at in range(4):
        business.deal(at, 0, at, "1000", 0, "USD")
    business.one_cause()
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE statements_line DISABLE TRIGGER line_is_immutable")
        cursor.execute(
            "UPDATE statements_line SET amount = amount + 1 WHERE id = %s",
            [Line.objects.filter(component="flat").order_by("pk")[0].pk],
        )

    business.deal(0, 0, 0, "1100", 0, "USD")
    business.one_cause()

    assert standing.canonical() == anew_in_the_ordinary_way(by_batch)


def test_a_statement_that_was_written_after_its_basis_is_worked_out_whole(
    finance: Member, by_batch: Ways, monkeypatch: pytest.MonkeyPatch
) -> None:
    business = Sellers(finance)
    for at in range(4):
        business.deal(at, 0, at, "1000", 0, "USD")
    business.one_cause()
    for row in Statement.objects.exclude(basis=None):
        earlier = {**(row.basis or {}), "at": row.change - 1}
        Statement.objects.filter(pk=row.pk).update(basis=earlier)
    monkeypatch.setattr(GroupWork, "write_differences", refuse)

    business.deal(0, 0, 0, "1100", 0, "USD")

    with pytest.raises(Whole):
        recalculate()


def test_whatever_else_has_changed_works_statements_out_whole(
    finance: Member, by_batch: Ways, monkeypatch: pytest.MonkeyPatch
) -> None:
    business = Sellers(finance)
    for at in range(4):
        business.deal(at, 0, at, "1000", 0, "USD")
    business.one_cause()
    monkeypatch.setattr(GroupWork, "write_differences", refuse)

    business.deal(0, 0, 0, "1100", 0, "USD")
    with transaction.atomic():
        next_change(kind="table", words="Rates were entered")

    with pytest.raises(Whole):
        recalculate(most_triggers=0)


def anew_in_the_ordinary_way(by_batch: Ways) -> str:
    by_batch(False)
    return anew()[0]


def refuse(*_: object) -> None:
    raise Whole
