"""Tells a change that we made ourselves from one that people made in the source."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any

from crm_sync.ledger.reading import EntryState


def same_payload_but(
    paths: Collection[str], one: Mapping[str, Any] | None, other: Mapping[str, Any]
) -> bool:
    """Say whether two payloads are equal, whatever they have at these paths."""
    if one is None:
        return False
    if dict(one) == dict(other):
        return True
    return bool(paths) and _without(one, paths) == _without(other, paths)


def without_values(state: EntryState, keys: Collection[str]) -> EntryState:
    """Return a state as if these keys had no value."""
    kept = {key: value for key, value in state.values.items() if key not in keys}
    return replace(state, values=kept)


def _without(payload: Mapping[str, Any], paths: Collection[str]) -> dict[str, Any]:
    kept = dict(payload)
    for path in paths:
        if path in kept:  # the whole path is one key, as Close's `custom.cf_…`
            del kept[path]
            continue
        first, _, rest = path.partition(".")
        inner = kept.get(first)
        if rest and isinstance(inner, Mapping):
            kept[first] = _without(inner, [rest])
    return kept
