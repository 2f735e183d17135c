"""Reads from an entry's values what an invoice or a payment names; pure."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal

from commissions_saas.lib.money import LARGEST, NotAnAmount, parse_decimal
from crm_sync.accounting.models import Reference
from crm_sync.ledger.standard import INVOICE, PAYMENT

Kind, Problem = Reference.Kind, Reference.Problem
_BETWEEN = re.compile(r"\s*[;,]\s*")
_LONGEST = 200
_CUT = 1_900  # a list that is nearly as long as a value may be was cut, perhaps


@dataclass(frozen=True, slots=True)
class Name:
    """One thing that is named, and how much is for it where the source says."""

    kind: str
    named: str
    weight: Decimal | None = None
    problem: str = ""


def names_in(object_: str, values: Mapping[str, str]) -> list[Name]:
    """Return what is named, in the source's order; a blank name where one is missing.

    A payment that names neither an invoice nor a deal, and an invoice that names no
    deal, wait for somebody to say. A credit note may name the invoice that it lowers
    instead.
    """
    found = _several(Kind.DEAL, values, "deal", "deal_amounts")
    found += _at_most(
        values.get("amount", ""),
        _several(Kind.INVOICE, values, "invoice", "invoice_amounts"),
    )
    if not found and object_ in (INVOICE, PAYMENT):
        kind = Kind.DEAL if object_ == INVOICE else Kind.INVOICE
        found = [Name(kind, "", problem=Problem.BLANK)]
    customer = values.get("customer", "").strip()
    if customer:
        found.append(Name(Kind.CUSTOMER, customer[:_LONGEST]))
    return found


def _several(
    kind: str, values: Mapping[str, str], key: str, amounts_key: str
) -> list[Name]:
    """Read `INV-7` or `INV-7, INV-8` with `500.00, 250.00` beside it."""
    text = values.get(key, "").strip()
    if not text:
        return []
    said = values.get(amounts_key, "").strip()
    if not said and kind == Kind.DEAL and not _BETWEEN.search(text):
        return [Name(kind, text[:_LONGEST])]
    names = _BETWEEN.split(text)
    weights = _weights(_BETWEEN.split(said)) if said else [None] * len(names)
    many = len(names) > 1
    unclear = len(weights) != len(names) or len(text) > _CUT
    unclear = unclear or (many and None in weights)
    unclear = unclear or _total(weights) > LARGEST
    if unclear:
        weights = [None] * len(names)
    problem = Problem.UNCLEAR if unclear else ""
    rows: dict[str, Name] = {}
    for name, weight in zip(names, weights, strict=True):
        before = rows.get(name)
        if before is not None and before.weight is not None and weight is not None:
            weight += before.weight
        rows[name] = Name(kind, name[:_LONGEST], weight, problem)
    return list(rows.values())


def _at_most(amount: str, names: list[Name]) -> list[Name]:
    """Parts that come to more than was paid say nothing."""
    weight = _weights([amount])[0]
    if weight is None or _total(name.weight for name in names) <= abs(weight):
        return names
    return [replace(name, weight=None, problem=Problem.UNCLEAR) for name in names]


def _total(weights: Iterable[Decimal | None]) -> Decimal:
    return sum((abs(one) for one in weights if one is not None), Decimal(0))


def _weights(texts: list[str]) -> list[Decimal | None]:
    """Amounts, or shares such as `60%`; what is no number says nothing."""
    found: list[Decimal | None] = []
    for text in texts:
        try:
            found.append(parse_decimal(text.removesuffix("%").strip()))
        except NotAnAmount:
            found.append(None)
    return found
