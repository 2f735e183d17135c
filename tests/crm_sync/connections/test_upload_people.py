"""A file that names people who are no payees yet offers to make them."""

from datetime import UTC, datetime

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from commissions_saas.lib import clock
from crm_sync.connections.upload_people import name_of, payees_from_file
from crm_sync.connections.uploads import look_at_file, preview_of
from crm_sync.ledger.models import Payee
from crm_sync.ledger.services import create_payee
from tenants.access import Member
from tenants.accounts.models import Business, Role
from tests.people import a_member

FILE = """id,name,amount,won_on,owner
d1,Delgado residence,18400,2026-11-04,maya.okafor@acme.example
d2,Whitcomb Dental,41250,2026-11-09,Theo Brandt
d3,Kessler,240,2026-11-09,Theo Brandt
d4,Twice here,240,2026-11-09,Sam
"""


def test_whoever_a_file_names_becomes_a_payee_and_their_rows_are_good(
    acme: Business, alice: Member
) -> None:
    create_payee(name="Sam")
    create_payee(name="Sam")
    with clock.at(datetime(2026, 11, 24, 16, tzinfo=UTC)):
        upload, preview = look_at_file(
            business=acme,
            object_="deal",
            name="deals.csv",
            content=FILE.encode(),
            by=alice,
        )
        assert preview.strangers == ["Sam", "Theo Brandt", "maya.okafor@acme.example"]

        made = payees_from_file(upload=upload, business=acme, by=alice)

        assert [(x.name, x.email) for x in made] == [
            ("Theo Brandt", ""),
            ("Maya Okafor", "maya.okafor@acme.example"),
        ]
        again = preview_of(upload=upload, business=acme)
        assert (again.outcome.new, again.strangers) == (3, ["Sam"])


@pytest.mark.parametrize(
    ("who", "name"),
    [("ana_ruiz@x.example", "Ana Ruiz"), ("Theo Brandt", "Theo Brandt"), ("@", "@")],
)
def test_a_name_is_read_from_an_email(who: str, name: str) -> None:
    assert name_of(who) == name


def test_the_page_offers_it_and_takes_nothing_in_by_it(
    acme: Business, client: Client
) -> None:
    client.force_login(a_member(acme, "Ada Admin", Role.ADMIN).user)
    sent = client.post(
        "/b/acme/connections/upload/",
        {"object": "deal", "file": SimpleUploadedFile("deals.csv", FILE.encode())},
        follow=True,
    )
    assert "Make 3 payees" in sent.content.decode()
    assert "Take in" not in sent.content.decode()

    page = client.post(f"{sent.redirect_chain[-1][0]}people/", follow=True)

    assert "Payees now: Sam, Theo Brandt, Maya Okafor" in page.content.decode()
    assert "Take in 4 rows" in page.content.decode()
    assert Payee.objects.count() == 3


def test_deals_that_would_pay_nobody_are_said_before_they_go_in(
    acme: Business, alice: Member
) -> None:
    create_payee(name="Theo Brandt")
    first = (
        "id,name,amount,won_on,status_type,owner\na,A,1,2026-11-04,won,Theo Brandt\n"
    )
    later = "id,name,amount,won_on,owner\nb,B,1,2026-11-04,Theo Brandt\n"

    with clock.at(datetime(2026, 11, 24, 16, tzinfo=UTC)):
        unpaid = [
            look_at_file(
                business=acme,
                object_="deal",
                name="deals.csv",
                content=text.encode(),
                by=alice,
            )[1].unpaid
            for text in (first, later)
        ]

    assert unpaid == [0, 1], "the second says no more that its deal is won"
