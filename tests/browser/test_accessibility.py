"""Every page keeps the rules of WCAG 2.2 AA that a machine can check."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page

from tests.browser import places
from tests.browser.accessibility import violations
from tests.browser.conftest import Enter
from tests.chromium import follow

MAYA = [
    "/b/brightwater/me/",
    "STATEMENT",
    "STATEMENT?show=waiting",
    "LINE",
    "STATEMENTchanges/?since=yesterday",
    "STATEMENTestimate/",
    "STATEMENTmissing/?q=sandoval",
    "STATEMENTmissing/?q=nothing-like-it",
    "/b/brightwater/me/plan/",
    "/b/brightwater/deals/",
    "/b/brightwater/deals/?q=nothing-like-it",
    "DEAL",
    "/b/brightwater/disputes/",
    "/b/brightwater/no-such-page/",
]
HELEN = [
    "/b/ridgeline/runs/",
    "RUN",
    "RUN?show=all",
    "RUNapprove/?all=ready",
    "RUNsign/",
    "RUNexport/",
    "/b/ridgeline/statements/",
    "/b/ridgeline/periods/2026-11a/",
    "/b/ridgeline/adjustments/",
    "/b/ridgeline/disputes/",
    "/b/ridgeline/audit/",
    "/b/ridgeline/jobs/",
]
PRIYA = [
    "/b/brightwater/plans/",
    "/b/brightwater/plans/new/",
    "/b/brightwater/functions/",
    "/b/brightwater/assignments/",
    "/b/brightwater/tables/",
    "/b/brightwater/connections/",
    "/b/brightwater/refused/",
    "/b/brightwater/people/",
    "/b/brightwater/access/",
    "/b/brightwater/settings/",
    "/b/brightwater/products/",
    "/b/brightwater/territories/",
    "/b/brightwater/library/",
    "/b/brightwater/connections/wins/",
    "/b/brightwater/connections/1/",
    "/b/brightwater/connections/1/map/",
    "/b/brightwater/connections/1/writeback/",
    "/tokens/",
]
AMIR = [
    "/b/lantern/invoices/",
    "/b/lantern/customers/",
    "/b/lantern/adjustments/",
]
RENATA = [
    "/g/hale/",
    "/g/hale/?cur=own",
    "/g/hale/?measure=revenue",
    "/g/hale/fx/",
    "/g/hale/people/",
    "/g/hale/connections/",
    "/g/hale/connections/1/",
    "/g/hale/connections/1/routes/",
    "/g/hale/library/",
    "/g/hale/jobs/",
    "/g/hale/audit/",
    "/b/cobalt/connections/",
    "/b/brightwater/months/2026-10/",
]
DARK = {
    "Maya": ["STATEMENT", "LINE", "STATEMENTchanges/", "DEAL", "/b/brightwater/deals/"],
    "Helen": ["/b/ridgeline/runs/", "RUN", "/b/ridgeline/periods/2026-11a/"],
    "Renata": ["/g/hale/", "/b/brightwater/months/2026-10/"],
}
LIGHT = {
    "Maya": MAYA,
    "Helen": HELEN,
    "Priya": PRIYA,
    "Amir": AMIR,
    "Renata": RENATA,
}


NAMED: dict[str, Callable[[], str]] = {
    "STATEMENT": lambda: places.statement("brightwater", "Maya Okafor", "2026-11"),
    "LINE": lambda: places.line("brightwater", "Maya Okafor", "2026-11", "Sandoval"),
    "DEAL": lambda: places.deal("brightwater", "Sandoval"),
    "RUN": lambda: places.run("ridgeline", "2026-11a"),
}


def address(path: str) -> str:
    """Put a place's real address where the list names it."""
    for name, find in NAMED.items():
        if path.startswith(name):
            return find() + path.removeprefix(name)
    return path


def problems(page: Page, path: str) -> list[str]:
    """Open a page, which must answer as it should, and ask axe about it."""
    answer = page.goto(address(path))
    assert answer is not None
    assert answer.status == (404 if "no-such" in path else 200), path
    return violations(page)


@pytest.mark.parametrize("who", ["", *LIGHT])
def test_a_persons_pages_break_no_rule(enter: Enter, who: str) -> None:
    """Each page is asked about in the light, and those of money also in the dark."""
    page = enter(who)
    found = violations(page)
    paths, in_the_dark = LIGHT.get(who, []), DARK.get(who, [])

    for path in dict.fromkeys([*paths, *in_the_dark]):
        found += problems(page, path)
        if path in in_the_dark:
            page.emulate_media(color_scheme="dark")
            found += [f"in the dark: {each}" for each in violations(page)]
            page.emulate_media(color_scheme="light")

    assert not found, "\n".join(found)


def test_a_form_with_an_error_breaks_no_rule(enter: Enter) -> None:
    page = enter()
    page.get_by_label("Email").fill("nobody@nowhere.example")
    page.get_by_label("Password").fill("wrong")
    follow(page.get_by_role("button", name="Sign in", exact=True))

    assert page.title().startswith("Error: ")
    assert violations(page) == []
