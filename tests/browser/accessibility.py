"""Asks axe about a page: the rules of WCAG 2.0 to 2.2, levels A and AA."""

from typing import Any

from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Page

LEVELS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22a", "wcag22aa"]
RUN = """tags => axe.run(document, {
  runOnly: {type: "tag", values: tags}, resultTypes: ["violations"],
}).then(found => found.violations)"""


def violations(page: Page) -> list[str]:
    """Return one sentence for each element that breaks a rule."""
    page.evaluate(AXE_SCRIPT)
    found: list[dict[str, Any]] = page.evaluate(RUN, LEVELS)
    return [
        f"{page.url}: {rule['id']}: {node['target'][0]}: {node['html'][:160]}"
        f" ({node['any'][0]['message'] if node['any'] else rule['help']})"
        for rule in found
        for node in rule["nodes"]
    ]
