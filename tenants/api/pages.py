"""How a view of the API is made, and how it reads what was sent."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import wraps
from typing import Any

from rest_framework.decorators import api_view

from tenants.access import Role, requires
from tenants.api.errors import BadRequest


def machine(
    *methods: str, roles: Iterable[Role], filters: Iterable[str] = ()
) -> Callable[..., Any]:
    """Make a view of the API, open to these roles; it may be asked by these filters."""
    known = tuple(filters)

    def decorate(view: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(view)
        def checked(request: Any, *args: Any, **named: Any) -> Any:
            _refuse_filters(request, known)
            return view(request, *args, **named)

        return requires(*roles)(api_view(list(methods))(checked))

    return decorate


def _refuse_filters(request: Any, known: tuple[str, ...]) -> None:
    """A filter that is not known, or that is there twice, is refused, never ignored."""
    for name, values in request.query_params.lists():
        if name not in known:
            listed = f"Known: {', '.join(known)}." if known else "There is none here."
            raise BadRequest(f"“{name}” is no filter.", listed, name)
        if len(values) > 1:
            raise BadRequest(
                f"“{name}” is there twice.", "Send each filter once.", name
            )


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
        raise BadRequest(f"{name} is a text.", "Write it in quotes.", name)
    if len(value) > most:
        said = f"{name} is longer than {most} characters."
        raise BadRequest(said, f"It has {len(value)}: shorten it.", name)
    return value.strip()
