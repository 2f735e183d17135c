"""Spreadsheets as people have them: each row comes in exactly, or back with a sentence."""

from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from commissions_saas.lib import clock
from crm_sync.connections.upload_trial import Preview, bad_rows
from crm_sync.connections.uploads import commit_upload, look_at_file
from crm_sync.ledger.models import Entry
from crm_sync.ledger.services import create_payee
from crm_sync.workbooks.writing import Sheet, workbook_of
from tenants.access import Member
from tenants.accounts.models import Business
from tests.crm_sync.clients import logged_in, page

HEAD = "id,amount,won_on,owner"
REST = "2026-11-04,Theo Brandt"


@pytest.fixture(autouse=True)
def theo(acme: Business) -> Iterator[None]:
    with clock.at(datetime(2026, 11, 24, 16, 42, tzinfo=UTC)):
        create_payee(name="Theo Brandt")
        yield


def taken(acme: Business, by: Member, text: str) -> tuple[list[str], Preview, str]:
    """Take a file in; return what is here then, what was seen, and its bad rows."""
    upload, preview = look_at_file(
        business=acme, object_="deal", name="d.csv", content=text.encode(), by=by
    )
    commit_upload(upload=upload, business=acme, by=by)
    rows = Entry.objects.order_by("external_id")
    found = [f"{row.external_id} {row.amount:.2f} {row.currency}" for row in rows]
    upload.refresh_from_db()
    return found, preview, bad_rows(upload)


@pytest.mark.parametrize(
    ("head", "row", "found", "why"),
    [
        (f"{HEAD},,", f"a,5,{REST},,", "a 5.00 USD", ""),
        (HEAD, f'"=""007""",5,{REST}', "007 5.00 USD", ""),
        (HEAD, f"'-d4,5,{REST}", "-d4 5.00 USD", ""),
        ("id,Amount (USD),won_on,owner", f"a,(5.00),{REST}", "a -5.00 USD", ""),
        ("id,Amount in USD,won_on,owner", f"a,$5,{REST}", "a 5.00 USD", ""),
        (
            "id,Amount €,won_on,owner",
            f"a,5,{REST}",
            "",
            "Amount € is in €, and the record in USD.",
        ),
        (
            HEAD,
            f"a,1.23E+05,{REST}",
            "",
            "“amount” 1.23E+05 is a number that a spreadsheet has shortened.",
        ),
        ("id,Value,Amount,won_on,owner", f"a,9,5,{REST}", "a 5.00 USD", ""),
        (HEAD, f"Gesamtsumme:,5,{REST}", "", "This looks like a row of totals."),
    ],
)
def test_a_row_comes_in_exactly_or_back_with_a_sentence(
    acme: Business, alice: Member, head: str, row: str, found: str, why: str
) -> None:
    here, preview, _ = taken(acme, alice, f"{head}\n{row}\n")

    assert here == ([found] if found else [])
    assert [one["reason"] for one in preview.refused] == ([why] if why else [])


def test_texts_among_the_numbers_of_a_workbook_are_not_read_a_thousandfold(
    acme: Business, alice: Member
) -> None:
    amounts = ["1.234,50", "1.234", "5.5"]
    rows = [[str(at), text, *REST.split(",")] for at, text in enumerate(amounts)]
    content = workbook_of([Sheet("Deals", [HEAD.split(","), *rows])])

    _, preview = look_at_file(
        business=acme, object_="deal", name="d.xlsx", content=content, by=alice
    )

    assert preview.amount == {"USD": Decimal("5.5")}
    assert sorted(one["reason"] for one in preview.refused) == [
        "amount “1.234,50” is not a number like 1234.50.",
        "“amount” 1.234 may be 1.234 or 1234: write it like 1234.50.",
    ]


def test_ids_that_lost_their_zeros_in_a_spreadsheet_do_not_come_in_again(
    acme: Business, alice: Member
) -> None:
    taken(acme, alice, f"{HEAD}\n007,5,{REST}\n8,6,{REST}\n")

    again = f"{HEAD}\n7,5,{REST}\n008,6,{REST}\n9,7,{REST}\n"
    here, preview, back = taken(acme, alice, again)

    assert here == ["007 5.00 USD", "8 6.00 USD", "9 7.00 USD"]
    assert [
        (one["id"], one["reason"].partition(":")[0]) for one in preview.refused
    ] == [
        ("008", "It is 8 here"),
        ("7", "It is 007 here"),
    ]
    assert [line.split(",")[0] for line in back.splitlines()] == ["id", "7", "008"]


def test_columns_that_nothing_is_known_as_are_named(
    acme: Business, alice: Member
) -> None:
    text = "id,Amount (converted),won_on,Consultant\na,5,2026-11-04,Theo Brandt\n"
    upload, preview = look_at_file(
        business=acme, object_="deal", name="d.csv", content=text.encode(), by=alice
    )

    shown = page(logged_in(alice), f"/b/acme/connections/uploads/{upload.pk}/")

    assert preview.missing == ["amount", "owner"]
    assert "No column of the file is known as amount, owner. Name each so" in shown
