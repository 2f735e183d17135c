"""Facts by date go out as CSV and come in again; bad rows come back with reasons."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from django.db import DatabaseError, connection
from django.test.utils import CaptureQueriesContext

from commissions_saas.lib.errors import ProductError
from crm_sync.ledger import dated, sheets
from crm_sync.ledger.changes import (
    change_apart,
    changes_together,
    latest_change,
    next_change,
)
from crm_sync.ledger.dated_csv import SHEETS, dated_file, look_at_dated
from crm_sync.ledger.models import AttributeValue, Change, Leave, Payee
from crm_sync.ledger.services import create_payee, create_product
from tenants.access import Member
from tenants.accounts.models import Business
from tests.databases import disk_full


@pytest.fixture
def filled(acme: Business, alice: Member) -> None:
    """Some of each kind."""
    maya = create_payee(name="Maya Okafor", email="maya@acme.example")
    roof = create_product(name="Roof")
    dated.set_value(subject=maya, key="salary", value="5000", type_="money")
    dated.set_value(
        subject=roof, key="family", value="=roofs", starts_on=date(2026, 1, 1)
    )
    dated.set_value(subject=None, key="season", value="high")
    dated.set_leave(payee=maya, starts_on=date(2026, 3, 1), ends_on=None)
    dated.allow_selling(payee=maya, kind="product", name="Roof")
    dated.set_rate(
        currency="EUR",
        into="USD",
        rate="1.08",
        starts_on=date(2026, 3, 2),
        source="ECB",
    )


@pytest.mark.parametrize("kind", SHEETS)
def test_the_download_sent_back_changes_nothing(
    filled: None, alice: Member, kind: str
) -> None:
    before = latest_change()
    text = dated_file(kind)

    done = sheets.enter(look_at_dated(kind, text.encode()), alice)

    assert (done.changed, done.refused) == (0, [])
    assert done.unchanged == len(text.splitlines()) - 1
    assert latest_change() == before


def test_good_rows_go_in_and_bad_ones_come_back_to_be_corrected(
    filled: None, alice: Member
) -> None:
    text = (
        "of,name,key,value,from,to\n"
        ",Maya Okafor,salary,6000,2026-07-01,\n"
        ",Nobody,salary,6000,2026-07-01,\n"
        ",Maya Okafor,salary,plenty,2026-07-01,\n"
        ",Maya Okafor,hours,160,2026-07-01,2026-06-01\n"
    )

    done = sheets.enter(look_at_dated("values", text.encode()), alice)
    back = sheets.refused_csv(done)

    assert (done.changed, len(done.refused)) == (1, 3)
    assert "There is no payee with the name Nobody." in back
    assert "salary: “plenty” is not an amount." in back
    assert "The last day is before the first." in back
    assert AttributeValue.objects.filter(value="6000", closed=None).count() == 1

    again = sheets.enter(
        look_at_dated("values", back.replace("plenty", "6100").encode()), alice
    )
    assert (again.changed, len(again.refused)) == (1, 2)


def test_an_empty_value_takes_one_away(filled: None, alice: Member) -> None:
    text = "name,key,value\nMaya Okafor,Salary,\n"

    done = sheets.enter(look_at_dated("values", text.encode()), alice)

    assert done.changed == 1
    assert not AttributeValue.objects.filter(key="salary", closed=None).exists()


def test_a_leave_ends_by_file(filled: None, alice: Member) -> None:
    text = "email,from,to\nmaya@acme.example,2026-03-01,2026-03-14\n"

    sheets.enter(look_at_dated("leave", text.encode()), alice)

    (leave,) = Leave.objects.filter(payee=Payee.objects.get(), closed=None)
    assert leave.ends_on == date(2026, 3, 14)


def test_rows_that_contradict_each_other_or_themselves_come_back(
    filled: None, alice: Member
) -> None:
    theo = create_payee(name="Theo Brandt")
    text = (
        "payee,name,key,value,from\n"
        ",Maya Okafor,Salary,6000,2026-07-01\n"
        ",Maya Okafor,salary,7000,2026-07-01\n"
        f"{theo.pk},Maya Okafor,salary,1,2026-07-01\n"
        f"{theo.pk},Theodor,salary,8000,2026-07-01\n"
    )

    found = look_at_dated("values", text.encode())

    assert [row.line for row in found.rows] == [2, 5], "a new name is no other person"
    assert [row.why.partition(":")[0] for row in found.refused] == [
        "Another row is about the same",
        "The row names two people, Theo Brandt and Maya Okafor.",
    ]


@pytest.mark.parametrize(
    ("value", "more", "read"),
    [
        ("6.000", "", "may be 6.000 or 6000"),
        ("6.000", "Maya Okafor;hours;7,5;2026-07-01\n", "6000"),
        ("6000,50", "", "6000.50"),
        ("6000.50", "", "6000.50"),
    ],
)
def test_a_number_that_may_be_a_thousandfold_comes_back(
    filled: None, alice: Member, value: str, more: str, read: str
) -> None:
    text = f"name;key;value;from\nMaya Okafor;salary;{value};2026-07-01\n{more}"

    found = look_at_dated("values", text.encode())

    said = [row.words for row in found.rows] + [row.why for row in found.refused]
    assert any(f"salary {read}" in one or read in one for one in said)
    assert bool(found.refused) is ("may be" in read)


def test_percentages_and_shortened_numbers_are_no_amounts_and_zeros_stay(
    filled: None, alice: Member
) -> None:
    text = (
        "name,key,value,type\n"
        "Maya Okafor,salary,5%,money\n"
        "Maya Okafor,fee,1.2E+05,money\n"
        "Maya Okafor,desk,007,\n"
    )

    done = sheets.enter(look_at_dated("values", text.encode()), alice)

    assert [row.why for row in done.refused] == [
        "salary: “5%” is not an amount.",
        "“value” 1.2E+05 is a number that a spreadsheet has shortened.",
    ]
    assert AttributeValue.objects.get(key="desk").value == "007"


def test_columns_that_are_none_of_ours_are_named(filled: None) -> None:
    text = "name,key,vlaue,value,Why\nMaya Okafor,salary,7000,6000,no\n"

    assert look_at_dated("values", text.encode()).unread == ["vlaue"]
    with pytest.raises(ProductError, match="Two columns are “employee_number”"):
        look_at_dated("values", b"employee number,employee_number,key,value\n")


def test_a_file_that_dies_half_way_has_entered_nothing(
    acme: Business, filled: None, alice: Member
) -> None:
    text = "name,key,value\nMaya Okafor,salary,6000\nMaya Okafor,level,dies\n"
    with (
        disk_full(acme, "ledger_attributevalue", "NEW.value = 'dies'"),
        pytest.raises(DatabaseError, match="disk full"),
    ):
        sheets.enter(look_at_dated("values", text.encode()), alice)

    assert not AttributeValue.objects.filter(value="6000").exists()


def test_an_error_of_the_spreadsheet_comes_back(filled: None) -> None:
    found = look_at_dated("values", b"name,key,value\nMaya Okafor,desk,#N/A\n")

    assert [row.why for row in found.refused] == [
        "“value” is #N/A, an error of the spreadsheet."
    ]


def test_a_file_numbers_its_rows_and_asks_once_for_what_must_catch_up(
    filled: None,
    alice: Member,
    django_capture_on_commit_callbacks: Callable[[], Any],
) -> None:
    last = latest_change()
    text = (
        "name,key,value,from\n"
        "Maya Okafor,salary,6000,2026-07-01\n"
        "Maya Okafor,season,7,2026-07-01\n"
        "Maya Okafor,hours,160,2026-07-01\n"
    )

    with django_capture_on_commit_callbacks() as sent:
        sheets.enter(look_at_dated("values", text.encode()), alice)

    made = Change.objects.filter(number__gt=last).order_by("number")
    assert list(made.values_list("number", flat=True)) == [last + 1, last + 2, last + 3]
    day = date(2026, 7, 1)
    opened = AttributeValue.objects.filter(starts_on=day).order_by("opened")
    assert list(opened.values_list("opened", "key")) == [
        (last + 1, "salary"),
        (last + 2, "season"),
        (last + 3, "hours"),
    ]
    assert len(sent) == 1


def test_what_each_row_asks_is_found_once_for_a_file(
    filled: None, alice: Member
) -> None:
    head = "of,name,key,value,from\n"
    rows = [f"product,Roof,size,{day},2026-07-{day:02}\n" for day in range(1, 21)]
    rows += [f",Maya Okafor,hours,{day},2026-07-{day:02}\n" for day in range(1, 21)]

    def asked(text: str) -> tuple[list[str], sheets.Preview]:
        with CaptureQueriesContext(connection) as queries:
            preview = look_at_dated("values", text.encode())
        return [query["sql"] for query in queries.captured_queries], preview

    few, _ = asked(head + rows[0] + rows[-1])
    many, preview = asked(head + "".join(rows))
    with CaptureQueriesContext(connection) as queries:
        sheets.enter(preview, alice)

    assert len(few) == len(many)
    whose = [q for q in queries.captured_queries if "merged_into_id" in str(q["sql"])]
    assert len(whose) == 1
    assert preview.changed == 40


def test_a_row_that_is_refused_late_takes_its_number_back(acme: Business) -> None:
    last = latest_change()

    with changes_together():
        next_change(kind="fact", words="one")
        with pytest.raises(ProductError), change_apart():
            next_change(kind="fact", words="refused")
            raise ProductError("No.")
        number = next_change(kind="fact", words="two")

    made = Change.objects.filter(number__gt=last).order_by("number")
    assert list(made.values_list("words", flat=True)) == ["one", "two"]
    assert number == latest_change() == last + 2
