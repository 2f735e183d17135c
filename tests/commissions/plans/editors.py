"""The editor of the plan “Flat”, opened in a browser as Ada."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.test import Client
from playwright.sync_api import Browser, Page

from tenants.accounts.models import User

DRAFT = "/b/acme/plans/flat/draft/"


@contextmanager
def editing(
    browser: Browser, site: str, path: str = DRAFT, **options: Any
) -> Iterator[Page]:
    """Open the page; a script's error fails the test."""
    choices = {"viewport": {"width": 1280, "height": 800}, **options}
    context = browser.new_context(base_url=site, **choices)
    page = context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    client = Client()
    client.force_login(User.objects.get(name="Ada"))
    session = client.cookies["sessionid"].value
    context.add_cookies([{"name": "sessionid", "value": session, "url": site}])
    page.goto(path)
    yield page
    context.close()
    assert not errors, errors
