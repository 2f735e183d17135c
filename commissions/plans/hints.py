"""Where something stands in a plan, and what its author may have meant."""

from collections.abc import Iterable
from difflib import get_close_matches


def join(path: str, key: str) -> str:
    """Write where something stands: components.base_pay.amount."""
    return f"{path}.{key}" if path and key else path or key


def suggestion(word: str, among: Iterable[str]) -> str:
    """Return “Did you mean …?”, or nothing when nothing is near."""
    near = get_close_matches(word, list(among), n=1, cutoff=0.6)
    return f"Did you mean {near[0]}?" if near else ""
