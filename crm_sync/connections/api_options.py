"""The options that a program may send with a new connection, each looked at first."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from crm_sync.connections.forms import MEMBERS
from crm_sync.contract import field_name
from crm_sync.moments import as_moment
from crm_sync.providers import presets
from tenants.api.errors import BadRequest

# How long is waited and how often is tried is ours to say, not a program's.
_ALWAYS = ("people", "members", "webhooks")
_OF_KIND = {
    "rest": ("document", "preset"),
    "close": ("app_url", "meetings_from", "types"),
    "webhook": ("schemas",),
}
_TYPES = ("text", "number", "money", "percent", "date", "yesno")
_TYPE_ID = re.compile(r"(actitype|cotype)_\w+", re.ASCII)
_MOST, _LONGEST_NAME, _LONGEST = 200, 60, 200


def checked_options(options: dict[str, Any], kind: str) -> dict[str, Any]:
    """Return options that are known and of the right shape, or refuse them."""
    kind = "rest" if kind in presets() else kind
    allowed = (*_OF_KIND.get(kind, ()), *_ALWAYS)
    for name, value in options.items():
        if name not in allowed:
            said = f"{name[:_LONGEST]} is no option of a program."
            hint = f"The options are: {', '.join(sorted(allowed))}."
            if name == "objects":
                hint = "Send it beside options."
            raise BadRequest(said, hint, field="options")
        fits, shape = _CHECKS[name]
        if not fits(value):
            raise BadRequest(f"The option {name} is not right.", shape, field="options")
    return options


def _is_document(value: Any) -> bool:
    return isinstance(value, dict | str)


def _is_address(value: Any) -> bool:
    if not _is_text(value, 500):
        return False
    try:
        url = urlsplit(value)
        return url.scheme in ("http", "https") and bool(url.hostname)
    except ValueError:
        return False


def _is_moment(value: Any) -> bool:
    if not _is_text(value):
        return False
    try:
        as_moment(value)
    except ValueError:
        return False
    return True


def _are_types(value: Any) -> bool:
    """An id that Close never gives would name nothing, and nobody would notice."""
    return _is_table(value) and all(
        _is_text(id_) and _TYPE_ID.fullmatch(id_) and _is_text(name, _LONGEST_NAME)
        for id_, name in value.items()
    )


def _are_schemas(value: Any) -> bool:
    return _is_table(value) and all(
        _is_text(name, _LONGEST_NAME)
        and field_name(name) == name
        and _is_table(fields)
        and bool(fields)
        and all(_is_text(path) and _is_field(one) for path, one in fields.items())
        for name, fields in value.items()
    )


def _is_field(value: Any) -> bool:
    return (
        isinstance(value, dict)
        and set(value) <= {"type", "required"}
        and value.get("type") in _TYPES
        and isinstance(value.get("required", False), bool)
    )


def _is_table(value: Any) -> bool:
    return isinstance(value, dict) and len(value) <= _MOST


def _is_text(value: Any, most: int = _LONGEST) -> bool:
    return isinstance(value, str) and 0 < len(value) <= most and "\0" not in value


def _is_choice(*choices: Any) -> Callable[[Any], bool]:
    def is_one(value: Any) -> bool:
        return isinstance(value, str) and value in choices

    return is_one


_ROLES = [str(name) for name, _ in MEMBERS]
_CHECKS: dict[str, tuple[Callable[[Any], bool], str]] = {
    "people": (_is_choice("payees", "matched"), "It is payees or matched."),
    "members": (
        _is_choice(*_ROLES),
        f"It is one of: {', '.join(one for one in _ROLES if one)}.",
    ),
    "webhooks": (lambda value: isinstance(value, bool), "It is true or false."),
    "document": (_is_document, "It is an object, or a text that declares one."),
    "preset": (_is_choice(*presets()), f"It is one of: {', '.join(presets())}."),
    "app_url": (_is_address, "It is an address such as https://app.close.com."),
    "meetings_from": (_is_moment, "It is a moment such as 2015-01-01T00:00:00Z."),
    "types": (
        _are_types,
        'It names each type by its id in Close: {"actitype_1": "visit"}. That of an'
        " activity begins with actitype_, that of an object with cotype_.",
    ),
    "schemas": (
        _are_schemas,
        'It says each field of each object: {"deal": {"amount": {"type": "number"}}}.'
        f" A type is one of: {', '.join(_TYPES)}.",
    ),
}
