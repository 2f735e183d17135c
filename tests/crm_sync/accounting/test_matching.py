"""What names a deal that is not there waits in a queue, and a person may say which it is."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from crm_sync.accounting import errors, queue, services
from crm_sync.accounting.models import Reference
from crm_sync.ledger import customers
from crm_sync.ledger.catalogue import save_fields
from crm_sync.ledger.customers import SourceId
from crm_sync.ledger.errors import OwnFacts
from crm_sync.ledger.facts import FieldFact
from crm_sync.ledger.models import Entry, Payee
from tenants.access import Member
from tenants.accounts.models import Business
from tenants.audit.models import AuditRow
from tests.crm_sync.accounting.books import (
    a_deal,
    a_payee,
    a_payment,
    account,
    an_invoice,
    entry,
    save,
)
from tests.crm_sync.clients import logged_in, page


@pytest.fixture
def finance(alice: Member) -> Client:
    return logged_in(alice)


def the_one(**given: Any) -> Reference:
    return Reference.objects.get(**given)


def test_what_is_not_matched_is_listed_with_a_sentence_and_what_to_do(
    maya: Payee, finance: Client
) -> None:
    save(an_invoice("i1", deal="PO-7"), an_invoice("i2", deal=None))
    save(a_payment("p9", invoice="INV-9"))

    text = page(finance, "/b/acme/invoices/")

    assert "INV-i1 names the deal “PO-7”, which is not here." in text
    assert "It is matched by itself as soon as it is read. Or choose it here." in text
    assert "INV-i2 names no deal." in text
    assert "PAY-p9 names the invoice “INV-9”, which is not here." in text
    assert "3 not matched" in text


def test_choosing_the_deal_puts_the_invoice_and_its_payments_on_it(
    maya: Payee, finance: Client
) -> None:
    save(a_deal(), an_invoice(deal="PO-7"), a_payment())
    one = the_one(named="PO-7")

    answer = finance.post(f"/b/acme/invoices/names/{one.pk}/", {"target": "D1"})

    assert answer.status_code == 302
    assert account()["paid_on"] == "2026-11-20"
    text = page(finance, "/b/acme/invoices/")
    assert "Everything is matched" in text and "Matched by people" in text
    assert AuditRow.objects.filter(action="ledger.accounting.matched").exists()

    finance.post(f"/b/acme/invoices/names/{one.pk}/undo/")
    assert account() == {}


def test_a_choice_holds_when_the_invoice_is_read_again_and_can_be_taken_back(
    maya: Payee, alice: Member
) -> None:
    save(a_deal(), an_invoice(deal="PO-7"))
    services.choose(reference=the_one(named="PO-7"), target=entry("d1"), by=alice)

    save(an_invoice(deal="PO-7", version="2", amount="1200"))
    assert account()["invoiced"] == "1200"

    services.forget(reference=the_one(named="PO-7"), by=alice)
    assert account() == {}
    assert the_one(named="PO-7").problem == "unknown"


def test_a_choice_ends_where_the_source_names_another_deal(
    maya: Payee, alice: Member
) -> None:
    save(a_deal("d1"), a_deal("d2"), an_invoice(deal="PO-7"))
    services.choose(reference=the_one(named="PO-7"), target=entry("d1"), by=alice)

    save(an_invoice(deal="d2", version="2"))

    assert (account("d1"), account("d2")["invoiced"]) == ({}, "1000")


def test_choosing_twice_changes_nothing_the_second_time(
    maya: Payee, alice: Member
) -> None:
    save(a_deal(), an_invoice(deal="PO-7"))
    one = the_one(named="PO-7")

    first = services.choose(reference=one, target=entry("d1"), by=alice)
    second = services.choose(reference=one, target=entry("d1"), by=alice)

    assert (first, second) == (2, 0)


def test_a_payment_may_be_put_on_a_deal_without_any_invoice(
    maya: Payee, alice: Member
) -> None:
    save(a_deal(), a_payment(invoice=None))

    one = the_one(entry=entry("p1"))
    services.choose(reference=one, target=entry("d1"), by=alice)

    assert account()["paid"] == "1000"
    save(a_payment(invoice=None, version="2", amount="500"))
    assert account()["paid"] == "500"


def test_an_invoice_cannot_stand_on_an_invoice(maya: Payee, alice: Member) -> None:
    save(an_invoice("i1", deal="PO-7"), an_invoice("i2"))

    with pytest.raises(errors.NotThis):
        services.choose(reference=the_one(named="PO-7"), target=entry("i2"), by=alice)


def test_nobody_says_which_deal_is_paid_where_they_are_paid_for_it(
    acme: Business, alice: Member
) -> None:
    own = a_payee("Alice", "user_maya")
    Payee.objects.filter(pk=own.pk).update(user_id=alice.user_id)
    save(a_deal(), an_invoice(deal="PO-7"))

    with pytest.raises(OwnFacts):
        services.choose(reference=the_one(named="PO-7"), target=entry("d1"), by=alice)
    assert account() == {}


def test_deals_can_be_named_by_a_field_of_theirs(maya: Payee, finance: Client) -> None:
    save_fields([FieldFact("deal", "order_number", "Order number", "text")])
    save(a_deal(order_number="PO-7"), an_invoice(deal="PO-7"), a_payment())
    assert account() == {}

    finance.post("/b/acme/invoices/deals/", {"key": "order_number"})
    assert account()["paid"] == "1000"

    # One that comes later, and one whose number is corrected, are found as well.
    save(an_invoice("i2", "50", deal="PO-8"))
    assert the_one(named="PO-8").problem == "unknown"
    save(a_deal("d2", order_number="PO-8"))
    assert account("d2")["invoiced"] == "50"
    save(a_deal("d2", version="2", order_number="PO-9"))
    assert account("d2") == {}


def test_two_deals_of_one_number_are_told_apart_by_a_person(
    maya: Payee, finance: Client, alice: Member
) -> None:
    save_fields([FieldFact("deal", "order_number", "Order number", "text")])
    services.name_deals_by(key="order_number", by=alice)
    save(a_deal("d1", order_number="7"), a_deal("d2", order_number="7"))
    save(an_invoice(deal="7"))
    assert "several are called so" in page(finance, "/b/acme/invoices/")

    one = the_one(named="7")
    finance.post(f"/b/acme/invoices/names/{one.pk}/", {"target": "d2"})

    assert (account("d1"), account("d2")["invoiced"]) == ({}, "1000")


def test_a_name_that_finds_nothing_says_so(maya: Payee, finance: Client) -> None:
    save(an_invoice(deal="PO-7"))
    one = the_one(named="PO-7")

    for said, words in (("Nobody", "Nothing is called “Nobody”"), ("", "Say what")):
        url = f"/b/acme/invoices/names/{one.pk}/"
        answer = finance.post(url, {"target": said}, follow=True)
        assert words in answer.content.decode()


def test_a_field_that_deals_do_not_have_is_refused(
    maya: Payee, finance: Client
) -> None:
    given = {"key": "nothing"}
    answer = finance.post("/b/acme/invoices/deals/", given, follow=True)

    assert "Deals have no field “nothing”." in answer.content.decode()


def test_a_customer_that_nobody_has_matched_is_listed_until_somebody_does(
    maya: Payee, finance: Client, alice: Member
) -> None:
    Entry.objects.create(
        connection_id=2,
        object="customer",
        external_id="C-17",
        name="Whitcomb Dental LLC",
        version="1",
        changed=1,
    )
    save(a_deal(), an_invoice(customer="C-17"))

    text = page(finance, "/b/acme/invoices/")
    assert "Whitcomb Dental LLC" in text and "C-17" in text

    customers.match(ids=[SourceId(2, "C-17")], name="Whitcomb Dental", by=alice)
    assert queue.customers_waiting() == []


def test_what_is_overdue_is_so_by_the_sites_day(maya: Payee, finance: Client) -> None:
    save(
        a_deal(),
        an_invoice("yesterday", due_on=date(2026, 11, 23)),
        an_invoice("today", due_on=date(2026, 11, 24)),
        an_invoice("without", due_on=None, occurred_on=date(2026, 11, 10)),
        an_invoice("paid", due_on=date(2026, 11, 1)),
        a_payment("p1", invoice="paid"),
        an_invoice("said", due_on=date(2026, 11, 1), status="Paid"),
        an_invoice("void", due_on=date(2026, 11, 1), status="Void"),
    )

    late = {one.entry.external_id: one.days for one in queue.overdue()}

    assert late == {"yesterday": 1, "without": 14}
    assert "INV-yesterday" in page(finance, "/b/acme/invoices/")


def test_an_empty_business_is_told_where_invoices_come_from(
    acme: Business, finance: Client
) -> None:
    assert "No invoices or payments yet" in page(finance, "/b/acme/invoices/")


def test_many_invoices_that_say_they_are_paid_hide_no_overdue_one(
    maya: Payee, monkeypatch: pytest.MonkeyPatch
) -> None:
    due = date(2026, 11, 1)
    save(
        a_deal("d1"),
        *(an_invoice(f"p{n}", due_on=due, status="Paid") for n in range(3)),
        an_invoice("amount", due_on=due, paid=Decimal(1000)),
        an_invoice("yes", due_on=due, paid=True),
        an_invoice("part", due_on=due, paid=Decimal(999)),
        an_invoice("late", due_on=due + timedelta(days=1)),
    )

    assert [row.entry.external_id for row in queue.overdue(most=1)] == ["part"]
    assert len(queue.overdue(most=2)) == 2


def test_what_stands_on_nothing_is_counted_up_to_a_day(maya: Payee) -> None:
    save(
        a_deal("d1"),
        an_invoice("i1"),
        a_payment("q1", invoice="nowhere", occurred_on=date(2026, 11, 20)),
        a_payment("q2", invoice=None, occurred_on=date(2026, 12, 1)),
    )

    assert queue.unmatched_until(date(2026, 11, 30)) == 1
    assert queue.unmatched_until(date(2026, 12, 31)) == 2
