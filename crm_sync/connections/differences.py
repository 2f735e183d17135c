"""How a list of all ids differs from what is known here; decided on plain values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from crm_sync.contract import Listing

_NOTICED = 20  # fewer records than these may well be deleted at once


@dataclass(frozen=True, slots=True)
class Difference:
    """How a listing differs from what is known here."""

    missing: tuple[str, ...]
    """Known here, not listed there: deleted only if `read_one` also finds nothing."""
    unknown: tuple[str, ...]
    stale: tuple[str, ...]
    ahead: tuple[str, ...] = ()
    """Later here than there: written meanwhile, or the source's clock went back."""
    held: int = 0
    """So many are missing that nothing is taken for deleted until a person has looked."""


def compare(
    listing: Listing, known: Mapping[str, str], confirmed: int = 0
) -> Difference:
    """Tell how `known` (id to version) differs; nothing is missing from a listing
    that is not complete.

    A careful list that is empty, or has lost most of what is known, makes nothing
    missing, unless a person has `confirmed` that so many are gone.
    """
    there = listing.versions
    missing = [key for key in known if key not in there] if listing.complete else []
    is_most = not there or len(missing) > max(_NOTICED, len(known) // 2)
    too_many = listing.careful and is_most and len(missing) > confirmed
    return Difference(
        missing=() if too_many else tuple(missing),
        held=len(missing) if too_many else 0,
        unknown=tuple(key for key in there if key not in known),
        stale=tuple(key for key in there if key in known and known[key] < there[key]),
        ahead=tuple(
            key
            for key, version in there.items()
            if version and key in known and known[key] > version
        ),
    )
