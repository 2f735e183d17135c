"""What every page's frame needs, worked out only where a page draws it."""

from datetime import datetime
from typing import Any

from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.functional import cached_property

from commissions_saas.lib import clock
from tenants.accounts.models import Business, Group
from tenants.accounts.setup import progress
from tenants.frame import hooks
from tenants.frame.formats import Reader, reader_of, zone_words
from tenants.frame.links import Link
from tenants.frame.navigation import (
    BUSINESS_ITEMS,
    GROUP_ITEMS,
    links_for,
    place_url,
    roles_of,
    split_links,
)
from tenants.frame.places import Section, places_of

PRODUCT = "Commissions"
ACCOUNT_PAGES = (
    ("Notifications", "notices:settings"),
    ("Keyboard", "notices:keys"),
    ("E-mail", "account_email"),
    ("Password", "account_change_password"),
    ("Two-step sign-in", "mfa_index"),
    ("API tokens", "api:my_tokens"),
)


class Frame:
    """The header, the navigation and the footer of one page."""

    product = PRODUCT

    def __init__(self, request: HttpRequest | None) -> None:
        self.request = request or HttpRequest()
        self.business: Business | None = getattr(request, "business", None)
        self.member: Any = getattr(request, "member", None)
        self.group: Group | None = getattr(request, "group", None)

    @property
    def place(self) -> Business | Group | None:
        return self.business or self.group

    @cached_property
    def reader(self) -> Reader:
        return reader_of(self.request)

    @property
    def now(self) -> datetime:
        return clock.now()

    @property
    def language(self) -> str:
        return "en"  # the pages' own words; amounts and dates follow the reader

    @cached_property
    def user(self) -> Any:
        user = getattr(self.request, "user", None)
        return user if user is not None and user.is_authenticated else None

    @property
    def keys(self) -> str:
        return "off" if self.request.COOKIES.get("keys") == "off" else "on"

    @property
    def currency(self) -> str:
        if self.business:
            return self.business.currency
        return self.group.reporting_currency if self.group else ""

    @property
    def zone_words(self) -> str:
        return zone_words(self.reader) if self.business else ""

    @cached_property
    def _links(self) -> tuple[list[Link], list[Link]]:
        if self.place is None or self.member is None:
            return [], []
        items = BUSINESS_ITEMS if self.business else GROUP_ITEMS
        return split_links(links_for(self.request, items, roles_of(self.member)))

    @property
    def nav(self) -> list[Link]:
        return self._links[0]

    @property
    def more(self) -> list[Link]:
        return self._links[1]

    @cached_property
    def switcher(self) -> list[Section]:
        return places_of(self.user, self.request) if self.user else []

    @cached_property
    def setup(self) -> Any:
        """How far the setup is, for whoever is in the middle of it."""
        return progress(self.request) if self.business and self.member else None

    @property
    def search_url(self) -> str:
        return place_url(self.request, "statements:deals") if self.business else ""

    @property
    def help_url(self) -> str:
        return _site_url("help")

    @property
    def bell_url(self) -> str:
        return _site_url("notices:notices") if self.user else ""

    @cached_property
    def bell_count(self) -> int:
        return hooks.ask("bell_count", self.request) or 0

    @property
    def sign_in_url(self) -> str:
        url = _site_url("account_login")
        return "" if self.request.path == url else url

    @property
    def sign_out_url(self) -> str:
        return _site_url("account_logout")

    @cached_property
    def account_links(self) -> list[Link]:
        links = [(text, name, _site_url(name)) for text, name in ACCOUNT_PAGES]
        return [
            Link(text, url, shortcut="keys" in name) for text, name, url in links if url
        ]


def _site_url(name: str) -> str:
    try:
        return reverse(name)
    except NoReverseMatch:
        return ""
