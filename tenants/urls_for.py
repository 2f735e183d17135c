"""Addresses of pages of a business or a group; mails and tasks need no request."""

from typing import Any

from django.urls import reverse

from tenants.accounts.models import Business, Group


def business_url(business: Business | str, name: str, *args: Any, **kwargs: Any) -> str:
    """Return the address of a business's page: `business_url(acme, "runs:run", 4)`."""
    return _url("business", business, name, args, kwargs)


def group_url(group: Group | str, name: str, *args: Any, **kwargs: Any) -> str:
    """Return the address of a group's page: `group_url(hale, "people:people")`."""
    return _url("group", group, name, args, kwargs)


def _url(
    kind: str,
    place: Business | Group | str,
    name: str,
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
) -> str:
    slug = place if isinstance(place, str) else place.slug
    if kwargs:
        if args:
            raise TypeError("Give the page's arguments by position or by name.")
        return reverse(name, kwargs={kind: slug, **kwargs})
    return reverse(name, args=[slug, *args])
