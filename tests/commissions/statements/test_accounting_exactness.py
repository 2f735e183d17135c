"""Whatever becomes of deals, invoices and payments, what is kept is what is reckoned anew.

The order in which they come, change, fail, are matched by hand and vanish is any.
"""

from datetime import date, timedelta
from typing import Any

import hypothesis.strategies as st
import pytest
from django.db import transaction
from hypothesis import HealthCheck, Phase, given, settings

from commissions.plans.models import Plan
from crm_sync.accounting import services as accounting
from crm_sync.accounting.models import Reference
from crm_sync.ledger.catalogue import save_fields
from crm_sync.ledger.facts import FieldFact
from crm_sync.ledger.models import Entry, Revision
from tenants.access import Member
from tenants.accounts.models import Business as BusinessRow
from tenants.accounts.models import Member as MemberRow
from tests.commissions.statements import standing, world
from tests.crm_sync.accounting import books

START = date(2026, 8, 1)
PAID = """
plan: Paid
currency: USD
measures:
  sold: {sum: deal.amount * deal.share, over: quarter}
  received: {sum: payment.net * payment.share, object: payment, over: quarter}
components:
  - key: sale
    amount: deal.amount * deal.share * 5%
    payable_when: deal.paid_share >= 100%
    waiting_for: customer payment
  - key: early
    when: not is_blank(deal.paid_on) and deal.paid_on <= add_days(deal.won_on, 30)
    amount: "10"
  - key: as_paid
    object: payment
    base: payment.net * payment.share
    amount: marginal(received.before, base, tiers.steps)
tables:
  steps: {0: 5%, 1000: 10%}
"""
AT = st.integers(0, 2)
DAY = st.integers(0, 110)
AMOUNT = st.sampled_from(["100", "999.99", "1190", "-50"])
EVENTS = st.one_of(
    st.tuples(st.just("deal"), AT, AT, DAY),
    st.tuples(st.just("invoice"), AT, AT, DAY, AMOUNT),
    st.tuples(st.just("invoice"), AT, AT, DAY, AMOUNT),
    st.tuples(st.just("shared"), AT, DAY),
    st.tuples(st.just("payment"), AT, AT, DAY, AMOUNT),
    st.tuples(st.just("payment"), AT, AT, DAY, AMOUNT),
    st.tuples(st.just("payment"), AT, AT, DAY, AMOUNT),
    st.tuples(st.just("fails"), AT, st.sampled_from(["void", "failed", "gone"])),
    st.tuples(st.just("vanishes"), AT),
    st.tuples(st.just("chosen"), AT, AT),
    st.tuples(st.just("catch_up")),
)
PEOPLE = ("user_maya", "user_theo", "user_maya")


class Business:
    """Two sellers whose pay follows their customers' payments."""

    def __init__(self, by: Member) -> None:
        self.by = by
        self.ticks = 0
        save_fields([FieldFact("payment", "amount", "Amount", "money")])
        plan = Plan.objects.create(name="Paid", slug="paid")
        world.publish(plan, PAID, START)
        for user in PEOPLE[:2]:
            world.assign(books.a_payee(user, user), plan, START)

    def version(self) -> str:
        self.ticks += 1
        return f"{self.ticks:06d}"

    def deal(self, at: int, who: int, day: int) -> None:
        given = {"won_on": START + timedelta(days=day), "owner": PEOPLE[who]}
        books.save(books.a_deal(f"d{at}", self.version(), **given))

    def invoice(self, at: int, deal: int, day: int, amount: str) -> None:
        given: dict[str, Any] = {"occurred_on": START + timedelta(days=day)}
        given |= {"deal": f"d{deal}", "tax": "19" if amount == "1190" else None}
        books.save(books.an_invoice(f"i{at}", amount, version=self.version(), **given))

    def shared(self, at: int, day: int) -> None:
        given = {"deal": "d0, d1", "deal_amounts": "1, 2", "version": self.version()}
        books.save(books.an_invoice(f"i{at}", "100", **given))

    def payment(self, at: int, invoice: int, day: int, amount: str) -> None:
        given = {"occurred_on": START + timedelta(days=day), "invoice": f"i{invoice}"}
        books.save(books.a_payment(f"p{at}", amount, version=self.version(), **given))

    def fails(self, at: int, how: str) -> None:
        given: dict[str, Any] = {"version": self.version(), "invoice": f"i{at}"}
        given |= {"deleted": True} if how == "gone" else {"status": how}
        books.save(books.a_payment(f"p{at}", "100", **given))

    def vanishes(self, at: int) -> None:
        books.save(books.a_deal(f"d{at}", self.version(), deleted=True))

    def chosen(self, at: int, deal: int) -> None:
        one = Reference.objects.filter(kind="deal").order_by("pk")[at : at + 1].first()
        target = Entry.objects.filter(external_id=f"d{deal}", deleted=False)
        if one is not None and (entry := target.first()) is not None:
            accounting.choose(reference=one, target=entry, by=self.by)

    def catch_up(self) -> None:
        standing.settle(most_triggers=3)


def what_is_said() -> dict[int, tuple[Any, ...]]:
    rows = Revision.objects.filter(closed__isnull=True)
    return {row.entry_id: (row.values, row.credits) for row in rows}


@pytest.fixture
def finance(alice: MemberRow, acme: BusinessRow) -> Member:
    return world.acting(alice, acme)


@settings(
    max_examples=8,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(events=st.lists(EVENTS, min_size=5, max_size=16))
def test_any_sequence_of_payments_equals_a_calculation_from_nothing(
    finance: Member, events: list[tuple[Any, ...]]
) -> None:
    with transaction.atomic():
        business = Business(finance)
        for name, *rest in events:
            getattr(business, name)(*rest)
        business.catch_up()

        stands, anew = standing.canonical(), standing.from_scratch()
        said = what_is_said()
        accounting.settle_everything(source="reckoned anew")
        reckoned = what_is_said()

        transaction.set_rollback(True)
    assert stands == anew, "\n".join(standing.difference(stands, anew))
    assert said == reckoned
