"""The page that declares a source tries what is written, in words."""

from __future__ import annotations

import html
import json
from collections.abc import Iterator

import pytest
from django.test import Client, override_settings

from crm_sync.connections.models import Connection
from tenants.accounts.models import Business, Role
from tests.crm_sync.rest.hubspots import HubSpot
from tests.crm_sync.rest.stand_in import StandIn, running
from tests.people import a_member

URL = "/b/acme/connections/declare/"
SECRET = "pat-1"


@pytest.fixture
def portal() -> Iterator[StandIn]:
    made = HubSpot()
    made.put("1", dealname="Whitcomb", amount="1999.90", dealstage="closedwon")
    with running(made.answer) as server, override_settings(ALLOW_PRIVATE_SOURCES=True):
        yield server


@pytest.fixture
def ada(acme: Business) -> Client:
    client = Client()
    client.force_login(a_member(acme, "Ada", Role.ADMIN).user)
    return client


def test_what_is_written_is_tried_and_nothing_is_kept(
    ada: Client, portal: StandIn
) -> None:
    body = {"preset": "hubspot", "base_url": portal.url, "credentials": SECRET}

    answer = ada.post(URL, body, headers={"HX-Request": "true"})

    text = answer.content.decode()
    assert answer.status_code == 200
    assert "<html" not in text
    assert "Whitcomb" in text and "1999.90" in text
    assert "properties.amount" in text
    assert SECRET not in text
    assert not Connection.objects.exists()


@pytest.mark.parametrize(
    ("document", "says"),
    [
        ("source: {}\nstreams: {deals: {pth: /deals}}", "Did you mean path?"),
        (
            "source: {}\nstreams: {deals: {path: /d, page: {kind: pages}}}",
            "is not one of",
        ),
        ("a: &x 1\nb: *x", "* is not known here."),
        (
            "source: {auth: {kind: bearer, token: Sk-Live-0042}}\nstreams: {}",
            "the name of a",
        ),
        (
            "source: {base_url: 'https://10.0.0.1/'}\nstreams: {deals: {path: /d}}",
            "leads to a private network",
        ),
        ("source: [", "Line 1"),
        ("", "This connection declares no source."),
    ],
)
def test_what_is_wrong_in_a_document_is_said_with_its_place(
    ada: Client, acme: Business, document: str, says: str
) -> None:
    answer = ada.post(URL, {"document": document}, headers={"HX-Request": "true"})

    text = answer.content.decode()
    assert answer.status_code == 200
    assert says in html.unescape(text)


def test_a_declared_source_is_connected_once_it_answers(
    ada: Client, portal: StandIn
) -> None:
    body = {"name": "HubSpot", "preset": "hubspot", "base_url": portal.url}

    wrong = ada.post(URL, {**body, "credentials": "wrong-key", "connect": "1"})
    assert wrong.status_code == 422
    assert "HubSpot refused the credentials (401)" in wrong.content.decode()
    assert not Connection.objects.exists()

    right = ada.post(
        URL, {**body, "credentials": f"access_token: {SECRET}", "connect": "1"}
    )
    made = Connection.objects.get()
    assert right.status_code == 302
    assert (made.kind, made.options["preset"]) == ("rest", "hubspot")
    assert SECRET not in json.dumps(made.options)

    again = ada.post(
        URL, {**body, "credentials": f"access_token: {SECRET}", "connect": "1"}
    )
    assert again.status_code == 422
    assert "HubSpot reads this source with this key already." in again.content.decode()
    assert Connection.objects.count() == 1


def test_the_page_works_without_scripts(ada: Client, portal: StandIn) -> None:
    body = {"preset": "hubspot", "base_url": portal.url, "credentials": SECRET}

    shown = ada.get(f"{URL}?preset=hubspot").content.decode()
    tried = ada.post(URL, {**body, "try": "1"}).content.decode()

    assert "/crm/v3/objects/deals" in shown
    assert "Whitcomb" in tried and "<html" in tried
