"""Payees are made, edited, placed and merged on pages; products are a file."""

import pytest
from django.test import Client

from crm_sync.ledger.models import Payee, Product
from crm_sync.ledger.services import create_payee
from tenants.access import Member
from tenants.accounts.models import Business
from tests.crm_sync.clients import logged_in, page


@pytest.fixture
def finance(alice: Member) -> Client:
    return logged_in(alice)


def test_a_payee_is_placed_merged_and_apart_again(
    acme: Business, finance: Client
) -> None:
    bob, again = create_payee(name="Bob"), create_payee(name="Bob The Great")
    boss = create_payee(name="Boss")
    url = f"/b/acme/payees/{bob.pk}/"

    finance.post(f"{url}place/", {"manager": boss.pk, "starts_on": "2026-11-01"})
    finance.post(f"/b/acme/payees/{again.pk}/merge/", {"into": bob.pk})
    text = page(finance, url)
    finance.post(f"/b/acme/payees/{again.pk}/unmerge/")

    assert "reports to Boss" in text
    assert "Bob The Great was merged into Bob" in text
    assert Payee.objects.get(pk=again.pk).merged_into is None


def test_a_payee_is_made_and_edited(acme: Business, finance: Client) -> None:
    given = {"name": "Zoë Ångström", "email": "Zoe@Acme.example"}
    finance.post("/b/acme/payees/new/", given)
    zoe = Payee.objects.get()
    url = f"/b/acme/payees/{zoe.pk}/"

    finance.post(f"{url}edit/", given | {"attributes": "Level: senior"})
    text = page(finance, url)

    assert zoe.email == "zoe@acme.example"
    assert "payee.level" in text and "senior" in text
    assert "level empty → senior" in text


def test_products_go_out_and_come_in_as_a_file(acme: Business, finance: Client) -> None:
    text = "name,active,family\nRoof,yes,roofs\nSolar,no,\n"
    finance.post("/b/acme/products/upload/", {"do": "enter", "text": text})

    listed = page(finance, "/b/acme/products/")
    out = finance.get("/b/acme/products/csv/").content.decode()
    roof = Product.objects.get(name="Roof")
    url = f"/b/acme/products/{roof.pk}/"
    finance.post(url, {"attributes": "family: flat roofs", "active": "on"})

    assert "family: roofs" in listed
    assert out.splitlines() == ["name,active,family", "Roof,yes,roofs", "Solar,no,"]
    roof.refresh_from_db()
    assert roof.attributes == {"family": "flat roofs"}
    assert "family roofs → flat roofs" in page(finance, url)
