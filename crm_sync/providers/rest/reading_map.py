"""Reads what a document says of a stream's fields: our field, and what fills it."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from crm_sync.contract import field_name
from crm_sync.providers.rest.document import MapRow
from crm_sync.providers.rest.paths import cleaned, is_path
from crm_sync.providers.rest.shape import Shape

TYPES = [
    "money_minor",
    "money_major",
    "date",
    "datetime",
    "text",
    "id",
    "enum",
    "number",
    "percent",
    "yesno",
]


# Days of the ledger; as plain text nothing would ever count.
_DAYS = ("won_on", "lost_on", "occurred_on", "due_on")


def read_map(stream: Shape) -> tuple[MapRow, ...]:
    """Return the rows of a stream's map, in the order in which they are written."""
    shape = stream.inner("map")
    if shape is None:
        return ()
    rows = []
    for target in shape.data:
        if field_name(target) != target:
            shape.wrong(target, f"Write our field like {field_name(target)}.")
        given = shape.data[target]
        # `owner: owner_id` is short for {from: owner_id}.
        row = shape.shaped(target, {"from": given} if isinstance(given, str) else given)
        shape.taken.add(target)
        rows.append(_row(row, target))
    shape.done()
    return tuple(rows)


def _row(shape: Shape, target: str) -> MapRow:
    source = shape.text("from")
    if source and not is_path(source):
        shape.wrong("from", f"“{source}” is no path such as data.amount.")
    const, rules = shape.text("const"), _rules(shape)
    if not source and not const and not rules:
        shape.wrong("from", "Say where the value stands.")
    currency = shape.text("currency")
    row = MapRow(
        target=target,
        source=cleaned(source),
        type=_type(shape, target),
        values=shape.table("enum"),
        rules=rules,
        const=const,
        currency=cleaned(currency),
        blank_currency=shape.one_of("blank_currency", ("", "business"), ""),
        scale=_scale(shape),
        label=shape.text("label"),
        required=_yes_no(shape, "required"),
    )
    shape.done()
    return row


def _type(shape: Shape, target: str) -> str:
    """A day is read as one; an amount says what it is counted in, or it would be a
    hundred times what it is and nobody would notice."""
    type_ = shape.one_of("type", TYPES, "datetime" if target in _DAYS else "text")
    if target == "amount" and not type_.startswith("money_"):
        shape.wrong("type", "Say money_major, or money_minor where it is whole cents.")
    return type_


def _rules(shape: Shape) -> tuple[Mapping[str, Any], ...]:
    """`rules: [{when: {is_won: true}, gives: won}, {gives: active}]`: the first fits."""
    given = shape.anything("rules")
    if given in (None, ""):
        return ()
    if not isinstance(given, list):
        shape.wrong("rules", "This is a list; the first rule that fits counts.")
        return ()
    rules = []
    for number, row in enumerate(given):
        one = shape.shaped(f"rules.{number}", row)
        when = {cleaned(path): value for path, value in one.table("when").items()}
        gives = one.text("gives")
        one.done()
        rules.append({"when": when, "gives": gives})
    return tuple(rules)


def _scale(shape: Shape) -> str:
    text = shape.text("scale")
    if not text:
        return ""
    try:
        number = Decimal(text)
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite():
        shape.wrong("scale", f"“{text}” is no number to multiply by.")
        return ""
    return text


def _yes_no(shape: Shape, key: str) -> bool | None:
    value = shape.one_of(key, ("", "yes", "no", "true", "false"), "")
    return value in ("yes", "true") if value else None
