"""Accounts: whose they are, and that no money of theirs counts twice."""

import pytest

from crm_sync.accounting.whose import customers_visible_to
from crm_sync.ledger.models import Customer, CustomerId, Payee
from tenants.access import Member
from tenants.accounts.models import Business
from tests.crm_sync.accounting.books import (
    a_deal,
    a_payee,
    a_payment,
    account,
    an_invoice,
    save,
)
from tests.crm_sync.accounting.conftest import at_noon  # noqa: F401 — fixture


def _customer(name: str, connection_id: int, external_id: str) -> Customer:
    customer = Customer.objects.create(name=name)
    CustomerId.objects.create(
        customer=customer,
        connection_id=connection_id,
        external_id=external_id,
        opened=1,
    )
    return customer


@pytest.fixture
def bobs_deal(acme: Business, bob: Member) -> None:
    maya = a_payee("Maya Okafor", "user_maya")
    Payee.objects.filter(pk=maya.pk).update(user_id=bob.user_id)
    save(a_deal("d1", customer="17"))


def test_the_same_id_in_another_source_opens_nobody_elses_account(
    bobs_deal: None, bob: Member
) -> None:
    own = _customer("Whitcomb", 1, "17")
    _customer("A stranger of the books", 2, "17")

    assert list(customers_visible_to(bob)) == [own]


def test_an_id_that_two_other_sources_give_to_two_customers_opens_neither(
    bobs_deal: None, bob: Member
) -> None:
    _customer("One", 2, "17")
    _customer("Two", 3, "17")

    assert list(customers_visible_to(bob)) == []


def test_an_id_of_one_other_source_alone_opens_its_customer(
    bobs_deal: None, bob: Member
) -> None:
    known = _customer("Known to the books alone", 2, "17")

    assert list(customers_visible_to(bob)) == [known]


def test_a_payment_of_a_deal_is_not_paid_again_by_what_its_invoice_says(
    acme: Business,
) -> None:
    a_payee("Maya Okafor", "user_maya")
    save(
        a_deal("d1"),
        an_invoice("i1", status="paid"),
        a_payment("p1", invoice=None, deal="d1"),
    )

    assert account()["paid"] == "1000"
    assert account()["paid_share"] == "1"


def test_a_payment_of_the_deal_alone_and_an_invoices_word_are_the_larger_of_the_two(
    acme: Business,
) -> None:
    a_payee("Maya Okafor", "user_maya")
    save(
        a_deal("d1"),
        an_invoice("i1", status="paid"),
        a_payment("p1", "300", invoice=None, deal="d1"),
    )

    assert account()["paid"] == "1000"
    assert account()["paid_on"] == "2026-11-20"


def test_a_weight_that_no_column_holds_stops_no_other_record(acme: Business) -> None:
    a_payee("Maya Okafor", "user_maya")
    huge = "999999999999999"
    done = save(
        a_deal("d1"),
        an_invoice("i1", deal="d1, d1", deal_amounts=f"{huge}, {huge}"),
        an_invoice("i2", deal="d1"),
    )

    assert done.new == 3
    assert account()["invoiced"] == "1000", "nobody can say what is for whom"
