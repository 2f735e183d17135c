"""Fills what a document declares into a request: `{since}`, `{size}`, `{token}`, …"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from crm_sync.providers.rest.document import Part
from crm_sync.providers.rest.shape import Shape
from crm_sync.providers.rest.transport import Question

_HOLE = re.compile(r"\{([a-z_]+)\}")
_KNOWN = frozenset({"since", "size", "token", "offset", "page", "id", "fields", "now"})
_NUMBERS = frozenset({"size", "offset", "page"})
_PLACES = frozenset({"token", "offset", "page"})
_VARIABLES = "variables"  # of GraphQL, where each stands for itself
_MISSING = object()
Values = Mapping[str, str]


def question_of(part: Part, values: Values, link: str = "") -> Question:
    """Return the request for one page. A link of the source replaces all of it."""
    if link:
        return Question(path=part.path, method=part.method, link=link)
    page = part.page
    params = filled_params(part.params, values)
    body = _filled(part.body, values, whole=True) if part.body is not None else None
    sent = {}
    if page.size_param and "size" in values:
        sent[page.size_param] = values["size"]
    place = {"page": "page", "offset": "offset", "cursor": "token", "keyset": "token"}
    value = values.get(place.get(page.kind, ""), "")
    if page.param and value:
        sent[page.param] = value
    if page.within == "body":
        body = {**(body or {}), **{name: _number(text) for name, text in sent.items()}}
    else:
        params |= sent
    return Question(
        path=_in_path(part.path, values),
        method=part.method,
        params=params,
        body=body if part.method == "POST" else None,
    )


def filled_params(params: Mapping[str, str], values: Values) -> dict[str, str]:
    """Return parameters; one that asks for what is not there yet is left out."""
    found = {}
    for name, text in params.items():
        filled = _text(text, values)
        if filled is not None:
            found[name] = filled
    return found


def check_holes(shape: Shape) -> None:
    """Refuse a hole that nothing fills: it would be sent as it is written."""
    params = shape.data.get("params")
    texts = {"path": shape.data.get("path"), **_named("params", params)}
    texts |= _named("body", shape.data.get("body"))
    for place, text in texts.items():
        for name in re.findall(r"\{(\w+)\}", text) if isinstance(text, str) else ():
            if name not in _KNOWN:
                known = ", ".join("{" + one + "}" for one in sorted(_KNOWN))
                shape.wrong(place, f"Nothing fills {{{name}}}. Known: {known}.")


def _named(name: str, value: Any) -> dict[str, Any]:
    """The texts in a part of a request; in a longer text { } may mean anything."""
    if isinstance(value, dict):
        return {
            place: text
            for key, one in value.items()
            for place, text in _named(f"{name}.{key}", one).items()
        }
    is_hole = isinstance(value, str) and re.fullmatch(r"\{\w+\}", value.strip())
    return {name: value} if is_hole else {}


def has_hole(part: Part, name: str) -> bool:
    """Tell whether a request asks for a value by this name."""
    return "{" + name + "}" in f"{part.path} {part.params} {part.body}"


def _filled(value: Any, values: Values, *, whole: bool = False) -> Any:
    """Return a part of a body with what is known; what asks for more is missing.

    Of a `whole` object only the names that ask for more are.
    """
    if isinstance(value, str):
        filled = _text(value, values)
        if filled is None:
            return _MISSING
        hole = _HOLE.fullmatch(value)
        if hole and hole[1] == "fields":
            return filled.split(",")
        return _number(filled) if hole and hole[1] in _NUMBERS else filled
    if isinstance(value, list):
        parts = [_filled(one, values) for one in value]
        return [one for one in parts if one is not _MISSING]
    if isinstance(value, dict):
        named = {
            name: _filled(one, values, whole=name == _VARIABLES)
            for name, one in value.items()
        }
        found = {name: one for name, one in named.items() if one is not _MISSING}
        if whole or len(found) == len(value):
            return found
        return found if found and not _compares(value, found) else _MISSING
    return value


def _compares(value: Mapping[str, Any], found: Mapping[str, Any]) -> bool:
    """Tell whether it is a filter, which without the value that it compares with would
    filter all away; what says where a page begins is none."""
    asked = {name: set(_holes(one)) for name, one in value.items()}
    missing = [asked[name] for name in asked if name not in found]
    if not any(holes and not holes <= _PLACES for holes in missing):
        return False
    return not any(asked[name] for name in found)


def _holes(value: Any) -> list[str]:
    return _HOLE.findall(value) if isinstance(value, str) else []


def _text(text: str, values: Values) -> str | None:
    names = [name for name in _HOLE.findall(text) if name in _KNOWN]
    if any(not values.get(name) for name in names):
        return None
    return _HOLE.sub(lambda hole: values.get(hole[1], hole[0]), text)


def _in_path(path: str, values: Values) -> str:
    return _HOLE.sub(lambda hole: values.get(hole[1], hole[0]), path)


def _number(text: str | None) -> Any:
    return int(text) if text is not None and re.fullmatch(r"\d{1,15}", text) else text
