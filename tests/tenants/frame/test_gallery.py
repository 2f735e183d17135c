"""Every part of the frame in a real browser, on a desk and a phone, light and dark."""

import mimetypes
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.conf import settings
from django.contrib.messages.storage.cookie import CookieStorage
from django.contrib.staticfiles import finders
from django.http import HttpRequest
from django.template import engines
from playwright.sync_api import Browser, Page, Request, Route, expect

from tenants.frame import hooks
from tenants.frame.undo import say_with_undo
from tests.tenants.frame import gallery

TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
TEMPLATES = Path(__file__).parent / "templates" / "gallery"
DIRECTIVES = settings.CONTENT_SECURITY_POLICY["DIRECTIVES"]
POLICY = "; ".join(f"{name} {' '.join(words)}" for name, words in DIRECTIVES.items())
PIECES = {
    "/claim/": '<form id="claim" hx-post="/claim/"><div class="error-summary" tabindex="-1">'
    "There is a problem</div></form>",
    "/bare/": "ok",
    "/job/": '<section class="card job" id="job"><p>Done</p></section>',
}
VIEWS = [(1280, "light"), (375, "dark")]


def drawn(name: str) -> str:
    """Return a page of the gallery as a member of a business would get it."""
    request: HttpRequest = gallery.a_request()
    request._messages = CookieStorage(request)  # type: ignore[attr-defined]
    say_with_undo(request, "Held Dana Whitlock.", "/b/acme/undo/1/")
    text = (TEMPLATES / f"{name}.html").read_text()
    messages = list(request._messages)  # type: ignore[attr-defined]
    context = {**gallery.values(), "messages": messages}
    return str(engines["django"].from_string(text).render(context, request))


@pytest.fixture
def asked() -> list[Request]:
    """What the browser asked for, besides styles and scripts."""
    return []


@pytest.fixture
def opened(
    browser: Browser, monkeypatch: pytest.MonkeyPatch, db: None, asked: list[Request]
) -> Any:
    """Opens a page of the gallery; styles and scripts come from where they lie."""
    monkeypatch.setitem(hooks._offers, "as_of", lambda request: gallery.AS_OF)
    monkeypatch.setitem(hooks._offers, "nav.connections", lambda request: 1)
    pages: list[Page] = []
    bodies: dict[str, str] = {}
    complaints: list[str] = []

    def answer(route: Route) -> None:
        path = urlsplit(route.request.url).path
        file = finders.find(path[8:]) if path.startswith("/static/") else None
        if isinstance(file, str):
            kind = mimetypes.guess_type(file)[0] or "text/plain"
            route.fulfill(body=Path(file).read_bytes(), content_type=kind)
            return
        asked.append(route.request)
        route.fulfill(
            status=422 if path == "/claim/" else 200,
            body=PIECES.get(path) or bodies[path.strip("/")],
            content_type="text/html",
            headers={"Content-Security-Policy": POLICY},
        )

    def open_page(
        name: str, width: int, scheme: Any, *, is_wound: bool = False
    ) -> Page:
        bodies[name] = drawn(name)
        page = browser.new_page(
            viewport={"width": width, "height": 800}, color_scheme=scheme
        )
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.route("**/*", answer)
        if is_wound:
            page.clock.install()  # a test may let time pass at once
        page.goto(f"http://gallery.example/{name}/")
        pages.append(page)
        return page

    yield open_page
    for page in pages:
        page.close()
    assert [text for text in complaints if "422" not in text] == []


@pytest.mark.parametrize(("width", "scheme"), VIEWS)
@pytest.mark.parametrize("name", ["statement", "run", "line"])
def test_the_parts_can_be_read_by_everybody(
    opened: Any, name: str, width: int, scheme: str
) -> None:
    page = opened(name, width, scheme)

    found = Axe().run(page, options={"runOnly": TAGS}).response["violations"]

    assert [(one["id"], [node["html"] for node in one["nodes"]]) for one in found] == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_a_menu_opens_without_scripts_and_closes_with_escape(opened: Any) -> None:
    page = opened("run", 1280, "light")
    menu = page.locator("details.account")

    menu.locator("summary").click()
    assert menu.get_attribute("open") == ""

    page.keyboard.press("Escape")
    assert menu.get_attribute("open") is None
    assert menu.locator("summary").evaluate("one => one === document.activeElement")


def test_a_form_that_failed_has_the_focus_on_what_is_wrong(opened: Any) -> None:
    page = opened("line", 1280, "light")

    assert page.evaluate("document.activeElement.className") == "error-summary"
    assert page.title().startswith("Error: ")
    page.get_by_role("link", name="What should it be?: This field is required.").click()
    expect(page.locator("#id_amount")).to_be_focused()


def test_on_paper_the_frame_is_gone_and_the_figures_stay(opened: Any) -> None:
    page = opened("statement", 1280, "light")

    page.emulate_media(media="print")

    assert not page.locator("header.top").is_visible()
    assert page.locator(".figure").inner_text() == "$4,956.12"


def test_a_form_sent_by_htmx_comes_back_with_the_focus_on_what_is_wrong(
    opened: Any,
) -> None:
    page = opened("live", 1280, "light")

    page.get_by_role("button", name="Send").click()

    expect(page.locator(".error-summary")).to_be_focused()


def test_what_htmx_sends_carries_the_token_also_without_a_form(
    opened: Any, asked: list[Request]
) -> None:
    page = opened("live", 1280, "light")

    with page.expect_response("**/bare/"):
        page.get_by_role("button", name="No form").click()

    [sent] = [one for one in asked if one.url.endswith("/bare/")]
    assert len(sent.headers["x-csrftoken"]) == 64


def test_a_job_is_asked_for_until_it_has_ended(
    opened: Any, asked: list[Request]
) -> None:
    page = opened("live", 1280, "light", is_wound=True)

    page.get_by_text("Done").wait_for()
    page.clock.run_for(10_000)  # an answer that says so would have been asked for anew

    assert [one.url for one in asked if one.url.endswith("/job/")] == [
        "http://gallery.example/job/"
    ]
