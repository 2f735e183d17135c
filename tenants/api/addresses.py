"""Addresses of the API work with a slash at their end and without one."""

from collections.abc import Callable
from typing import Any

from django.urls import URLPattern, path


def both(route: str, view: Callable[..., Any], name: str) -> list[URLPattern]:
    """Return both spellings of an address: a POST cannot be sent on to the other."""
    return [path(route.rstrip("/"), view, name=name), path(route, view, name=name)]
