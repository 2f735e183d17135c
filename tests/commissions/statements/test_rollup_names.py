"""The owners' roll-up shows the names of today, also where no amount moved."""

from datetime import date
from decimal import Decimal

import pytest

from commissions.plans.models import Plan
from commissions.statements import batch, services
from commissions.statements.models import PayPeriod
from crm_sync.ledger.models import Payee
from crm_sync.ledger.placements import place_payee
from crm_sync.ledger.services import create_territory, edit_payee
from tenants.access import Member
from tenants.accounts.models import Business
from tenants.accounts.models import Member as MemberRow
from tenants.rollup.models import DetailFact, PayeeFact
from tests.commissions.statements import world
from tests.commissions.statements.world import a_deal, sync

NOVEMBER = date(2026, 11, 1)
PLAN = """
plan: Flat
currency: USD
components:
  - {key: sale, amount: deal.amount * 10%}
"""


@pytest.fixture
def finance(acme: Business, alice: MemberRow) -> Member:
    return world.acting(alice, acme)


@pytest.fixture
def sold(maya: Payee) -> Payee:
    """Maya sold two roofs in November, which pay the same whatever they are called."""
    plan = Plan.objects.create(name="Flat", slug="flat")
    world.publish(plan, PLAN, date(2026, 1, 1))
    world.assign(maya, plan, date(2026, 1, 1))
    sync(
        a_deal("one", date(2026, 11, 5), "1000", "Roof"),
        a_deal("two", date(2026, 11, 6), "500", "Roof"),
    )
    world.catch_up()
    return maya


def sold_as() -> dict[tuple[str, str], Decimal]:
    rows = DetailFact.objects.filter(period="2026-11")
    return {(row.product, row.territory): row.earned for row in rows}


def the_first_is_called(product: str) -> None:
    sync(a_deal("one", date(2026, 11, 5), "1000", product, version=f"9 {product}"))
    world.catch_up()


def test_a_product_that_is_called_otherwise_is_so_at_once(sold: Payee) -> None:
    the_first_is_called("Roof, slate")

    assert sold_as() == {("Roof, slate", ""): Decimal(100), ("Roof", ""): Decimal(50)}


def test_it_is_so_in_a_frozen_month_too_and_no_late_change(
    sold: Payee, finance: Member
) -> None:
    services.freeze(period=PayPeriod.objects.get(slug="2026-11"), by=finance)

    the_first_is_called("Roof, slate")

    assert ("Roof, slate", "") in sold_as()
    assert world.statement(sold, "2026-11").total == Decimal("150.00")


def test_it_is_so_where_many_deals_are_worked_out_at_once(
    sold: Payee, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batch, "FEWEST_CREDITS", 1)

    the_first_is_called("Roof, slate")

    assert sold_as() == {("Roof, slate", ""): Decimal(100), ("Roof", ""): Decimal(50)}


def test_a_territory_is_that_of_where_its_owner_is_placed_now(
    sold: Payee, finance: Member
) -> None:
    north = create_territory(name="North")

    place_payee(payee=sold, manager=None, territory=north, starts_on=NOVEMBER)
    world.catch_up()

    assert sold_as() == {("Roof", "North"): Decimal(150)}


def test_a_payee_has_one_name_in_all_months(sold: Payee, finance: Member) -> None:
    sync(a_deal("old", date(2026, 10, 5), "100", "Roof"))
    world.catch_up()
    services.freeze(period=PayPeriod.objects.get(slug="2026-10"), by=finance)

    edit_payee(payee=sold, by=finance, name="Maya Okafor-Lind")
    world.catch_up()

    names = PayeeFact.objects.filter(payee_id=sold.pk).values_list("payee_name")
    assert set(names) == {("Maya Okafor-Lind",)}
