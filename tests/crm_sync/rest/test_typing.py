"""In a browser, the page that declares a source tries it while it is typed."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client, override_settings
from playwright.sync_api import Browser, Page, expect

from tenants.accounts.models import Business, Role
from tests.crm_sync.rest.hubspots import HubSpot
from tests.crm_sync.rest.stand_in import StandIn, running
from tests.people import a_member

# Screenshots for whoever wants to look; nothing is written without the folder.
SHOTS = os.environ.get("SCREENSHOTS", "")
WIDE = """() => document.documentElement.scrollWidth
  <= document.documentElement.clientWidth"""


@pytest.fixture
def portal() -> Iterator[StandIn]:
    made = HubSpot()
    made.put("1", dealname="Whitcomb", amount="1999.90", dealstage="closedwon")
    with running(made.answer) as server, override_settings(ALLOW_PRIVATE_SOURCES=True):
        yield server


@pytest.fixture
def page(
    browser: Browser, businesses: dict[str, Business], site: str
) -> Iterator[Page]:
    client = Client()
    client.force_login(a_member(businesses["acme"], "Ada", Role.ADMIN).user)
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    session = client.cookies[settings.SESSION_COOKIE_NAME].value
    context.add_cookies(
        [{"name": settings.SESSION_COOKIE_NAME, "value": session, "url": site}]
    )
    opened = context.new_page()
    opened.goto(f"{site}/b/acme/connections/declare/")
    yield opened
    context.close()


@pytest.mark.slow
def test_a_source_is_tried_as_it_is_typed(page: Page, portal: StandIn) -> None:
    trial = page.locator("#trial")
    page.get_by_label("Address of the API").fill(portal.url)
    page.get_by_label("Credentials").fill("access_token: pat-1")
    page.locator("#id_document").fill("source: {}\nstreams: {deals: {pth: /deals}}")
    expect(trial).to_contain_text("Did you mean path?")
    shoot(page, "wrong")

    page.get_by_label("Known source").select_option("hubspot")

    expect(trial).to_contain_text("Whitcomb")
    expect(trial).to_contain_text("1999.90")
    shoot(page, "right")
    page.set_viewport_size({"width": 375, "height": 800})
    assert page.evaluate(WIDE)
    shoot(page, "phone")


def shoot(page: Page, name: str) -> None:
    if SHOTS:
        page.screenshot(path=Path(SHOTS) / f"{name}.png", full_page=True)
