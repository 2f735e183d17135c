"""Customers of the CRM and of accounting, lined up by people with one spreadsheet."""

import csv
import io
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from django.test import Client

from commissions_saas.lib import clock
from crm_sync.connections.models import Connection
from crm_sync.ledger import customers
from crm_sync.ledger.customers import SourceId, alike
from crm_sync.ledger.errors import LedgerError
from crm_sync.ledger.models import Change, Customer, CustomerId, Entry
from tenants.access import Member
from tenants.accounts.models import Business

Get = Callable[..., str]
CRM, BOOKS = 1, 2


@pytest.fixture(autouse=True)
def sources(acme: Business) -> None:
    """A CRM and an accounting system that write names as they like."""
    for pk, name in ((CRM, "Close"), (BOOKS, "QuickBooks")):
        Connection.objects.create(
            pk=pk, group_id=acme.group_id, business_id=acme.pk, kind="close", name=name
        )
    for connection, id, name in (
        (CRM, "lead_1", "Whitcomb Dental, LLC"),
        (CRM, "lead_2", "Café Délice"),
        (CRM, "lead_3", "Smith"),
        (CRM, "lead_4", "Smith"),
        (BOOKS, "7", "WHITCOMB DENTAL"),
        (BOOKS, "8", "Cafe Delice Inc."),
        (BOOKS, "9", "Smith"),
        (BOOKS, "10", "Ortega & Sons"),
    ):
        a_customer(connection, id, name)


def a_customer(connection: int, id: str, name: str) -> None:
    Entry.objects.create(
        connection_id=connection,
        object="lead" if connection == CRM else "customer",
        external_id=id,
        name=name,
        version="1",
        changed=1,
    )


@pytest.fixture
def page(alice: Member) -> Get:
    client = Client()
    client.force_login(alice.user)

    def ask(address: str = "", **fields: str) -> str:
        url = f"/b/acme/customers/all/{address}"
        answer = client.post(url, fields, follow=True) if fields else client.get(url)
        assert answer.status_code == 200, answer.status_code
        return answer.content.decode()

    return ask


def crm(id: str) -> SourceId:
    return SourceId(CRM, id)


def books(id: str) -> SourceId:
    return SourceId(BOOKS, id)


def test_names_are_alike_without_accents_case_and_company_forms() -> None:
    assert alike("Café Délice") == alike("CAFE  DELICE, Inc.") == "cafe delice"
    assert alike("The Limited Company") == "the limited company"  # nothing else is left
    assert alike("Ortega & Sons") != alike("Ortega")


def test_only_a_name_that_stands_once_on_each_side_is_suggested() -> None:
    found = customers.matching()

    assert [[one.name for one in group] for group in found.suggested] == [
        ["Café Délice", "Cafe Delice Inc."],
        ["Whitcomb Dental, LLC", "WHITCOMB DENTAL"],
    ]
    assert {pk: len(own) for pk, own in found.alone.items()} == {CRM: 4, BOOKS: 4}


def test_suggestions_are_accepted_together_and_once(page: Get) -> None:
    assert "2 alike by name" in page()

    assert "2 customers matched." in page("alike/", seen="2")
    assert "There are 0 suggestions now." in page("alike/", seen="2")

    assert sorted(Customer.objects.values_list("name", flat=True)) == [
        "Café Délice",
        "Whitcomb Dental, LLC",
    ]
    assert CustomerId.objects.count() == 4


def test_the_spreadsheet_goes_out_is_filled_in_and_comes_back(page: Get) -> None:
    sheet = list(csv.DictReader(io.StringIO(page("csv/"))))
    assert list(sheet[0]) == [
        "customer",
        "match",
        "close_id",
        "close_name",
        "quickbooks_id",
        "quickbooks_name",
    ]
    assert [row["match"] for row in sheet] == ["same name"] * 2 + [""] * 4

    for row in sheet:
        if row["match"] == "same name":
            row["match"] = "yes"
        if row["close_id"] == "lead_3":
            row |= {"match": "yes", "quickbooks_id": "9", "customer": "Smith & Wesson"}
    text = io.StringIO()
    writer = csv.DictWriter(text, list(sheet[0]))
    writer.writeheader()
    writer.writerows(sheet)
    assert "Smith" in page("upload/", text=text.getvalue())
    assert not CustomerId.objects.exists()
    assert "3 entered" in page("upload/", text=text.getvalue(), do="enter")

    smith = Customer.objects.get(name="Smith & Wesson")
    own = smith.ids.order_by("connection_id")
    assert [row.external_id for row in own] == ["lead_3", "9"]
    changes = Change.objects.count()
    assert "0 entered" in page("upload/", text=text.getvalue(), do="enter")
    assert Change.objects.count() == changes
    again = list(csv.DictReader(io.StringIO(page("csv/"))))
    assert [row["match"] for row in again].count("yes") == 3


