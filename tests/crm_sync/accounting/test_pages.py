"""The account stands on the deal and on the customer, for those who may see it."""

from datetime import date

import pytest
from django.test import Client

from crm_sync.accounting.accounts import account_of_customer, account_of_deal
from crm_sync.connections.models import Connection
from crm_sync.ledger import customers
from crm_sync.ledger.customers import SourceId
from crm_sync.ledger.models import Customer, Entry, Payee
from tenants.access import Member
from tenants.accounts.models import Business
from tests.crm_sync.accounting.books import (
    a_deal,
    a_payment,
    an_invoice,
    entry,
    save,
    says,
)
from tests.crm_sync.clients import logged_in, page


@pytest.fixture
def whitcomb(acme: Business, maya: Payee, theo: Payee, alice: Member) -> Customer:
    """A customer of two deals of two people, known to the CRM and to the books."""
    for pk, name in ((1, "Close"), (2, "Books")):
        Connection.objects.create(
            pk=pk,
            group_id=acme.group_id,
            business_id=acme.pk,
            kind="rest",
            name=name,
        )
    for connection_id, object_, id_, name in (
        (1, "lead", "lead_1", "Whitcomb Dental"),
        (2, "customer", "C-17", "WHITCOMB DENTAL LLC"),
    ):
        Entry.objects.create(
            connection_id=connection_id,
            object=object_,
            external_id=id_,
            name=name,
            version="1",
            changed=1,
        )
    ids = [SourceId(1, "lead_1"), SourceId(2, "C-17")]
    customer = customers.match(ids=ids, name="Whitcomb", by=alice)
    assert customer is not None
    save(
        a_deal("d1", customer="lead_1"),
        a_deal("d2", customer="lead_1", owner="user_theo"),
        an_invoice("i1", "1000", customer="C-17", due_on=date(2026, 11, 20)),
        an_invoice("i2", "500", deal="d2"),
        an_invoice("i3", "77", deal="d2", currency="EUR", customer="C-17"),
        a_payment("p1", "400"),
    )
    return customer


def sees(business: Business, member: Member, payee: Payee) -> Client:
    Payee.objects.filter(pk=payee.pk).update(user_id=member.user_id)
    return logged_in(member)


def test_a_customers_account_adds_each_currency_by_itself(
    whitcomb: Customer, alice: Member
) -> None:
    text = page(logged_in(alice), f"/b/acme/customers/{whitcomb.pk}/")

    # Open 600 of i1 and 500 of i2, which names no customer but stands on their deal.
    for words in ("1,100.00", "600.00", "400.00", "77.00", "EUR", "Overdue"):
        assert words in text, words
    assert "WHITCOMB DENTAL LLC" in text and "C-17" in text
    assert "Close" in text and "lead_1" in text and "Books" in text


def test_a_rep_sees_the_account_of_the_customers_of_their_deals_alone(
    whitcomb: Customer, acme: Business, bob: Member, maya: Payee
) -> None:
    other = Customer.objects.create(name="Somebody else")
    rep = sees(acme, bob, maya)

    text = page(rep, f"/b/acme/customers/{whitcomb.pk}/account/")

    own = f"/b/acme/deals/{entry('i1').pk}/"
    assert own in text and "INV-i2" in text
    assert f"/b/acme/deals/{entry('i2').pk}/" not in text  # it is Theo's
    assert rep.get(f"/b/acme/customers/{other.pk}/account/").status_code == 404
    assert rep.get(f"/b/acme/customers/{whitcomb.pk}/").status_code in (403, 404)
    assert rep.get("/b/acme/invoices/").status_code == 403


def test_a_rep_without_deals_sees_no_account(whitcomb: Customer, bob: Member) -> None:
    url = f"/b/acme/customers/{whitcomb.pk}/account/"
    assert logged_in(bob).get(url).status_code == 404


def test_charlie_finds_nothing(whitcomb: Customer, charlie: Member) -> None:
    stranger = logged_in(charlie)
    for url in (
        "invoices/",
        f"customers/{whitcomb.pk}/account/",
        f"deals/{entry('i1').pk}/",
    ):
        assert stranger.get(f"/b/acme/{url}").status_code == 404


def test_the_deal_shows_its_invoices_and_leads_to_each_record(
    whitcomb: Customer, acme: Business, bob: Member, maya: Payee
) -> None:
    rep = sees(acme, bob, maya)

    text = page(rep, f"/b/acme/deals/{entry('d1').pk}/")

    for id_ in ("i1", "p1"):
        assert f"/b/acme/deals/{entry(id_).pk}/" in text
    assert "Overdue" in text and "600.00" in text
    assert f"/b/acme/customers/{whitcomb.pk}/account/" in text
    invoice = page(rep, f"/b/acme/deals/{entry('i1').pk}/")
    assert "PAY-p1" in invoice


def test_a_deal_with_invoices_in_two_currencies_says_what_that_means(
    whitcomb: Customer, alice: Member
) -> None:
    text = page(logged_in(alice), f"/b/acme/deals/{entry('d2').pk}/")

    assert "amounts of two currencies are never added" in text


def test_a_deal_that_nothing_was_invoiced_for_says_so(
    whitcomb: Customer, alice: Member
) -> None:
    save(a_deal("d3"))

    text = page(logged_in(alice), f"/b/acme/deals/{entry('d3').pk}/")

    assert "No invoice names this deal." in text


def test_invoices_are_not_listed_among_the_deals(
    whitcomb: Customer, alice: Member
) -> None:
    text = page(logged_in(alice), "/b/acme/deals/")

    assert "D1" in text and "INV-i1" not in text


def test_what_invoices_say_themselves_is_paid_beside_payments(
    whitcomb: Customer, alice: Member
) -> None:
    save(
        an_invoice("i4", "50", deal="d2", customer="C-17", status="paid"),
        a_payment("p2", "30", deal="d2", invoice=None),
        a_payment("p3", "9", customer="C-17", invoice=None),
    )

    account = account_of_customer(whitcomb, alice)
    deal = account_of_deal(entry("d2"), alice)

    # 400 by p1; the 30 of p2 are a part of the 50 that i4 says; p3 stands on no deal.
    assert {t.currency: t.paid for t in account.totals} == {"EUR": 0, "USD": 459}
    assert {t.currency: t.paid for t in deal.totals} == {"EUR": 0, "USD": 50}
    assert says("d2")["paid"] == ""  # two currencies: no amounts for formulas


def test_a_period_says_before_it_is_closed_what_is_not_matched(
    whitcomb: Customer, alice: Member
) -> None:
    finance = logged_in(alice)
    clean = page(finance, "/b/acme/periods/2026-11/")
    save(a_payment("p4", invoice="nowhere"))

    text = page(finance, "/b/acme/periods/2026-11/")

    assert "Every invoice and payment is matched" in clean
    assert "1 invoice or payment is not matched" in text
    assert 'href="/b/acme/invoices/"' in text
    assert "is not matched" not in page(finance, "/b/acme/periods/2026-10/")
