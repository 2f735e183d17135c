"""Invoices and payments open gates and are paid for, and only what they touch moves."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from itertools import permutations

import pytest

from commissions.plans.models import Plan
from commissions.statements import services
from commissions.statements.models import Cause, Line, PayPeriod, Release, Run
from commissions.statements.touched import touched_between
from commissions_saas.lib import clock
from crm_sync.ledger.catalogue import save_fields
from crm_sync.ledger.changes import latest_change
from crm_sync.ledger.facts import FieldFact
from crm_sync.ledger.models import Change, Payee
from tenants.access import Member
from tenants.accounts.models import Business
from tenants.accounts.models import Member as MemberRow
from tests.commissions.statements import standing, world
from tests.crm_sync.accounting.books import a_payment, an_invoice, save

DECEMBER = datetime(2026, 12, 2, 18, 0, tzinfo=UTC)
GATED = """
plan: Payable when the customer has paid
currency: USD
components:
  - key: sale
    amount: deal.amount * deal.share * 10%
    payable_when: deal.paid_share >= 100%
    waiting_for: customer payment
"""
AS_PAID = """
plan: As the customer pays
currency: USD
components:
  - key: as_paid
    object: payment
    base: payment.net * payment.share
    when: payment.product == "Roof"
    amount: base * 10%
