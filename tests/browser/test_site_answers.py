"""The browser reaches the product, and the product keeps its promises to browsers."""

from playwright.sync_api import Page


def test_the_health_page_opens_in_a_browser(page: Page) -> None:
    response = page.goto("/healthz")

    assert response is not None
    assert response.json() == {"status": "up"}
