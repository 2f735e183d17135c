"""A real Chromium, one for all tests of a process, and a page of its own for each test.

`page` is on the test's own empty site. `demo` is a copy of the demo group, one for all
tests of a module that only read; `demo_site` is one for a test that writes. `enter` opens
either as one of the demo's people.
"""

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    Request,
    WebError,
)
from pytest_django import DjangoDbBlocker

from tests.chromium import follow
from tests.demo_site import opened_demo
from tests.servers import serving


@pytest.fixture
def page(browser: Browser, site: str) -> Iterator[Page]:
    """A page of 1280 × 800 on the test's own site; a script's error fails the test."""
    context = browser.new_context(
        base_url=site,
        viewport={"width": 1280, "height": 800},
        locale="en-US",
        reduced_motion="reduce",
    )
    page = context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    yield page
    context.close()
    assert not errors, errors


@pytest.fixture(scope="module")
def demo(
    django_db_setup: None,
    django_db_blocker: DjangoDbBlocker,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[str]:
    """The address of a server on a copy of the demo, for tests that only read."""
    folder = tmp_path_factory.mktemp("demo") / "files"
    with django_db_blocker.unblock(), opened_demo(folder), serving() as address:
        yield address


class Enter:
    """Opens pages as people of the demo, and keeps what the pages should not do."""

    def __init__(self, browser: Browser, address: str) -> None:
        self.browser = browser
        self.address = address
        self.contexts: list[BrowserContext] = []
        self.faults: list[str] = []

    def __call__(self, who: str = "", **options: Any) -> Page:
        """Sign in by the person's button on the log-in page; without a name stay there.

        The options are those of Playwright's contexts.
        """
        page = self.new_page(**options)
        page.goto("/account/login/")
        if who:
            follow(page.get_by_role("button", name=re.compile(f"^{who}")))
        return page

    def by_form(self, email: str, password: str, **options: Any) -> Page:
        """Sign in as somebody whom the log-in page does not offer."""
        page = self(**options)
        page.get_by_label("Email").fill(email)
        page.get_by_label("Password").fill(password)
        follow(page.get_by_role("button", name="Sign in", exact=True))
        return page

    def new_page(self, **options: Any) -> Page:
        """Open a page of a browser that nobody has used before."""
        choices = {
            "base_url": self.address,
            "viewport": {"width": 1280, "height": 800},
            "locale": "en-US",
            # A colour on its way from one scheme to the other is neither of them.
            "reduced_motion": "reduce",
            **options,
        }
        context = self.browser.new_context(**choices)
        self.contexts.append(context)
        context.on("request", self.note_request)
        context.on("weberror", self.note_error)
        context.on("console", self.note_words)
        return context.new_page()

    def note_request(self, request: Request) -> None:
        url = urlsplit(request.url)
        if url.scheme.startswith("http") and url.netloc not in self.address:
            self.faults.append(f"asks a stranger: {request.url}")

    def note_error(self, error: WebError) -> None:
        self.faults.append(f"{error.page and error.page.url}: {error.error}")

    def note_words(self, said: ConsoleMessage) -> None:
        """An answer of 404 or 409 is no fault; what the security policy stops is."""
        if said.type == "error" and "Failed to load resource" not in said.text:
            self.faults.append(said.text)


@pytest.fixture
def enter(request: pytest.FixtureRequest, browser: Browser) -> Iterator[Enter]:
    """Opens the demo; a script's error or a request to a stranger fails the test."""
    own = "demo_site" in request.fixturenames
    opened = Enter(browser, request.getfixturevalue("demo_site" if own else "demo"))
    yield opened
    for context in opened.contexts:
        context.close()
    assert not opened.faults, opened.faults
