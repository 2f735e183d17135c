"""Pages of money stay small, ask the database little, and need nobody else."""

import gzip
import re
from collections.abc import Callable
from urllib.parse import urljoin

import pytest
from playwright.sync_api import APIResponse, Page

from tenants.accounts.models import User
from tests.browser import places
from tests.browser.conftest import Enter

MOST_BYTES = 50 * 1024
MOST_QUERIES = 12
MOST_ASSETS = 60 * 1024
LONG = 10_214


def queries(answer: APIResponse) -> int:
    """Return what the server says that it asked its database."""
    told = re.search(r'desc="(\d+) quer', answer.headers["server-timing"])
    assert told is not None
    return int(told[1])


def assets(page: Page, html: str) -> int:
    """Return the weight of a page's styles and scripts as they travel."""
    found = re.findall(
        r'<(?:link[^>]+stylesheet[^>]+href|script[^>]+src)="([^"]+)"', html
    )
    assert len(found) >= 3
    answers = [page.request.get(urljoin(page.url, each)) for each in found]
    assert all(answer.ok for answer in answers)
    return sum(len(gzip.compress(answer.body())) for answer in answers)


PAGES: dict[str, tuple[str, Callable[[], str]]] = {
    "statement": (
        "Maya",
        lambda: places.statement("brightwater", "Maya Okafor", "2026-11"),
    ),
    "long statement": ("", lambda: places.statement("perf", "Load Test", "2026-11")),
    "run": ("Helen", lambda: places.run("ridgeline", "2026-11a")),
    "deals": ("Priya", lambda: "/b/brightwater/deals/"),
    "many deals": ("", lambda: "/b/perf/deals/"),
    "matrix": ("Renata", lambda: "/g/hale/"),
}
LOADED = ("load.finance@perf.example", "a word for the load only")


def signed_in(enter: Enter, who: str) -> Page:
    """Sign in as a person of the story, or as finance of the business of the load."""
    if who:
        return enter(who)
    email, password = LOADED
    user = User.objects.get(email=email)
    user.set_password(password)
    user.save(update_fields=["password"])
    return enter.by_form(email, password)


@pytest.mark.parametrize("name", PAGES)
def test_a_page_of_money_keeps_to_its_budget(enter: Enter, name: str) -> None:
    who, find = PAGES[name]
    page = signed_in(enter, who)
    page.request.get(find())  # what is learnt once is not the page's cost

    answer = page.request.get(find())

    assert answer.ok
    assert len(answer.body()) <= MOST_BYTES
    assert queries(answer) <= MOST_QUERIES
    assert assets(page, answer.text()) <= MOST_ASSETS
    if name == "long statement":
        assert f"of {LONG:,}" in answer.text()