"""


@pytest.fixture
def finance(alice: MemberRow, acme: Business) -> Member:
    return world.acting(alice, acme)


def on_plan(text: str, *payees: Payee) -> None:
    # Reading invoices and payments puts their mapped fields into the catalogue.
    save_fields([FieldFact("payment", "amount", "Amount", "money")])
    plan = Plan.objects.create(name="Seller", slug="seller")
    world.publish(plan, text, date(2026, 7, 1))
    for payee in payees:
        world.assign(payee, plan, date(2026, 7, 1))


def a_sale(id_: str = "d1", amount: str = "1000", **values: object) -> None:
    world.sync(world.a_deal(id_, date(2026, 11, 9), amount, "Roof", **values))


def stands_as_if_reckoned_anew() -> None:
    standing.settle()
    known, anew = standing.canonical(), standing.from_scratch()
    assert known == anew, "\n".join(standing.difference(known, anew))


def test_a_line_waits_until_the_invoices_of_its_deal_are_paid(maya: Payee) -> None:
    on_plan(GATED, maya)
    a_sale()
    world.catch_up()
    row = world.statement(maya, "2026-11")
    assert (row.total, row.waiting) == (Decimal(100), Decimal(100))

    save(an_invoice(), a_payment("p1", "999.99"))
    world.catch_up()
    row.refresh_from_db()
    assert (row.total, row.waiting) == (Decimal(100), Decimal(100))

    save(a_payment("p2", "0.01"))
    world.catch_up()
    row.refresh_from_db()
    assert (row.total, row.waiting, row.payable) == (
        Decimal(100),
        Decimal(0),
        Decimal(100),
    )
    stands_as_if_reckoned_anew()


def test_a_payment_after_the_lock_releases_what_waited(
    maya: Payee, finance: Member
) -> None:
    on_plan(GATED, maya)
    a_sale()
    save(an_invoice())
    standing.settle()
    with clock.at(DECEMBER):
        november = PayPeriod.objects.get(slug="2026-11")
        services.freeze(period=november, by=finance)
        services.lock_statements(period=november, by=finance)
        standing.settle()

        save(a_payment(occurred_on=date(2026, 12, 1)))
        standing.settle()

    line = Line.objects.get(component="sale", closed_run__isnull=True)
    assert line.waiting_for == "customer payment"
    assert Release.objects.get().line_id == line.pk


def test_each_payment_is_paid_for_in_its_own_period_without_the_tax(
    maya: Payee,
) -> None:
    on_plan(AS_PAID, maya)
    a_sale()
    save(
        an_invoice("i1", "1190", tax="190"),
        a_payment("p1", "595", occurred_on=date(2026, 10, 30)),
        a_payment("p2", "297.50", occurred_on=date(2026, 11, 20)),
        a_payment("refund", "-119", occurred_on=date(2026, 11, 23)),
    )

    world.catch_up()

    assert world.statement(maya, "2026-10").total == Decimal("50.00")
    assert world.statement(maya, "2026-11").total == Decimal("15.00")
    stands_as_if_reckoned_anew()


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_pay_does_not_depend_on_what_becomes_known_first(
    maya: Payee, order: tuple[int, ...]
) -> None:
    on_plan(AS_PAID, maya)
    comes: list[Callable[[], object]] = [
        a_sale,
        lambda: save(an_invoice()),
        lambda: save(a_payment()),
    ]

    for at in order:
        comes[at]()
        world.catch_up()

    assert world.statement(maya, "2026-11").total == Decimal("100.00")


def test_a_payment_of_two_deals_pays_each_seller_their_part(
    maya: Payee, theo: Payee
) -> None:
    on_plan(AS_PAID, maya, theo)
    a_sale("d1")
    a_sale("d2", owner="user_theo")
    save(
        an_invoice("i1", "900", deal="d1, d2", deal_amounts="600, 300"),
        a_payment("p1", "900"),
    )

    world.catch_up()

    assert world.statement(maya, "2026-11").total == Decimal("60.00")
    assert world.statement(theo, "2026-11").total == Decimal("30.00")


def test_a_payment_that_bounces_is_taken_back(maya: Payee, finance: Member) -> None:
    on_plan(AS_PAID, maya)
    a_sale()
    save(an_invoice(), a_payment())
    standing.settle()
    with clock.at(DECEMBER):
        november = PayPeriod.objects.get(slug="2026-11")
        services.freeze(period=november, by=finance)
        services.lock_statements(period=november, by=finance)
        standing.settle()
        save(a_payment(version="2", status="bounced"))
        standing.settle()

    assert world.statement(maya, "2026-11").total == Decimal("100.00")
    assert world.statement(maya, "2026-12").total == Decimal("-100.00")


def test_a_payment_marks_the_statements_of_its_deal_and_no_other(
    maya: Payee, theo: Payee
) -> None:
    on_plan(GATED, maya, theo)
    a_sale("d1")
    a_sale("d2", owner="user_theo")
    save(an_invoice())
    world.catch_up()
    before = latest_change()

    save(a_payment())

    marked = touched_between(before, latest_change())
    assert {(payee, period.slug) for payee, period in marked} == {(maya.pk, "2026-11")}


def test_an_invoice_of_nobody_marks_nothing(maya: Payee) -> None:
    on_plan(GATED, maya)
    a_sale()
    world.catch_up()
    before = latest_change()

    save(an_invoice(deal="unheard-of"), a_payment())

    assert touched_between(before, latest_change()) == {}


def test_what_a_statement_was_before_a_payment_can_be_told_for_ever(
    maya: Payee,
) -> None:
    from commissions.calculation.pipeline import calculate
    from commissions.statements.inputs import load
    from commissions.statements.periods import pay_period_of

    on_plan(GATED, maya)
    a_sale()
    world.catch_up()
    key = maya.pk, pay_period_of(date(2026, 11, 9))
    before = latest_change()
    save(an_invoice(), a_payment())
    world.catch_up()

    def waits(change: int) -> str:
        inputs = load([key], change).inputs(*key, {})
        return calculate(inputs).lines[0].waiting_for

    assert (waits(before), waits(latest_change())) == ("customer payment", "")


def test_the_cause_names_the_payment_as_the_reason(maya: Payee) -> None:
    on_plan(AS_PAID, maya)
    a_sale()
    save(an_invoice())
    world.catch_up()

    save(a_payment())
    world.catch_up()

    cause = Cause.objects.get(effect=Decimal("100.00"))
    change = Change.objects.get(number=cause.change_number or 0)
    on_the_deal = Change.objects.filter(kind="deal").order_by("-number")[0]
    assert on_the_deal.words == (
        "D1: paid 0.00 → 1,000.00; unpaid 1,000.00 → 0.00;"
        " oldest unpaid due on 10 Dec 2026 → empty; paid in full on empty → 20 Nov 2026"
    )
    assert on_the_deal.source == "PAY-p1 read in Books"
    assert (change.words, change.source) == (
        "PAY-p1: stands on D1",
        "read in Books",
    )


def test_the_quick_way_reads_a_deal_without_invoices_as_unpaid(
    maya: Payee, monkeypatch: pytest.MonkeyPatch
) -> None:
    from commissions.statements import batch

    on_plan(GATED, maya)
    a_sale("d1")
    a_sale("d2", "500")
    save(an_invoice(), a_payment())
    monkeypatch.setattr(batch, "FEWEST_CREDITS", 1)

    world.catch_up()

    row = world.statement(maya, "2026-11")
    assert (row.total, row.waiting, row.failures) == (Decimal(150), Decimal(50), 0)
    assert Run.objects.exists()
    monkeypatch.undo()
    stands_as_if_reckoned_anew()
