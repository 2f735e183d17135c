"""Patterns that a document may hold: each ends soon, whatever text it runs over."""

from __future__ import annotations

import re

_LONGEST = 100
_LONGEST_TEXT = 300
_ESCAPED = re.compile(r"\\.", re.DOTALL)
_AGAIN = re.compile(r"[*+?]|\{(?!\d+\})")
SAYS = (
    "is no pattern that ends soon: use at most two of * + ? and two of |, repeat no"
    " group, and write nothing like (?=a), \\1 or {999}."
)
SAYS_LITERAL = (
    "is no pattern for the end of an address: it repeats nothing and has no group,"
    " like /api/v[12]|/v[12]."
)


def pattern(text: str) -> str:
    """Return a pattern that is right and ends soon; ValueError for any other."""
    # Python tries every way in which a pattern could fit, and each choice multiplies
    # them: what may be there or not (`a?`) and what is one of two as much as `a*`.
    bare = _ESCAPED.sub("x", text)
    if len(text) > _LONGEST or re.search(r"\)[*+?{]|\(\?|\{\d{3}", bare):
        raise ValueError(text)
    if re.search(r"\\[1-9]", text):
        raise ValueError(text)
    if len(_AGAIN.findall(bare)) > 2 or bare.count("|") > 2:
        raise ValueError(text)
    try:
        re.compile(text)
    except (re.error, OverflowError, RecursionError):
        raise ValueError(text) from None
    return text


def ending(text: str) -> str:
    """Return a pattern for the end of an address: texts, no group, nothing repeated."""
    # An address may be long, so that even two repetitions would take long over it.
    if re.search(r"[*+?{(]", _ESCAPED.sub("x", text)):
        raise ValueError(text)
    return pattern(text)


def found_by(pattern: str, text: str) -> str:
    """Return what the pattern's group finds, or all of it where it has no group."""
    found = re.search(pattern, text[:_LONGEST_TEXT])
    if found is None:
        return ""
    return (found[1] if found.re.groups else found[0]) or ""
