"""Finds the name that somebody probably meant."""

import difflib
from collections.abc import Iterable

from .functions import CATALOGUE

_SYNONYMS = {
    "tiered": "marginal",
    "tier": "marginal",
    "tierd": "marginal",
    "graduated": "marginal",
    "rate": "rate_at",
    "vlookup": "lookup",
    "xlookup": "lookup",
    "interpolate": "curve",
    "isblank": "is_blank",
    "coalesce": "or_else",
    "ifblank": "or_else",
    "roundup": "ceil",
    "ceiling": "ceil",
    "rounddown": "floor",
    "int": "floor",
    "trunc": "floor",
    "datedif": "months_between",
    "datediff": "days_between",
    "edate": "add_months",
    "maximum": "max",
    "minimum": "min",
    "oneof": "is_one_of",
    "search": "contains",
    "lcase": "lower",
    "ifs": "IF",
    "iif": "IF",
}
_WORDS = ("IF", "AND", "OR", "NOT")


def nearest(name: str, candidates: Iterable[str]) -> str:
    """Return the candidate that is spelled most like the name, or nothing."""
    if len(name) > 80:
        return ""
    known = sorted(candidates)
    ending = [one for one in known if one.endswith(f".{name}")]
    if len(ending) == 1:
        return ending[0]
    by_fold = {one.casefold(): one for one in reversed(known)}
    folded = name.casefold()
    if folded in by_fold:
        return by_fold[folded]
    close = difflib.get_close_matches(folded, by_fold, n=1, cutoff=0.6)
    return by_fold[close[0]] if close else ""


def field_like(name: str, fields: Iterable[str]) -> str:
    """Return the declared field that was probably meant."""
    return nearest(name, fields)


def function_like(name: str) -> str:
    """Return the function that was probably meant, from other products' names too."""
    folded = name.casefold()
    for spelling in (folded, folded.replace("_", "")):
        if spelling in _SYNONYMS:
            return _SYNONYMS[spelling]
    return nearest(name, (*CATALOGUE, *_WORDS))
