"""The links of the frame: what a member sees depends on their roles, and only on them."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.urls import NoReverseMatch

from tenants.frame import hooks
from tenants.frame.links import Link
from tenants.urls_for import business_url, group_url

MOST_ITEMS = 6


@dataclass(frozen=True, slots=True)
class Item:
    """A place in the navigation, the roles that see it, and the URL name behind it."""

    key: str
    text: str
    name: str
    roles: frozenset[str]


def _item(key: str, text: str, name: str, roles: str) -> Item:
    return Item(key, text, name, frozenset(roles.split()))


# In order: the first five are shown, the rest is under "More".
BUSINESS_ITEMS = (
    _item("mine", "My statement", "statements:mine", "rep manager"),
    _item("team", "Team", "statements:team", "manager"),
    _item("runs", "Runs", "runs:runs", "finance auditor owner group_admin"),
    _item("period", "Period", "statements:period", "finance auditor owner group_admin"),
    _item(
        "statements",
        "Statements",
        "statements:statements",
        "finance auditor admin owner",
    ),
    _item(
        "deals", "Deals", "statements:deals", "rep manager finance admin auditor owner"
    ),
    _item("plan", "My plan", "statements:my_plan", "rep"),
    _item("plans", "Plans", "plans:plans", "admin finance auditor owner group_admin"),
    _item(
        "connections",
        "Connections",
        "connections:connections",
        "admin owner group_admin",
    ),
    _item("people", "People", "connections:people", "finance admin owner group_admin"),
    _item("tables", "Rate tables", "plans:tables", "admin"),
    _item("facts", "Facts by date", "ledger:facts", "admin finance auditor"),
    _item("assignments", "Assignments", "plans:assignments", "admin finance"),
    _item(
        "disputes",
        "Disputes",
        "statements:disputes",
        "rep manager finance admin auditor",
    ),
    _item("adjustments", "Adjustments", "statements:adjustments", "finance auditor"),
    _item("invoices", "Invoices", "accounting:invoices", "finance admin auditor"),
    _item("leaderboard", "Leaderboard", "statements:leaderboard", "rep manager"),
    _item("functions", "Functions", "plans:functions", "admin"),
    _item("jobs", "Jobs", "jobs:jobs", "finance admin"),
    _item("audit", "Audit", "audit:audit", "finance admin auditor owner"),
    _item("members", "Access", "accounts:members", "admin owner group_admin"),
    _item("settings", "Settings", "accounts:settings", "admin owner group_admin"),
    _item("setup", "Set up", "accounts:setup", "admin owner group_admin"),
)
GROUP_ITEMS = (
    _item("overview", "Overview", "rollup:overview", "owner group_admin auditor"),
    _item("group_people", "People", "accounts:group_people", "owner group_admin"),
    _item(
        "group_connections",
        "Connections",
        "connections:group_connections",
        "owner group_admin",
    ),
    _item("group_library", "Library", "plans:group_library", "owner group_admin"),
    _item("rates", "Rates", "rollup:rates", "owner group_admin auditor"),
    _item(
        "group_leaderboard", "Leaderboard", "rollup:leaderboard", "owner group_admin"
    ),
    _item("group_jobs", "Jobs", "jobs:group_jobs", "owner group_admin"),
    _item("group_audit", "Audit", "audit:group_audit", "owner group_admin auditor"),
)


def roles_of(member: Any) -> frozenset[str]:
    """Return the member's roles of today and those that they count as."""
    return frozenset(str(role) for role in member.worth) if member else frozenset()


def links_for(
    request: HttpRequest, items: Iterable[Item], roles: frozenset[str]
) -> list[Link]:
    """Return the links that these roles see; an item without a page is left out."""
    found = []
    for item in items:
        if not roles & item.roles:
            continue
        offered = hooks.ask(f"link.{item.key}", request)
        url = offered or place_url(request, item.name)
        if url:
            found.append((item, url))
    here = _here(request.path, [url for _, url in found])
    return [
        Link(item.text, url, url == here, hooks.ask(f"nav.{item.key}", request) or 0)
        for item, url in found
    ]


def split_links(links: list[Link]) -> tuple[list[Link], list[Link]]:
    """Return at most six items: all of them, or five and the rest for "More"."""
    if len(links) <= MOST_ITEMS:
        return links, []
    return links[: MOST_ITEMS - 1], links[MOST_ITEMS - 1 :]


def place_url(request: HttpRequest, name: str) -> str:
    """Return the URL of that name in the business or group at hand, or nothing."""
    business = getattr(request, "business", None)
    group = getattr(request, "group", None)
    try:
        if business is not None:
            return business_url(business, name)
        return group_url(group, name) if group is not None else ""
    except NoReverseMatch:
        return ""


def _here(path: str, urls: list[str]) -> str:
    """Return the longest URL that `path` lies under."""
    return max((url for url in urls if path.startswith(url)), key=len, default="")
