"""Writing a plan's file in a browser: names are suggested where a formula stands."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from commissions.plans.models import PlanVersion
from tests.browser.accessibility import violations
from tests.chromium import follow
from tests.commissions.plans.editors import DRAFT, editing

FILE = f"{DRAFT}?as=yaml"
BEGINNING = "plan: Flat\ncurrency: USD\ncomponents:\n  - key: deals\n"
FORMULAS = [
    "    amount: deal.am",
    "  - {key: deals, amount: deal.am",
    '    amount: "IF(deal.am',
    "    amount: >-\n      base +\n      deal.am",
    "    steps:\n      net: deal.am",
    "    steps: {net: deal.am",
    "measures:\n  sold: {sum: deal.am",
    'measures:\n  sold:\n    value: "max(sold.before, deal.am',
]
OTHERS = [
    "    name: deal.am",
    "    amount: 5  # not deal.am",
    "    amount: IF(deal.product == 'deal.am",
    "    over: month\n    credit: [deal.am",
    "measures:\n  sold: {sum: deal.amount, over: deal.am",
    "examples:\n  - deals: [{id: one, amount: deal.am",
]


@pytest.fixture
def page(browser: Browser, site: str, flat: PlanVersion) -> Iterator[Page]:
    with editing(browser, site, FILE) as page:
        yield page


def typed(page: Page, text: str) -> Locator:
    """Write the file up to here, the last letter by the keyboard."""
    area = page.get_by_label("Plan file")
    area.fill(BEGINNING + text[:-1])
    area.press_sequentially(text[-1])
    return area


def test_names_come_after_the_object_wherever_a_formula_stands(page: Page) -> None:
    listed = page.get_by_role("listbox", name="Suggestions")
    for text in FORMULAS:
        area = typed(page, text)
        expect(listed).to_be_visible()
        expect(listed.get_by_role("option").first).to_contain_text("deal.amount")
        area.press("Escape")
        expect(listed).to_be_hidden()


def test_nothing_is_suggested_where_no_formula_stands(page: Page) -> None:
    for text in OTHERS:
        typed(page, text)
        expect(page.get_by_role("listbox", name="Suggestions")).to_be_hidden()


def test_a_name_is_taken_by_the_keyboard_and_the_page_stays_readable(
    page: Page,
) -> None:
    area = typed(page, "    amount: deal.am")
    assert area.get_attribute("aria-controls") == "formula-suggestions"
    area.press("ArrowDown")
    assert violations(page) == []
    area.press("Enter")

    expect(area).to_have_value(f"{BEGINNING}    amount: deal.amount")
    typed(page, "    amount: margi").press("ArrowDown")
    area.press("Enter")
    expect(area).to_have_value(f"{BEGINNING}    amount: marginal()")


def test_a_measure_is_suggested_as_soon_as_it_is_written(page: Page) -> None:
    text = "    amount: base * 6%\nmeasures:\n  sold: {sum: deal.amount}\n"
    typed(page, text.replace("base * 6%", "deal.amount * 6%"))
    expect(page.locator("#check")).to_contain_text("no worked example yet")

    typed(page, "    amount: sold.b")

    listed = page.get_by_role("listbox", name="Suggestions")
    expect(listed.get_by_role("option").first).to_contain_text("sold.before")


def test_names_are_listed_beside_the_file_without_scripts(
    browser: Browser, site: str, flat: PlanVersion
) -> None:
    with editing(browser, site, FILE, java_script_enabled=False) as page:
        text = "    amount: deal.amount * 6%\nmeasures:\n  sold: {sum: deal.amount}\n"
        page.get_by_label("Plan file").fill(BEGINNING + text)
        follow(page.get_by_role("button", name="Check", exact=True))

        help_ = page.get_by_role("region", name="Functions and names")
        help_.get_by_text("Names of this plan").click()
        for name in ("deal.amount", "sold.before"):
            expect(help_.locator("code").get_by_text(name, exact=True)).to_be_visible()
