"""What every page's frame needs, worked out only where a page draws it."""

from typing import Any

from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.functional import cached_property

from tenants.accounts.models import Business, Group, Member
from tenants.frame import hooks
from tenants.frame.formats import Reader, reader_of, zone_words
from tenants.frame.navigation import (
    BUSINESS_ITEMS,
    GROUP_ITEMS,
    Link,
    links_for,
    place_url,
    roles_of,
    split_links,
)
from tenants.urls_for import business_url

PRODUCT = "Commissions"
ACCOUNT_PAGES = (
    ("Notifications", "notices:settings"),
    ("Keyboard", "notices:keys"),
    ("E-mail", "account_email"),
    ("Password", "account_change_password"),
    ("Two-step sign-in", "mfa_index"),
)


def frame(request: HttpRequest) -> dict[str, Any]:
    """Offer `frame` to every template."""
    return {"frame": Frame(request)}


class Frame:
    """The header, the navigation and the footer of one page."""

    product = PRODUCT

    def __init__(self, request: HttpRequest) -> None:
        self.request = request
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
    def switcher(self) -> list[dict[str, Any]]:
        return places_of(self.user, self.request) if self.user else []

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
        return _site_url("account_login")

    @property
    def sign_out_url(self) -> str:
        return _site_url("account_logout")

    @cached_property
    def account_links(self) -> list[Link]:
        links = [(text, name, _site_url(name)) for text, name in ACCOUNT_PAGES]
        return [Link(text, url, shortcut="keys" in name) for text, name, url in links if url]


def places_of(user: Any, request: HttpRequest) -> list[dict[str, Any]]:
    """Return the user's groups and businesses, each a link that keeps the kind of page."""
    members = list(
        Member.objects.filter(user=user)
        .select_related("group", "business")
        .order_by("group__name", "business__name")
    )
    here = getattr(request, "business", None)
    name = request.resolver_match.view_name if request.resolver_match and here else ""
    sections: dict[int, dict[str, Any]] = {}
    for member in members:
        section = sections.setdefault(
            member.group_id, {"title": member.group.name, "links": []}
        )
        if member.business is None:
            url = f"/g/{member.group.slug}/"
            at_group = here is None and getattr(request, "group", None) == member.group
            section["links"].insert(0, Link("All businesses", url, at_group))
        else:
            url = _same_page(member.business, name)
            section["links"].append(
                Link(member.business.name, url, member.business == here)
            )
    return list(sections.values())


def _same_page(business: Business, name: str) -> str:
    try:
        return business_url(business, name) if name else f"/b/{business.slug}/"
    except NoReverseMatch:
        return f"/b/{business.slug}/"


def _site_url(name: str) -> str:
    try:
        return reverse(name)
    except NoReverseMatch:
        return ""
