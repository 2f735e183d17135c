"""Facts by date go out as CSV and come in again; bad rows come back with reasons."""

from datetime import date

import pytest

from crm_sync.ledger import dated, sheets
from crm_sync.ledger.changes import latest_change
from crm_sync.ledger.dated_csv import SHEETS, dated_file, look_at_dated
from crm_sync.ledger.models import AttributeValue, Leave, Payee
from crm_sync.ledger.services import create_payee, create_product
from tenants.access import Member
from tenants.accounts.models import Business


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
    text = "name,key,value\nMaya Okafor,salary,\n"

    done = sheets.enter(look_at_dated("values", text.encode()), alice)

    assert done.changed == 1
    assert not AttributeValue.objects.filter(key="salary", closed=None).exists()


def test_a_leave_ends_by_file(filled: None, alice: Member) -> None:
    text = "email,from,to\nmaya@acme.example,2026-03-01,2026-03-14\n"

    sheets.enter(look_at_dated("leave", text.encode()), alice)

    (leave,) = Leave.objects.filter(payee=Payee.objects.get(), closed=None)
    assert leave.ends_on == date(2026, 3, 14)
