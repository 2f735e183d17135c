"""What a refused record may hold up: an estimate, by which refused records are ranked."""

from datetime import date
from decimal import Decimal

import pytest
from django.core.cache import cache
from django.test import Client

from commissions.plans.models import Plan
from commissions.statements.held_up import estimate_held_up, months_before
from crm_sync.connections.models import Connection
from crm_sync.ledger.models import Payee, RefusedRecord
from crm_sync.ledger.recording import record
from crm_sync.ledger.selectors import refused_groups
from tenants.access import Member
from tests.commissions.statements import world
from tests.commissions.statements.world import AIR, CARE, SYSTEM, a_deal, sync


@pytest.fixture
def autumn(advisor_plan: Plan, maya: Payee) -> None:
    """Sold in three months: 10,000.00 of one product at 10 %, four plans for 40.00."""
    sync(
        a_deal("old", date(2026, 7, 31), "90000", AIR),
        a_deal("august", date(2026, 8, 1), "6000", AIR),
        a_deal("november", date(2026, 11, 2), "4000", AIR),
        *(
            a_deal(f"care_{day}", date(2026, 11, day), "240", CARE)
            for day in range(3, 7)
        ),
    )
    world.catch_up()


def estimate(amount: str, product: str = "", currency: str = "USD") -> Decimal | None:
    return estimate_held_up("deal", Decimal(amount), currency, {"product": product})


def refuse(*products: str) -> list[RefusedRecord]:
    """Let deals of a user whom nobody knows come in."""
    deals = [
        a_deal(f"refused_{n}", date(2026, 11, 20), "1840", product, owner=f"k.ito{n}")
        for n, product in enumerate(products)
    ]
    record(records=deals, origin=world.CLOSE)
    return list(RefusedRecord.objects.order_by("external_id"))


@pytest.mark.usefixtures("autumn")
def test_a_record_may_hold_up_what_its_product_has_earned_lately() -> None:
    assert estimate("1840", AIR) == Decimal("184.00")
    assert estimate("240", CARE) == Decimal("40.00")
    assert estimate("10.99", AIR) == Decimal("1.10")


@pytest.mark.usefixtures("autumn")
@pytest.mark.parametrize("product", ["", SYSTEM])
def test_a_blank_or_unsold_product_is_worth_what_all_earn(product: str) -> None:
    # 1,000.00 and 160.00 of commission on 10,000.00 and 960.00 of bookings.
    assert estimate("1096", product) == Decimal("116.00")


def test_nothing_is_guessed_where_nothing_was_earned(maya: Payee) -> None:
    assert estimate("1840", AIR) is None


@pytest.mark.usefixtures("autumn")
def test_another_currency_or_object_tells_nothing() -> None:
    assert estimate("1840", AIR, currency="CAD") is None
    assert estimate_held_up("meeting", Decimal(5), "USD", {}) is None
    assert estimate("0", AIR) is None
    assert estimate("-5", AIR) is None


@pytest.mark.usefixtures("autumn")
def test_a_deal_that_two_are_paid_for_is_booked_once(theo: Payee) -> None:
    shared = {"split_with": "user_theo", "split_percent": Decimal("0.5")}
    sync(a_deal("shared", date(2026, 11, 9), "10000", AIR, **shared))
    world.catch_up()
    cache.clear()

    assert estimate("1840", AIR) == Decimal("184.00")


@pytest.mark.usefixtures("autumn")
def test_refused_records_are_ranked_by_the_money_they_hold_up() -> None:
    refused = refuse(CARE, AIR)

    assert [row.held_up for row in refused] == [Decimal("306.67"), Decimal("184.00")]
    assert [group.held_up for group in refused_groups()] == [
        Decimal("306.67"),
        Decimal("184.00"),
    ]


@pytest.mark.usefixtures("autumn")
def test_the_bar_says_how_much_commission_is_not_counted(
    client: Client, maya: Payee, alice: Member
) -> None:
    Connection.objects.update(state="active", last_success_at="2026-11-23T17:50:00Z")
    refuse(CARE, AIR)
    client.force_login(alice.user)

    text = client.get(f"/b/acme/statements/{maya.pk}/2026-11/").content.decode()

    assert "2 records refused (≈ $490.67 commission not counted)" in text


def test_months_are_counted_back_over_the_turn_of_the_year() -> None:
    assert months_before(date(2026, 2, 28), 3) == date(2025, 11, 1)
    assert months_before(date(2026, 11, 24), 3) == date(2026, 8, 1)
