"""The plan editor in a browser: it checks while one writes, and by a button without scripts."""

from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from commissions.plans.models import PlanVersion
from tests.chromium import follow
from tests.commissions.plans.editors import DRAFT, editing

TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]


@pytest.fixture(params=[True, False], ids=["scripts", "no scripts"])
def page(
    request: pytest.FixtureRequest, browser: Browser, site: str, flat: PlanVersion
) -> Iterator[Page]:
    with editing(browser, site, java_script_enabled=request.param) as page:
        yield page


def check(page: Page, request: pytest.FixtureRequest) -> None:
    """Wait for the check that comes by itself; press for it where scripts do not run."""
    if "no scripts" in request.node.name:
        follow(page.get_by_role("button", name="Check", exact=True))


def test_a_mistake_is_shown_under_the_letter_where_it_is(
    page: Page, request: pytest.FixtureRequest
) -> None:
    expect(page.locator("#check")).to_contain_text("every worked example gives")

    page.get_by_label("Amount").first.fill('0 if deal.name == "é" else bsae * 6%')
    check(page, request)

    picture = page.locator("#check pre").first
    expect(picture).to_contain_text("^^^^")
    lines = (picture.text_content() or "").split("\n")
    at = next(n for n, line in enumerate(lines) if "^" in line)
    text, caret = lines[at - 1 : at + 1]
    assert text[caret.index("^") : caret.rindex("^") + 1] == "bsae"
    expect(page.locator("#check")).to_contain_text("base")
    assert page.get_by_label("Amount").first.input_value().endswith("bsae * 6%")


def test_an_example_that_fails_says_expected_and_computed(
    page: Page, request: pytest.FixtureRequest
) -> None:
    page.get_by_label("Amount").first.fill("base * 7%")
    check(page, request)

    expect(page.locator("#check")).to_contain_text("does not give what it promises")
    row = page.locator("#check tr").filter(has_text="total").first
    expect(row).to_contain_text("6.00")
    expect(row).to_contain_text("7.00")


def test_the_file_is_checked_as_the_form_is(
    page: Page, request: pytest.FixtureRequest
) -> None:
    page.goto(f"{DRAFT}?as=yaml")
    text = page.get_by_label("Plan file").input_value()
    page.get_by_label("Plan file").fill(text.replace("base * 6%", "base * 7%"))
    check(page, request)

    expect(page.locator("#check")).to_contain_text("does not give what it promises")


@pytest.mark.parametrize("page", [True], ids=["scripts"], indirect=True)
def test_the_editor_can_be_read_by_everybody_and_fits_a_phone(page: Page) -> None:
    page.set_viewport_size({"width": 375, "height": 667})
    for address in (DRAFT, f"{DRAFT}?as=yaml", "/b/acme/plans/flat/"):
        page.goto(address)
        found = Axe().run(page, options={"runOnly": TAGS}).response["violations"]
        assert [(one["id"], one["nodes"][0]["html"]) for one in found] == []
        assert page.evaluate("document.documentElement.scrollWidth") <= 375
