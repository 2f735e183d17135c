"""Maya asks for what is not hers, and learns nothing."""

import re

import pytest
from playwright.sync_api import Page

from commissions.statements.models import Line
from crm_sync.ledger.models import Credit, Entry, Payee
from tests.browser import places
from tests.browser.conftest import Enter

MINE = "Maya Okafor"


def others() -> dict[str, str]:
    """Return pages that exist and are not Maya's, each with what it would give away."""
    theo = places.statement("brightwater", "Theo Brandt", "2026-11")
    mine = places.statement("brightwater", MINE, "2026-11")
    with places.business("brightwater"):
        maya = Payee.objects.get(name=MINE)
        lines = Line.objects.filter(closed_run__isnull=True)
        line = lines.exclude(payee_id=maya.pk).latest("pk").pk
        hers = Credit.objects.filter(payee_id=maya.pk).values("entry_id")
        deal = Entry.objects.exclude(pk__in=hers).latest("pk")
    return {
        theo: "Theo",
        f"{theo}csv/": "Theo",
        f"{theo}changes/": "Theo",
        f"{theo}lines/{line}/": "Theo",
        f"{mine}lines/{line}/": "Payable",
        f"/b/brightwater/deals/{deal.pk}/": deal.name,
        "/b/ridgeline/": "Ridgeline",
        places.run("ridgeline", "2026-11a"): "Dana Whitlock",
        places.statement("ridgeline", "Dana Whitlock", "2026-11a"): "Dana Whitlock",
    }


def words(page: Page) -> str:
    """Return what a person reads, without the frame of the page."""
    return page.locator("main").inner_text()


def test_what_is_not_hers_looks_like_what_does_not_exist(enter: Enter) -> None:
    page = enter("Maya")
    page.goto("/b/brightwater/deals/999999999/")
    nothing = words(page)
    found: list[str] = []

    for path, secret in others().items():
        answer = page.goto(path)
        assert answer is not None
        body = answer.text()
        if answer.status != 404 or secret in body or "data-exact" in body:
            found.append(f"{path}: {answer.status}")
        if words(page) != nothing:
            found.append(f"{path}: another body than that of a missing page")

    assert not found, "\n".join(found)


@pytest.mark.parametrize(
    "path",
    [
        "/b/brightwater/runs/1/",
        "/b/brightwater/runs/1/files/1/",
        "/b/brightwater/periods/2026-11/",
        "/g/hale/",
        "/g/hale/people/",
    ],
)
def test_what_needs_another_role_shows_no_amount_and_no_payee(
    enter: Enter, path: str
) -> None:
    page = enter("Maya")

    answer = page.goto(path)

    assert answer is not None
    assert answer.status == (404 if path.startswith("/g/") else 403)
    assert not re.findall(r"\d\.\d\d", words(page))
    assert "data-exact" not in answer.text()
    assert "Theo" not in answer.text()
