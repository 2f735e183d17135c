"""On a phone, with large text and at 400 % zoom, nothing is cut off or lost."""

import pytest
from playwright.sync_api import Page, ViewportSize

from tests.browser.conftest import Enter
from tests.browser.test_accessibility import address

PAGES = {
    "Maya": [
        "STATEMENT",
        "LINE",
        "STATEMENTchanges/",
        "STATEMENTestimate/",
        "DEAL",
        "/b/brightwater/deals/",
        "/b/brightwater/me/plan/",
    ],
    "Helen": ["/b/ridgeline/runs/", "RUN", "/b/ridgeline/periods/2026-11a/"],
    "Priya": [
        "/b/brightwater/plans/",
        "/b/brightwater/connections/",
        "/b/brightwater/people/",
        "/b/brightwater/connections/1/writeback/",
    ],
    "Amir": ["/b/lantern/invoices/", "/b/lantern/adjustments/"],
    "Renata": ["/g/hale/", "/g/hale/people/", "/g/hale/connections/1/routes/"],
}
SIZES: dict[str, tuple[ViewportSize, str]] = {
    "phone": ({"width": 375, "height": 667}, ""),
    "large text": ({"width": 1280, "height": 800}, "200%"),
    "400 % zoom": ({"width": 320, "height": 200}, ""),
}
# A box that scrolls sideways must be a region with a name that the keyboard reaches.
PROBLEMS = """() => {
  const found = [];
  const root = document.documentElement;
  if (root.scrollWidth > root.clientWidth)
    found.push(`the page is ${root.scrollWidth} wide in ${root.clientWidth}`);
  for (const box of document.querySelectorAll("main *, header *, footer *")) {
    const style = getComputedStyle(box);
    if (box.scrollWidth <= box.clientWidth + 1 || box.clientWidth < 2) continue;
    if (!["auto", "scroll"].includes(style.overflowX)) continue;
    if (["INPUT", "TEXTAREA", "SELECT"].includes(box.tagName)) continue;
    const named = box.hasAttribute("aria-label") || box.hasAttribute("aria-labelledby");
    if (box.tabIndex !== 0 || !(named || box.tagName === "PRE"))
      found.push(`scrolls without a name: ${box.outerHTML.slice(0, 120)}`);
  }
  for (const figure of document.querySelectorAll("main [data-exact]")) {
    if (figure.closest("details:not([open])")) continue;
    if (figure.getClientRects().length === 0)
      found.push(`lost: ${figure.outerHTML.slice(0, 120)}`);
  }
  return found;
}"""
SMALL_TARGETS = """() => [...document.querySelectorAll("a[href], button, input, select")]
  .filter(each => !each.closest("details:not([open]) > :not(summary)"))
  .filter(each => getComputedStyle(each).display !== "inline" && each.type !== "hidden")
  .filter(each => !each.closest(".visually-hidden, .skip"))
  .map(each => [each, each.getBoundingClientRect()])
  .filter(([each, box]) => box.width > 0 && (box.height < 24 || box.width < 24))
  .map(([each, box]) =>
    `${Math.round(box.width)}×${Math.round(box.height)}: ${each.outerHTML.slice(0, 120)}`)
"""


@pytest.mark.parametrize("who", PAGES)
def test_nothing_scrolls_sideways_but_named_regions(enter: Enter, who: str) -> None:
    page = enter(who)
    found: list[str] = []

    for path in PAGES[who]:
        answer = page.goto(address(path))
        assert answer is not None
        assert answer.ok, path
        for size, (viewport, text) in SIZES.items():
            page.set_viewport_size(viewport)
            page.evaluate(
                "size => { document.documentElement.style.fontSize = size; }", text
            )
            found += [f"{size}: {each}" for each in problems(page)]

    assert not found, "\n".join(found)


def problems(page: Page) -> list[str]:
    found: list[str] = page.evaluate(PROBLEMS) + page.evaluate(SMALL_TARGETS)
    return [f"{page.url}: {each}" for each in found]
