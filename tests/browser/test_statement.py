"""Maya asks what she is paid, whether it is right, and why it changed."""

import re
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, Response, expect

from crm_sync.ledger.models import Entry, Revision
from tests.browser import places
from tests.browser.conftest import Enter
from tests.browser.figures import figures
from tests.chromium import follow

NOVEMBER = re.compile(r"/b/brightwater/statements/\d+/2026-11/$")


@pytest.fixture(params=[True, False], ids=["scripts", "no scripts"])
def scripts(request: pytest.FixtureRequest) -> bool:
    """Whether the browser runs scripts; every page works without them."""
    return bool(request.param)


def headline(page: Page) -> str | None:
    return page.locator(".headline .figure [data-exact]").get_attribute("data-exact")


def test_maya_signs_in_and_lands_on_her_statement(enter: Enter, scripts: bool) -> None:
    page = enter(java_script_enabled=scripts)
    moves: list[str] = []

    def note(response: Response) -> None:
        if 300 <= response.status < 400 and response.request.is_navigation_request():
            moves.append(response.url)

    page.on("response", note)
    follow(page.get_by_role("button", name=re.compile("^Maya")))

    expect(page).to_have_url(NOVEMBER)
    assert headline(page) == "4956.12"
    assert len(moves) <= 1, moves
    assert page.locator("dialog, [role=dialog], [role=alertdialog]").count() == 0


def test_each_figure_is_two_clicks_from_its_deal(enter: Enter, scripts: bool) -> None:
    page = enter("Maya", java_script_enabled=scripts)
    lines = page.locator("tbody a[data-exact]").evaluate_all(
        "all => all.map(a => a.href)"
    )
    lines = [url for url in lines if "/lines/" in url]
    assert len(lines) >= 12  # eleven lines and a clawback

    for url in lines:
        page.goto(url)
        page.locator("main a[href*='/deals/']").first.wait_for()

    to_deal = page.goto(lines[0]) and page.locator("main a[href*='/deals/']").first
    assert to_deal
    follow(to_deal)
    outside = page.get_by_role("link", name=re.compile("^Open in Close"))
    assert outside.get_attribute("href") == lead_address(page.url)


def lead_address(deal_url: str) -> str:
    """Return the address of the lead that the deal's own payload names."""
    pk = int(urlsplit(deal_url).path.split("/")[4])
    with places.business("brightwater"):
        payload = Revision.objects.get(entry_id=pk, closed__isnull=True).payload
        origin = urlsplit(Entry.objects.get(pk=pk).source_url)
    return f"{origin.scheme}://{origin.netloc}/lead/{payload['lead_id']}/"


def test_the_parts_of_the_headline_lead_to_lines(enter: Enter) -> None:
    page = enter("Maya")
    start = page.url
    parts = page.locator("dl.figures a[data-exact]")

    shown = [part.get_attribute("data-exact") for part in parts.all()]
    assert shown == ["4736.73", "831.39", "-612.00"]
    for number, exact in enumerate(shown):
        page.goto(start)
        follow(page.locator("dl.figures a[data-exact]").nth(number))
        assert figures(page.url, page.content()).headline() == exact
        assert page.locator("tbody a[href*='/deals/']").count() > 0


SANDOVAL = ["72,126.50", "7,873.50", "472.41", "2,926.50", "234.12", "706.53"]


def test_the_receipt_of_sandoval_reads_like_a_receipt(
    enter: Enter, scripts: bool
) -> None:
    page = enter("Maya", java_script_enabled=scripts)
    page.route(re.compile(r"\.css$"), lambda route: route.abort())
    page.reload()
    row = page.get_by_role("row").filter(has_text="Sandoval")
    follow(row.locator("a[data-exact]"))

    text = page.locator("main").inner_text()
    found = [text.find(figure, text.find(SANDOVAL[0])) for figure in SANDOVAL[:5]]
    assert -1 not in found
    assert found == sorted(found)
    assert headline(page) == "706.53"
    assert "706.53" in text
    assert "version 3" in text.lower()


CHANGES = ["-150.00", "-50.00", "+40.00"]


def test_what_changed_since_yesterday_adds_up(enter: Enter, scripts: bool) -> None:
    page = enter("Maya", java_script_enabled=scripts)
    follow(page.get_by_role("link", name="see why"))
    expect(page).to_have_url(re.compile("/changes/"))

    effects = page.locator("section:has(#causes) tbody tr td.num")
    shown = [text.strip().replace("−", "-") for text in effects.all_inner_texts()]
    assert shown == CHANGES
    assert headline(page) == "-160.00"
    total = page.locator("section:has(#causes) tfoot [data-exact]")
    assert total.get_attribute("data-exact") == "-160.00"
    text = page.locator("main").inner_text()
    assert "5,116.12" in text
    assert "4,956.12" in text
    assert "Unexplained" not in text
