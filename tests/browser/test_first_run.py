"""From sign-up to a published plan, a receipt and an invited rep, counting clicks."""

import re
import time
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from commissions_saas.demo.running import STARTS_AT
from tenants.jobs.services import run_all_jobs
from tests.chromium import follow
from tests.crm_sync.providers.close_source import Source, close_source

MOST_CLICKS = 29
PASSWORD = "orchid lantern 93"


@pytest.fixture(autouse=True)
def in_november(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLOCK_ANCHOR", f"{STARTS_AT}@{int(time.time())}")


@pytest.fixture
def close(tmp_path: Path, settings: Any) -> Iterator[Source]:
    """A Close with two people and their deals, which this server may ask."""
    settings.DEMO = True
    with close_source(tmp_path / "close.db") as source:
        product = source.account.add_custom_field("Product")
        bob = source.account.add_user(name="Bob Stone", email="bob@roofs.example")
        for user, day, cents in (
            (source.admin, 4, 4_000_000),
            (source.admin, 19, 2_000_000),
            (bob, 5, 1_000_000),
        ):
            source.deal(
                user=user,
                value=cents,
                won_on=date(2026, 11, day),
                custom={product: "Roof"},
            )
        yield source


class Clicks:
    """Clicks like a person, and counts."""

    def __init__(self) -> None:
        self.made: list[str] = []

    def __call__(self, what: Locator) -> None:
        """Click what opens another page."""
        self.count(what)
        follow(what)

    def tick(self, box: Locator) -> None:
        self.count(box)
        box.check()

    def count(self, what: Locator) -> None:
        words = what.inner_text() or what.get_attribute("name") or ""
        self.made.append(words.strip().splitlines()[0] if words.strip() else "box")


def link(page: Page, name: str) -> Locator:
    return page.get_by_role("link", name=name).first


def button(page: Page, name: str) -> Locator:
    return page.get_by_role("button", name=name).first


def next_task(page: Page) -> Locator:
    """Return the link to what the setup wants next."""
    return page.locator(".setup-progress a").last


def sign_up(page: Page, click: Clicks, business: str = "Nina's Roofs") -> None:
    page.goto("/")
    click(link(page, "Create an account"))
    page.get_by_label("Email").fill("nina@roofs.example")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_label("Business name").fill(business)
    click(button(page, "Create the account"))
    expect(page.locator("h1")).to_have_text(f"Make {business}")
    run_all_jobs()


def test_a_lone_owner_gets_from_sign_up_to_an_invited_rep(
    page: Page, close: Source, record_property: Any
) -> None:
    begun, click = time.monotonic(), Clicks()
    sign_up(page, click)
    click(link(page, "Set up Nina's Roofs"))  # the page noticed by itself
    click(link(page, "turn on solo mode"))
    click.tick(page.get_by_label("Solo mode"))
    click(button(page, "Save"))
    connect(page, click, close)
    write_a_plan(page, click)
    see_a_statement(page, click)
    invite(page, click)

    record_property("clicks", len(click.made))
    record_property("minutes", round((time.monotonic() - begun) / 60, 2))
    assert len(click.made) <= MOST_CLICKS, click.made


def connect(page: Page, click: Clicks, close: Source) -> None:
    """Connect Close with a wrong key first, and read it: its users become payees."""
    click(next_task(page))
    click(link(page, "Connect Close"))
    page.get_by_label("Address of the API").fill(close.server.url)
    page.get_by_label("API key").fill("api_this_is_not_the_key")
    page.get_by_label("API key").press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("Close refused the key (401).")
    page.get_by_label("API key").fill(close.key)
    click(button(page, "Connect"))
    expect(page.locator("main")).to_contain_text(
        "Connected to Hale Family Holdings: 2 users, 3 deals."
    )
    click(button(page, "Start first sync"))
    run_all_jobs()
    expect(page.locator("main")).to_contain_text("3, of which 3 count")


def write_a_plan(page: Page, click: Clicks) -> None:
    """Begin with a template, make a mistake and mend it, publish, assign."""
    click(next_task(page))
    click(link(page, "Write the first plan"))
    click(link(page, "Tiers"))
    click(button(page, "Save as a draft"))
    amount = page.locator("textarea[name=c0-amount]")
    right = amount.input_value()
    amount.fill(right.replace("base", "bas"))
    check = page.locator("#check")
    expect(check).to_contain_text('there is no field "bas". Did you mean base?')
    amount.fill(right)
    expect(check).to_contain_text("every worked example gives what it promises")
    click(button(page, "Save the draft"))
    click(button(page, "Publish…"))
    run_all_jobs()
    click(button(page, "Publish v1 — no statement changes"))
    click(link(page, "Put a payee on this plan"))
    page.get_by_label("Payee").select_option(label="Maya Okafor")
    click(button(page, "Put on the plan"))
    run_all_jobs()


def see_a_statement(page: Page, click: Clicks) -> None:
    """Open Maya's statement, and the receipt of the deal that crosses the tier."""
    click(link(page, "Statements"))
    click(link(page, "Maya Okafor"))
    expect(page.locator("main")).to_contain_text("2,000.00")
    expect(page.locator("main")).to_contain_text("3,300.00")
    click(page.locator("main a[href*='/lines/']", has_text="1,300.00").first)
    expect(page.locator("h1 ~ *, main").first).to_contain_text("1,300.00")
    expect(page.locator("main")).to_contain_text("10,000.00 × 8 % = 800.00")


def invite(page: Page, click: Clicks) -> None:
    click(next_task(page))
    page.get_by_label("E-mail").fill("maya@hale.example")
    page.get_by_label("Name").fill("Maya Okafor")
    click(page.locator("main form button.primary").first)
    expect(page.get_by_role("status").first).to_contain_text(
        re.compile("Maya Okafor is now rep", re.IGNORECASE)
    )
    assert page.locator(".setup-progress").count() == 0  # nothing is left to set up


def test_signing_up_and_in_works_without_scripts(browser: Browser, site: str) -> None:
    context = browser.new_context(base_url=site, java_script_enabled=False)
    page = context.new_page()
    sign_up(page, Clicks(), "Quiet Roofs")
    follow(link(page, "Look again"))
    follow(link(page, "Set up Quiet Roofs"))
    expect(page.locator("h1")).to_have_text("Set up Quiet Roofs")
    context.clear_cookies()

    page.goto("/")
    page.get_by_label("Email").fill("nina@roofs.example")
    page.get_by_label("Password").fill(PASSWORD)
    follow(button(page, "Sign in"))

    expect(page.locator("h1")).to_have_text("Set up Quiet Roofs")
    context.close()
