"""Spoils plan files in every way that people and hostile people do."""

import random
from copy import deepcopy
from typing import Any

ODD: list[Any] = [
    "",
    None,
    0,
    -1,
    True,
    [],
    {},
    [[]],
    {"a": {"b": "c"}},
    "9" * 40,
    "1e999",
    "-0",
    "NaN",
    "Infinity",
    "1,000",
    "١٢٣",
    "𝟏",
    "​",
    "‮abc",
    "a" * 3000,
    "2026-13",
    "2026-02-30",
    "0000-00-00",
    "9999-12-31",
    "2999-12",
    "1900-01",
    "everybody",
    "deal.amount",
    "volume.before",
    "__class__",
    "(" * 300,
    "1" + "+1" * 700,
    "deal.amount * " * 5 + "2",
    "1/0",
    "deal.amount / 0",
    "9 ** 99 * deal.amount",
    "yes",
    "per",
    "%",
    "-5%",
    ["x", {"y": []}],
    {"2026-01": "5", "2026-02-01": "6"},
    [{"from": "2026-01-01"}],
]


def places(raw: Any) -> list[tuple[Any, Any]]:
    """Return every place of a nested value as the container and its key."""
    found: list[tuple[Any, Any]] = []
    if isinstance(raw, dict):
        keys: list[Any] = list(raw)
    elif isinstance(raw, list):
        keys = list(range(len(raw)))
    else:
        return found
    for key in keys:
        found.append((raw, key))
        found += places(raw[key])
    return found


def spoiled(raw: Any, chance: random.Random) -> Any:
    """Return a copy with one to four places removed, replaced, renamed or swapped."""
    raw = deepcopy(raw)
    for _ in range(chance.randint(1, 4)):
        among = places(raw)
        if not among:
            return raw
        holder, key = chance.choice(among)
        how = chance.random()
        if how < 0.25:
            del holder[key]
        elif how < 0.6:
            holder[key] = deepcopy(chance.choice(ODD))
        elif how < 0.75 and isinstance(holder, dict):
            other = chance.choice(["amount", "over", "x", "", "per", "name", "of"])
            holder[other] = holder.pop(key)
        else:
            source, at = chance.choice(among)
            if (isinstance(source, dict) and at in source) or (
                isinstance(source, list) and isinstance(at, int) and at < len(source)
            ):
                holder[key] = deepcopy(source[at])
    return raw
