"""Renata sees four businesses and two currencies in one picture."""

import re
from decimal import Decimal

from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import Enter
from tests.browser.figures import figures
from tests.chromium import follow

BUSINESSES = ["Brightwater", "Cobalt", "Lantern", "Ridgeline"]
MATRIX = "section:has(#matrix-h)"


def exact(row: Locator) -> list[Decimal]:
    """Return the exact amounts of a row, month by month and their sum."""
    cells = row.locator("[data-exact]")
    texts = cells.evaluate_all("all => all.map(cell => cell.dataset.exact)")
    return [Decimal(text) for text in texts]


def test_the_columns_of_the_matrix_add_up_to_the_cent(enter: Enter) -> None:
    page = enter("Renata")

    rows = page.locator(f"{MATRIX} tbody tr")
    names = rows.locator("th").all_inner_texts()
    amounts = [exact(row) for row in rows.all()]
    totals = exact(page.locator(f"{MATRIX} tfoot tr[data-totals]"))
    assert [n for n in BUSINESSES if any(name.startswith(n) for name in names)] == (
        BUSINESSES
    )
    assert {len(row) for row in amounts} == {7}  # six months and their sum
    assert [sum(row[:6]) for row in amounts] == [row[6] for row in amounts]
    assert [sum(column) for column in zip(*amounts, strict=True)] == totals


def test_two_currencies_are_never_added_silently(enter: Enter) -> None:
    page = enter("Renata")
    expect(page.locator(MATRIX)).to_contain_text("0.7198")
    follow(page.get_by_role("link", name="Show own currencies"))

    foot = page.locator(f"{MATRIX} tfoot")
    assert page.locator(f"{MATRIX} tfoot tr[data-totals]").count() == 0
    expect(foot).to_contain_text("Not added: amounts in 2 currencies")


def test_a_cell_is_three_clicks_from_a_deal(enter: Enter) -> None:
    page = enter("Renata")
    row = page.locator(f"{MATRIX} tbody tr").filter(has_text="Brightwater")

    followed = [
        click(page, row.locator("td a[data-exact]").last),
        click(page, page.locator("main tbody a[data-exact]").first),
    ]
    assert all(followed)
    expect(page).to_have_url(re.compile(r"/b/brightwater/statements/\d+/2026-11/$"))
    follow(page.locator("main tbody a[href*='/deals/']").first)
    expect(page).to_have_url(re.compile(r"/b/brightwater/deals/\d+/$"))


def click(page: Page, figure: Locator) -> bool:
    """Open a figure; return whether the page that opens has it as its headline."""
    shown = figure.get_attribute("data-exact")
    follow(figure)
    return figures(page.url, page.content()).headline() == shown