def test_one_customer_may_have_two_records_in_one_source(alice: Member) -> None:
    customer = customers.match(ids=[crm("lead_3"), books("9")], by=alice)
    assert customer is not None
    customers.match(ids=[crm("lead_4")], name=customer.name, by=alice)

    (matched,) = customers.matching().matched
    assert [one.id.external_id for one in matched.records] == ["lead_3", "lead_4", "9"]


def test_a_slip_in_the_spreadsheet_merges_no_customers(alice: Member) -> None:
    customers.match(ids=[crm("lead_1"), books("7")], by=alice)
    customers.match(ids=[crm("lead_2"), books("8")], by=alice)

    with pytest.raises(LedgerError, match="two customers already"):
        customers.match(ids=[crm("lead_1"), books("8")], by=alice)


def test_taking_apart_is_remembered_and_can_be_matched_anew(alice: Member) -> None:
    customers.match(ids=[crm("lead_1"), books("7")], by=alice)

    assert customers.take_apart(ids=[books("7")], by=alice) == 1
    assert customers.take_apart(ids=[books("7")], by=alice) == 0
    customers.match(ids=[crm("lead_1"), books("7")], by=alice)

    rows = CustomerId.objects.filter(external_id="7").order_by("opened")
    assert [row.closed is None for row in rows] == [False, True]


def test_a_name_that_drifts_is_told_until_somebody_settles_it(
    page: Get, alice: Member
) -> None:
    customers.match(ids=[crm("lead_1"), books("7")], by=alice)
    Entry.objects.filter(external_id="7").update(name="Hollis Dental")
    Entry.objects.filter(external_id="lead_1").update(deleted=True)

    shown = page()
    assert "Hollis Dental" in shown
    assert "gone from the source" in shown

    page("drift/", connection=str(BOOKS), id="7", do="same")
    page("drift/", connection=str(CRM), id="lead_1", do="apart")
    assert not customers.matching().drift
    assert "It was settled before." in page(
        "drift/", connection=str(CRM), id="lead_1", do="apart"
    )


def test_an_id_that_no_source_has_is_refused(alice: Member) -> None:
    with (
        clock.at(datetime(2026, 11, 24, tzinfo=UTC)),
        pytest.raises(LedgerError, match="no customer “lead_99”"),
    ):
        customers.match(ids=[crm("lead_99"), books("7")], by=alice)
    assert not Customer.objects.exists()


@pytest.mark.parametrize("seen", ["x", "²", "9" * 5_000, "", "-1"])
def test_what_is_no_number_was_not_seen(page: Get, seen: str) -> None:
    assert "There are 2 suggestions now." in page("alike/", seen=seen)
    assert not Customer.objects.exists()


HEAD = "customer,match,close_id,quickbooks_id\n"


@pytest.mark.parametrize(
    ("rows", "why"),
    [
        (",yes,lead_1,7\n,yes,lead_1,8\n", "“lead_1” stands in another row, too"),
        (",yes,lead_3,9\n", "Delice has “lead_2” in that source already"),
        (",yes,lead_2,7\n", "are two customers already: Delice and Whitcomb"),
        (",yes,lead_99,10\n", "There is no customer “lead_99” in that source."),
    ],
)
def test_what_sales_and_finance_say_differently_is_told_beforehand(
    rows: str, why: str, page: Get, alice: Member
) -> None:
    customers.match(ids=[crm("lead_2"), books("9")], name="Delice", by=alice)
    if "two customers" in why:
        customers.match(ids=[books("7")], name="Whitcomb", by=alice)
    before = CustomerId.objects.count()

    shown = page("upload/", text=HEAD + rows)
    page("upload/", text=HEAD + rows, do="enter")

    assert why in shown
    assert CustomerId.objects.count() - before == (2 if "another row" in why else 0)


def test_a_second_record_of_a_source_is_added_where_the_row_names_the_customer(
    page: Get, alice: Member
) -> None:
    customers.match(ids=[crm("lead_3"), books("9")], name="Smith", by=alice)
    text = f"{HEAD}Smith,yes,lead_4,9\nSmith,yes,lead_3,\n"

    assert "one customer already" in page("upload/", text=text)
    assert "1 entered, 1 known already." in page("upload/", text=text, do="enter")


def test_a_name_that_looks_like_a_formula_goes_out_harmless_and_comes_back(
    page: Get,
) -> None:
    a_customer(BOOKS, "=1+1", '=HYPERLINK("https://evil.example")')
    a_customer(CRM, "lead_7", "@SUM(A1)")
    sheet = page("csv/")

    assert ",'=1+1," in sheet and ",=" not in sheet and ",@" not in sheet
    text = f"{HEAD}'=Boss,yes,lead_7,'=1+1\n"
    assert "1 entered" in page("upload/", text=text, do="enter")
    assert Customer.objects.get().name == "=Boss"
