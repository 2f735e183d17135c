"""One Chromium for all tests of a process: a second one beside it cannot start.

`follow` clicks what opens another page. Without it the test goes on while the old page is
still there, and reads or presses what stands on that one.
"""

import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Locator, Response, expect, sync_playwright

CHROMIUMS = ("chromium", "chromium-browser", "google-chrome", "chrome")
_LOADED = """() => new Promise(done => document.readyState === "complete"
    ? done() : addEventListener("load", () => done()))"""
PATIENCE = 30_000  # what is right comes at once; a busy machine takes its time


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """The installed Chromium, or Playwright's own; `run.py test` installs one."""
    installed = next(filter(None, map(shutil.which, CHROMIUMS)), None)
    expect.set_options(timeout=PATIENCE)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=installed, args=["--no-sandbox", "--disable-gpu"]
        )
        yield browser
        browser.close()


def follow(way: Locator) -> Response | None:
    """Click a link or send a form, and wait until the page that it opens is there.

    Under load a late "loaded" of the page before was taken for that of the new one, in
    two of a hundred clicks right after `goto`: the document itself is asked as well.
    """
    with way.page.expect_navigation() as moved:
        way.click()
    way.page.evaluate(_LOADED)
    return moved.value
