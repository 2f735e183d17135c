"""Writing a formula in a browser: suggestions, fixes and help, by keyboard alone."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from commissions.plans.models import PlanVersion
from tests.browser.accessibility import violations
from tests.commissions.plans.editors import editing


@pytest.fixture
def page(browser: Browser, site: str, flat: PlanVersion) -> Iterator[Page]:
    with editing(browser, site) as page:
        yield page


def test_suggestions_come_under_the_caret_and_are_taken_by_the_keyboard(
    page: Page,
) -> None:
    amount = page.get_by_label("Amount").first
    amount.fill("")
    amount.press_sequentially("deal.am")
    listed = page.get_by_role("listbox", name="Suggestions")

    expect(listed).to_be_visible()
    expect(page.locator("#formula-said")).to_contain_text("suggestion")
    assert amount.get_attribute("aria-controls") == "formula-suggestions"
    amount.press("ArrowDown")
    expect(
        page.locator("#formula-suggestions").get_by_role("option", selected=True)
    ).to_contain_text("deal.amount")
    assert amount.get_attribute("aria-activedescendant") == "formula-option-0"
    assert violations(page) == []
    amount.press("Enter")

    expect(amount).to_have_value("deal.amount")
    expect(listed).to_be_hidden()
    assert amount.get_attribute("aria-activedescendant") is None


def test_a_function_comes_with_its_brackets_and_the_caret_inside(page: Page) -> None:
    amount = page.get_by_label("Amount").first
    amount.fill("")
    amount.press_sequentially("margi")
    amount.press("ArrowDown")
    amount.press("Enter")

    expect(amount).to_have_value("marginal()")
    assert amount.evaluate("area => area.selectionStart") == len("marginal(")


def test_escape_closes_the_list_and_tab_is_never_trapped(page: Page) -> None:
    amount = page.get_by_label("Amount").first
    listed = page.get_by_role("listbox", name="Suggestions")
    amount.fill("")
    amount.press_sequentially("de")
    expect(listed).to_be_visible()
    amount.press("Escape")
    expect(listed).to_be_hidden()
    expect(page.locator("#formula-said")).to_have_text("Suggestions closed.")

    amount.press_sequentially("a")
    expect(listed).to_be_visible()
    amount.press("Tab")

    expect(listed).to_be_hidden()
    expect(amount).not_to_be_focused()
    expect(amount).to_have_value("dea")


def test_enter_without_a_choice_is_a_new_line(page: Page) -> None:
    amount = page.get_by_label("Amount").first
    amount.fill("")
    amount.press_sequentially("deal")
    amount.press("Enter")

    expect(amount).to_have_value("deal\n")


def test_nothing_is_suggested_inside_a_text(page: Page) -> None:
    amount = page.get_by_label("Amount").first
    amount.fill("")
    amount.press_sequentially('deal.product == "deal')

    expect(page.get_by_role("listbox", name="Suggestions")).to_be_hidden()


def test_a_problem_stands_under_its_formula_and_a_button_mends_it(page: Page) -> None:
    amount = page.get_by_label("Amount").first
    amount.fill('IF(deal.name == "é😀", 1, deal.amuont * 6%)')
    says = page.locator("#c0-amount-says")

    expect(says).to_contain_text("Did you mean deal.amount?")
    assert amount.get_attribute("aria-describedby") == "c0-amount-says"
    expect(amount).to_have_attribute("aria-invalid", "true")
    assert violations(page) == []
    says.get_by_role("button", name="Show where").click()
    chosen = "area => area.value.slice(area.selectionStart, area.selectionEnd)"
    assert amount.evaluate(chosen) == "deal.amuont"
    says.get_by_role("button", name="Replace").click()

    expect(amount).to_have_value('IF(deal.name == "é😀", 1, deal.amount * 6%)')
    expect(says).to_be_empty()
    expect(amount).not_to_have_attribute("aria-invalid", "true")


def test_what_cannot_be_seen_is_taken_out_by_a_button(page: Page) -> None:
    amount = page.get_by_label("Amount").first
    amount.fill("= base * 6%")

    page.locator("#c0-amount-says").get_by_role("button", name="Take it out").click()

    expect(amount).to_have_value(" base * 6%")
    expect(page.locator("#c0-amount-says")).to_be_empty()


def test_the_help_finds_a_function_and_inserts_it(page: Page) -> None:
    amount = page.get_by_label("Amount").first
    amount.fill("")
    page.get_by_label("Find a function or a name").fill("own tier")
    page.get_by_role("button", name="Insert marginal").click()

    expect(amount).to_have_value("marginal()")
    expect(amount).to_be_focused()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_functions_page_keeps_the_rules_on_a_small_screen(
    page: Page, scheme: str
) -> None:
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    page.set_viewport_size({"width": 375, "height": 700})
    page.goto("/b/acme/functions/?q=month")

    expect(page.locator("main")).to_contain_text("months_between(first, last)")
    expect(page.locator("main")).not_to_contain_text("marginal(")
    assert violations(page) == []
    overflow = "document.documentElement.scrollWidth <= innerWidth"
    assert page.evaluate(overflow)
