"""Where something stands in a plan, and what its author may have meant."""

from collections.abc import Iterable
from difflib import get_close_matches

_INSTEAD = {
    **dict.fromkeys(("rate", "percent", "percentage", "commission", "pay"), "amount"),
    **dict.fromkeys(("condition", "filter", "if", "where", "only_if"), "when"),
    **dict.fromkeys(("formula", "expression", "calculation"), "amount"),
    **dict.fromkeys(("role", "roles", "payee", "who"), "credit"),
    **dict.fromkeys(("window", "period", "frequency", "reset"), "over"),
    **dict.fromkeys(("maximum", "max", "limit"), "cap"),
    **dict.fromkeys(("minimum", "min"), "floor"),
    **dict.fromkeys(("gate", "payable", "hold"), "payable_when"),
    **dict.fromkeys(("clawback", "claw_back"), "clawback_days"),
    **dict.fromkeys(("title", "label"), "name"),
    **dict.fromkeys(("description", "comment", "note"), "says"),
}
_SAID = {
    "count": "Count with sum: 1.",
    "average": "Divide two measures, as in volume.total / deals.total.",
}


def habit(word: str, among: Iterable[str]) -> str:
    """Return how plans say what other products have a key for, or nothing."""
    keys = set(among)
    if "sum" in keys and word in _SAID:
        return _SAID[word]
    meant = _INSTEAD.get(word, "")
    return f"Write it as {meant}." if meant in keys else ""


def join(path: str, key: str) -> str:
    """Write where something stands: components.base_pay.amount."""
    return f"{path}.{key}" if path and key else path or key


def suggestion(word: str, among: Iterable[str]) -> str:
    """Return “Did you mean …?”, or nothing when nothing is near."""
    near = get_close_matches(word, list(among), n=1, cutoff=0.6)
    return f"Did you mean {near[0]}?" if near else ""
