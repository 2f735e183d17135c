"""Finds the name that somebody probably meant."""

import difflib
import heapq
import re
from collections.abc import Container, Iterable

from .errors import Fault
from .functions import CATALOGUE
from .habits import INSTEAD, SYNONYMS
from .meaning_errors import unknown_field
from .source import Span

_WORDS = ("IF", "AND", "OR", "NOT")
_LONG_MONTHS = [
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
]
_MONTHS = [month[:3] for month in _LONG_MONTHS]
LIKENESS = 0.7
MOST_COMPARED = 200  # names that are compared letter by letter


def nearest(name: str, candidates: Iterable[str]) -> str:
    """Return the candidate that is spelled most like the name, or nothing."""
    if len(name) > 80:
        return ""
    known = {one.casefold(): one for one in sorted(candidates, reverse=True)}
    folded = name.casefold()
    joined = {one.replace(".", "_"): one for one in known}
    if spelled := joined.get(folded.replace(".", "_")):
        return known[spelled]
    # What stands before a dot is the same for many fields and says little.
    endings = {one.rpartition(".")[2] for one in known}
    if len(endings) > MOST_COMPARED:
        endings = _sharing_letters(folded.rpartition(".")[2], endings)
    likely = difflib.get_close_matches(folded.rpartition(".")[2], endings, n=2)
    several = [one for one in known if one.rpartition(".")[2] in likely]
    close = difflib.get_close_matches(folded, sorted(several), n=1, cutoff=0.0)
    return known[close[0]] if close and _alike(folded, close[0]) else ""


def _alike(name: str, found: str) -> bool:
    """Say whether a likeness is worth a question: tables.rates is no deal.rate."""
    owner, _, ending = name.rpartition(".")
    last = found.rpartition(".")[2]
    if sorted(ending.split("_")) == sorted(last.split("_")):
        return True
    if not owner and _shortened(ending, last):
        return True
    pair = (name, found) if owner else (ending, last)
    return difflib.SequenceMatcher(None, *pair).ratio() >= LIKENESS


def _shortened(short: str, word: str) -> bool:
    """Say whether amt is amount: the same first letter, and the others in their order."""
    rest = iter(word)
    return short[:1] == word[:1] and all(letter in rest for letter in short)


def _sharing_letters(name: str, candidates: set[str]) -> set[str]:
    """Return the few that share most pairs of letters with the name: a quick look."""
    wanted = {name[at : at + 2] for at in range(len(name) - 1)}

    def shared(one: str) -> tuple[int, str]:
        return 2 * sum(map(one.__contains__, wanted)) - len(one), one

    return set(heapq.nlargest(MOST_COMPARED, candidates, key=shared))


def field_like(name: str, fields: Iterable[str]) -> str:
    """Return the declared field that was probably meant."""
    known = set(fields)
    owner = name.rpartition(".")[0]
    # Somebody who asks for a part of a field meant the field.
    return owner if owner in known else nearest(name, known)


_TWO_WORDS = re.compile(r"([A-Za-z_][A-Za-z0-9_.]*) +$")


def torn_name(fault: Fault, text: str, fields: Container[str]) -> Fault:
    """Return the fault of two words that are one name, such as deal amount, if it is."""
    before = _TWO_WORDS.search(text, 0, fault.span.start)
    if fault.code != "missing_operator" or before is None:
        return fault
    first, last = before.group(1), text[fault.span.start : fault.span.end]
    for name in (f"{first}.{last}", f"{first}_{last}"):
        if name in fields:
            span = Span(before.start(), fault.span.end)
            return unknown_field(span, text[span.start : span.end], name)
    return fault


def function_like(name: str) -> str:
    """Return the function that was probably meant, from other products' names too."""
    if len(name) > 80 or instead_of(name):
        return ""
    folded = name.casefold()
    known = {one.casefold(): one for one in (*_WORDS, *CATALOGUE)}
    for spelling in (folded, folded.replace("_", "")):
        if spelling in known or spelling in SYNONYMS:
            return known.get(spelling) or SYNONYMS[spelling]
    # Short names are all alike; only one slip of the finger counts as likeness.
    close = difflib.get_close_matches(folded, known, n=1, cutoff=0.72)
    return known[close[0]] if close else ""


def number_of(name: str) -> str:
    """Return how a formula says November, or Q4."""
    if re.fullmatch(r"[Qq][1-4]", name):
        return f"A quarter is its number, {name[1]}, as in quarter(date) == {name[1]}."
    month = name[:3].capitalize()
    if len(name) < 3 or month not in _MONTHS:
        return ""
    if not _LONG_MONTHS[_MONTHS.index(month)].startswith(name.capitalize()):
        return ""
    number = _MONTHS.index(month) + 1
    return f"A month is its number, {number}, as in month(date) == {number}."


def instead_of(name: str) -> str:
    """Return how a formula says what another product's function does."""
    return INSTEAD.get(name.casefold(), "")
