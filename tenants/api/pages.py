"""How a view of the API is made, and how it reads what was sent."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from rest_framework.decorators import api_view

from tenants.access import Role, requires
from tenants.api.errors import BadRequest


def machine(*methods: str, roles: Iterable[Role]) -> Callable[..., Any]:
    """Make a view of the API, open to these roles."""

    def decorate(view: Callable[..., Any]) -> Callable[..., Any]:
        return requires(*roles)(api_view(list(methods))(view))

    return decorate


def sent(request: Any, known: Iterable[str]) -> dict[str, Any]:
    """Return what was sent; a name that is not known is refused, never ignored."""
    data = request.data
    names = sorted(known)
    for name in data:
        if name not in names:
            listed = ", ".join(names) or "nothing"
            raise BadRequest(
                f"“{name}” is not known here.", f"Known: {listed}.", field=str(name)
            )
    return dict(data)


def text_of(
    data: dict[str, Any], name: str, *, most: int = 500, default: str = ""
) -> str:
    """Return a text that was sent."""
    value = data.get(name, default)
    if value is None:
        return default
    if not isinstance(value, str):
        raise BadRequest(f"{name} is a text.", field=name)
    if len(value) > most:
        raise BadRequest(f"{name} is longer than {most} characters.", field=name)
    return value.strip()
