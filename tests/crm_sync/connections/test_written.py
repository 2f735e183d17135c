"""What people's spreadsheets write is read where it can be read one way only."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from commissions_saas.lib import clock
from crm_sync.connections.upload_trial import Preview
from crm_sync.connections.uploads import commit_upload, look_at_file
from crm_sync.ledger.models import Entry
from crm_sync.ledger.services import create_payee
from crm_sync.moments import as_day
from crm_sync.money_signs import means, without_sign
from tenants.access import Member
from tenants.accounts.models import Business
from tests.crm_sync.clients import logged_in, page

HEAD = "id,name,amount,won_on,owner\n"


@pytest.fixture(autouse=True)
def theo(acme: Business) -> Iterator[None]:
    with clock.at(datetime(2026, 11, 24, 16, 42, tzinfo=UTC)):
        create_payee(name="Theo Brandt")
        yield


def look(acme: Business, by: Member, rows: str) -> Preview:
    content = (HEAD + rows).encode()
    return look_at_file(
        business=acme, object_="deal", name="d.csv", content=content, by=by
    )[1]


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("$1,234.50", ("1,234.50", "$")),
        ("-$5", ("-5", "$")),
        ("$(1,234.50)", ("(1,234.50)", "$")),
        ("($ 5)", ("(5)", "$")),
        ("5\u00a0€", ("5", "€")),
        ("EUR 5", ("5", "EUR")),
        ("US$5-", ("5-", "US$")),
        ("5", ("5", "")),
        ("$5 USD", ("$5 USD", "")),
        ("A5", ("A5", "")),
        ("$", ("$", "")),
    ],
)
def test_the_sign_of_a_currency_is_told_from_its_number(
    text: str, plain: tuple[str, str]
) -> None:
    assert without_sign(text) == plain


def test_a_sign_means_its_currencies_alone() -> None:
    assert means("$", "CAD") and means("GBP", "GBP")
    assert not means("$", "EUR") and not means("€", "") and not means("CHF", "USD")


def test_amounts_with_their_own_sign_are_read_and_those_of_another_are_refused(
    acme: Business, alice: Member
) -> None:
    rows = (
        'a,A,"$1,234.50",2026-11-04,Theo Brandt\n'
        'b,B,"$(34.50)",2026-11-04,Theo Brandt\n'
        "c,C,€5,2026-11-04,Theo Brandt\n"
        "d,D,5%,2026-11-04,Theo Brandt\n"
    )

    preview = look(acme, alice, rows)

    assert preview.amount == {"USD": Decimal("1200.00")}
    assert [row["reason"] for row in preview.refused] == [
        "amount is in €, and the record in USD.",
        "amount “5%” is a percentage, not an amount.",
    ]


@pytest.mark.parametrize(
    "text",
    [
        *("2026-11-04", "2026/11/4", "4.11.2026", "4 Nov 2026", "04-Nov-26"),
        *("Nov 4, 2026", "4 November 2026", "Sept. 4, 2026"),
    ],
)
def test_a_day_is_read_in_every_form_that_has_one_meaning(text: str) -> None:
    assert as_day(text) == date(2026, 9 if "Sept" in text else 11, 4)


@pytest.mark.parametrize(
    "text",
    ["04/11/2026", "1026-11-04", "4.13.2026", "4 Nob 2026", "Nov 2026", "4 Novem 2026"],
)
def test_what_may_be_another_day_or_none_is_no_day(text: str) -> None:
    with pytest.raises(ValueError):
        as_day(text)


def test_rows_that_are_no_records_and_ids_that_were_spoilt_come_back(
    acme: Business, alice: Member
) -> None:
    rows = (
        "a,A,5,4 Nov 2026,Theo \u00a0 Brandt\n"
        "1.23457E+11,B,5,2026-11-04,Theo Brandt\n"
        "Total,,10,,\n"
        "Exported by Bob,,,,\n"
        "b,B,5,1026-11-04,Theo Brandt\n"
        "c,#REF!,5,2026-11-04,Theo Brandt\n"
    )

    preview = look(acme, alice, rows)

    assert (preview.outcome.new, preview.amount) == (1, {"USD": Decimal(5)})
    assert [row["reason"] for row in preview.refused] == [
        "“id” 1.23457E+11 is an id that a spreadsheet has shortened.",
        "This looks like a row of totals.",
        "The row has nothing but “Exported by Bob”.",
        "“name” is #REF!, an error of the spreadsheet.",
        "won_on “1026-11-04” is not a date like 2026-11-04.",
    ]


def test_what_is_no_currency_comes_back_and_codes_may_be_small(
    acme: Business, alice: Member
) -> None:
    text = (
        "Record ID,Deal name,Deal value,Currency,Won time,Deal owner\n"
        "a,A,5,usd,2026-11-04,Theo Brandt\n"
        "b,B,5,US Dollar,2026-11-04,Theo Brandt\n"
        "c,C,5,€,2026-11-04,Theo Brandt\n"
    )

    _, preview = look_at_file(
        business=acme, object_="deal", name="d.csv", content=text.encode(), by=alice
    )

    assert preview.outcome.new == 1
    assert [row["reason"] for row in preview.refused] == [
        "“US DOLLAR” is not a currency like USD.",
        "“€” is not a currency like USD.",
    ]
    assert preview.amount == {"USD": Decimal(5)}


def taken(acme: Business, by: Member, text: str) -> tuple[Preview, str]:
    """Take a file in, and return what was seen of it and its page before."""
    upload, preview = look_at_file(
        business=acme, object_="deal", name="d.csv", content=text.encode(), by=by
    )
    url = f"/b/acme/connections/uploads/{upload.pk}/"
    shown = page(logged_in(by), url)
    commit_upload(upload=upload, business=acme, by=by)
    return preview, shown


def test_a_file_without_currencies_is_in_that_of_the_business_and_says_so(
    acme: Business, alice: Member
) -> None:
    head = "id,amount,currency,won_on,owner\n"
    first = f"{head}a,5,EUR,2026-11-04,Theo Brandt\nb,6,USD,2026-11-04,Theo Brandt\n"
    blank = f"{head}c,7,,2026-11-04,Theo Brandt\nd,8,USD,2026-11-04,Theo Brandt\n"
    later = "".join(f"{id},9,2026-11-04,Theo Brandt\n" for id in "abe")

    assert taken(acme, alice, first)[0].own_currency == ""
    strict, page_of_blank = taken(acme, alice, blank)
    silent, shown = taken(acme, alice, f"id,amount,won_on,owner\n{later}")

    assert [row["reason"] for row in strict.refused] == ["Currency is blank."]
    assert "currency of the business" not in page_of_blank
    assert [row["reason"] for row in silent.refused] == [
        "It is in EUR here, and the file has no column of currencies."
    ]
    assert silent.amount == {"USD": Decimal(18)}
    assert "its amounts are in USD, the currency of the business" in shown
    here = Entry.objects.order_by("external_id").values_list("currency", "amount")
    assert [f"{amount:.0f} {code}" for code, amount in here if amount] == [
        "5 EUR",
        "9 USD",
        "8 USD",
        "9 USD",
    ]


def test_deals_that_count_by_a_hoped_for_day_are_told_apart(
    acme: Business, alice: Member
) -> None:
    row = "a,5,2026-12-24,Theo Brandt,Proposal"
    text = f"id,amount,Close Date,owner,stage\n{row}\n"

    preview, shown = taken(acme, alice, text)
    with_type, _ = taken(
        acme, alice, f"id,amount,Close Date,owner,stage,status_type\n{row},active\n"
    )

    assert (preview.presumed, preview.day_column) == (1, "Close Date")
    assert "1 deal counts as won on its day in “Close Date”,</strong>" in shown
    assert "stages such as Proposal. Where deals are still open or lost" in shown
    assert (with_type.presumed, with_type.unpaid) == (0, 1)
