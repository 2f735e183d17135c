"""A source's payload read through a mapping: pure, so that it can be tried at will.

A mapping is one JSON object: our key → {"source", "type", "transform",
"currency_from", "label", "required", "listed"}; only the first two are always there.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from commissions_saas.lib.money import LARGEST, NotAnAmount, parse_decimal
from crm_sync.connections import errors, words
from crm_sync.contract import MappedField, RemoteRecord, field_name, value_at
from crm_sync.ledger.facts import Value
from crm_sync.ledger.reading import FieldProblem, Incoming
from crm_sync.ledger.standard import BETWEEN_PEOPLE, DEAL, PEOPLE_KEYS, SHARE_KEYS
from crm_sync.ledger.values import TYPES
from crm_sync.moments import as_day, as_moment
from crm_sync.money_signs import (
    has_thousands,
    is_number,
    means,
    signed,
    without_sign,
)

Document = Mapping[str, Mapping[str, Any]]
_YES = {"yes", "true", "1", "y", "ja", "oui"}
_NO = {"no", "false", "0", "n", "nein", "non"}
_MONEY_WORDS = (
    "fee",
    "price",
    "cost",
    "amount",
    "revenue",
    "income",
    "value",
    "margin",
)
_LONGEST_TEXT = 2000
_NO_NUMBER = "is not a number like 1234.50"
# As programs write it: nothing to look at twice, and within all bounds.
_PLAIN_NUMBER = re.compile(r"-?[0-9]{1,12}(\.[0-9]{1,8})?")
_TEXTS = (
    *("transform", "currency_from", "currency", "blank_currency", "label"),
    *("const", "scale"),
)
_SOURCES = ("source", "const", "rules")


class CannotRead(Exception):
    """A value is not of the field's type; the text says so to a person."""

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(reason)
        self.code = code


@dataclass(frozen=True, slots=True)
class Seen:
    """What is known of a record beside its payload."""

    changed_by: str = ""
    url: str = ""
    mapping_id: int | None = None
    currency: str = ""
    """The business's: of what names none."""


def document_of(
    object_: str, mapped: Sequence[MappedField]
) -> dict[str, dict[str, Any]]:
    """Return a suggested mapping as a document: numbers named like money are money,
    and a won deal needs its product where the source has products."""
    document: dict[str, dict[str, Any]] = {}
    for field in mapped:
        type_: str = field.type
        words = field.field.split("_")
        if type_ == "number" and any(word in _MONEY_WORDS for word in words):
            type_ = "money"
        if field.field in SHARE_KEYS:
            type_ = "percent"
        row: dict[str, Any] = {"source": field.source, "type": type_}
        for name in (*_TEXTS, "values"):
            if getattr(field, name):
                row[name] = getattr(field, name)
        if field.rules:
            row["rules"] = [dict(rule) for rule in field.rules]
        is_product = object_ == DEAL and field.field == "product"
        if is_product if field.required is None else field.required:
            row["required"] = True
        document[field.field] = row
    return document


def clean_document(
    document: Document,
) -> dict[str, dict[str, Any]]:
    """Check a mapping's names and types; refuse what formulas could not use."""
    cleaned: dict[str, dict[str, Any]] = {}
    for key, row in document.items():
        if not key or field_name(key) != key:
            raise errors.BadMapping(
                f"“{key}” is no name for a field.",
                hint=f"Write it like {field_name(key)}.",
            )
        if not any(str(row.get(name) or "").strip() for name in _SOURCES):
            continue
        if row.get("type") not in TYPES:
            raise errors.BadMapping(f"{key} has no type.", hint=", ".join(TYPES))
        if row.get("transform", "") not in ("", "cents", "day"):
            raise errors.BadMapping(f"{key} has a transform that is not known.")
        kept = ("source", "type", *_TEXTS)
        cleaned[key] = {"source": ""}
        cleaned[key] |= {name: str(row[name]) for name in kept if row.get(name)}
        cleaned[key] |= {name: True for name in ("required", "listed") if row.get(name)}
        cleaned[key] |= words.cleaned(key, row)
    if not cleaned:
        raise errors.BadMapping("Nothing is mapped.")
    return cleaned


@dataclass(frozen=True, slots=True)
class _Place:
    """One of our fields: where its value stands, and as what it is read."""

    key: str
    row: Mapping[str, Any]
    type: str
    source: str
    is_plain: bool
    """Nothing but the source's own word counts."""
    shift: int
    """By how many digits a number is more than it means: cents, and percent."""
    scale: Decimal | None
    """What a number is multiplied by."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """A mapping looked through once, for the many records that are read by it."""

    document: Document
    places: tuple[_Place, ...]
    required: frozenset[str]
    listed: frozenset[str]
    mapped: frozenset[str]


def prepared(document: Document) -> Prepared:
    """Look a mapping through."""
    strict = [row for row in document.values() if not row.get("blank_currency")]
    says_currency = any(
        row.get("currency_from") or row.get("currency") for row in strict
    )
    return Prepared(
        document=document,
        places=tuple(_place(key, row) for key, row in document.items()),
        required=_keys_with(document, "required"),
        listed=_keys_with(document, "listed") & {"product", "territory"},
        mapped=frozenset(document) | ({"currency"} if says_currency else set()),
    )


def _place(key: str, row: Mapping[str, Any]) -> _Place:
    type_ = "percent" if key in SHARE_KEYS else str(row["type"])
    return _Place(
        key=key,
        row=row,
        type="text" if key in PEOPLE_KEYS else type_,
        source=str(row.get("source") or ""),
        is_plain=not any(row.get(name) for name in ("rules", "const", "values")),
        shift=2 * ((row.get("transform") == "cents") + (type_ == "percent")),
        scale=Decimal(row["scale"]) if row.get("scale") else None,
    )


def read_record(
    record: RemoteRecord, mapping: Document | Prepared, zone: ZoneInfo, seen: Seen
) -> Incoming:
    """Read a record's values; what cannot be read is a problem, never a zero."""
    ready = mapping if isinstance(mapping, Prepared) else prepared(mapping)
    values: dict[str, Value] = {}
    problems: list[FieldProblem] = []
    signs: list[tuple[_Place, str]] = []
    for place in ready.places:
        try:
            value = _read(record.payload, place, zone, signs)
        except CannotRead as problem:
            problems.append(FieldProblem(place.key, problem.code, str(problem)))
            continue
        if value is not None:
            values[place.key] = value
    if "currency" not in ready.document:
        currency = _currency(record.payload, ready.document)
        if currency is not None:
            values["currency"] = currency
    if signs:
        problems += _other_currencies(values, signs, seen.currency)
    return Incoming(
        object=record.object,
        external_id=record.external_id,
        version=record.version,
        values=values if not record.deleted else {},
        payload=record.payload,
        problems=tuple(problems) if not record.deleted else (),
        required=ready.required,
        listed=ready.listed,
        mapped=ready.mapped,
        deleted=record.deleted,
        changed_by=seen.changed_by,
        changed_at=record.changed_at,
        url=seen.url,
        mapping_id=seen.mapping_id,
    )


def read_value(
    payload: Mapping[str, Any], key: str, row: Mapping[str, Any], zone: ZoneInfo
) -> Value | None:
    """Return one field's value, or None where the source has none."""
    return _read(payload, _place(key, row), zone, [])


def _other_currencies(
    values: dict[str, Value], signs: list[tuple[_Place, str]], own: str
) -> list[FieldProblem]:
    """Take out the amounts that stand beside the sign of another currency, and say so."""
    problems = []
    currency = str(values.get("currency") or own)
    for place, sign in signs:
        if not means(sign, currency):
            values.pop(place.key, None)
            reason = f"{_label(place)} is in {sign}, and the record in {currency}."
            problems.append(FieldProblem(place.key, "other_currency", reason))
    return problems


def _read(
    payload: Mapping[str, Any],
    place: _Place,
    zone: ZoneInfo,
    signs: list[tuple[_Place, str]],
) -> Value | None:
    if place.is_plain and place.source in payload:
        raw = payload[place.source]
    else:
        raw = words.said(payload, place.row)
    if raw is None or raw == "":
        return None
    if not isinstance(raw, str):
        if isinstance(raw, list):
            return _several(raw, place) if raw else None
        if isinstance(raw, dict):
            raise CannotRead("not_a_value", f"{_label(place)} is not a single value.")
    text = _text(raw).strip()
    if place.type == "text":
        return text[:_LONGEST_TEXT] or None
    if place.type in ("money", "number", "percent"):
        number = _number(text, place, signs)
        return number if place.scale is None else number * place.scale
    if place.type == "date":
        return _day(text, place, zone)
    return _yes_or_no(raw, text, place)


def _several(raw: list[Any], place: _Place) -> str | None:
    if place.type != "text":
        raise CannotRead("several_values", f"{_label(place)} has several values.")
    between = BETWEEN_PEOPLE if place.key in PEOPLE_KEYS else ", "
    parts = (_text(part) for part in raw if part is not None)
    return between.join(parts)[:_LONGEST_TEXT] or None


def _label(place: _Place) -> str:
    return str(place.row.get("label") or place.key.replace("_", " ").capitalize())


def _text(raw: Any) -> str:
    if isinstance(raw, str):  # nearly all
        return raw.replace("\x00", "") if "\x00" in raw else raw
    if isinstance(raw, bool):
        return "yes" if raw else "no"
    return words.written(raw)


def _number(text: str, place: _Place, signs: list[tuple[_Place, str]]) -> Decimal:
    if _PLAIN_NUMBER.fullmatch(text) and place.shift <= 2:
        number = Decimal(text)
        number = number.scaleb(-place.shift) if place.shift else number
    else:
        number = _odd_number(text, place, signs)
    return number or abs(number)  # there is one zero, and it is not below zero


def _odd_number(text: str, place: _Place, signs: list[tuple[_Place, str]]) -> Decimal:
    """Read what is not as programs write it, and see that it is within bounds."""
    is_percent = text.endswith("%")
    if is_percent and place.type == "money":
        reason = f"{_label(place)} “{text[:40]}” is a percentage, not an amount."
        raise CannotRead("not_a_number", reason)
    if place.type == "money":
        text, sign = without_sign(text)
        signs += [(place, sign)] if sign else []
    number = _written_number(text, place, is_percent=is_percent)
    more = 2 if is_percent and place.type != "percent" else 0
    number = number.scaleb(-place.shift - more)
    if abs(number) > LARGEST:
        reason = f"{_label(place)} is outside the range of amounts."
        raise CannotRead("not_a_number", reason)
    if -number.as_tuple().exponent > 10:  # type: ignore[operator]
        number = number.quantize(Decimal("1e-10"))
    return number


def _written_number(text: str, place: _Place, *, is_percent: bool) -> Decimal:
    """Read a number with the marks that people and files put to it."""
    plain = signed(text.rstrip("%").strip() if is_percent else text)
    # Files come with thousands marks; only one form of them cannot be misread.
    if "," in plain and has_thousands(plain):
        plain = plain.replace(",", "")
    try:
        return parse_decimal(plain)
    except NotAnAmount:
        what = "is outside the range of amounts" if is_number(plain) else _NO_NUMBER
        raise CannotRead(
            "not_a_number", f"{_label(place)} “{text[:40]}” {what}."
        ) from None


def _day(text: str, place: _Place, zone: ZoneInfo) -> date:
    """Read a day as it is written; a moment is the day it was in the business's zone."""
    try:
        return as_day(text)
    except ValueError:
        return _day_of_moment(text, place, zone)


def _day_of_moment(text: str, place: _Place, zone: ZoneInfo) -> date:
    try:
        text = words.from_epoch(text)
        moment = as_moment(text)
        as_day(moment.date().isoformat())  # its year is one
        has_offset = re.search(r"(Z|[+-]\d\d:?\d\d)$", text) is not None
    except ValueError:
        shown = text[:40]
        raise CannotRead(
            "not_a_date", f"{_label(place)} “{shown}” is not a date like 2026-11-04."
        ) from None
    return moment.astimezone(zone).date() if has_offset else moment.date()


def _yes_or_no(raw: Any, text: str, place: _Place) -> bool:
    if isinstance(raw, bool):
        return raw
    if text.casefold() in _YES:
        return True
    if text.casefold() in _NO:
        return False
    shown = f"{_label(place)} “{text[:40]}”"
    raise CannotRead("not_yes_or_no", f"{shown} is neither yes nor no.")


def _currency(payload: Mapping[str, Any], document: Document) -> str | None:
    """The currency of the amount is where its own mapping says."""
    row = document.get("amount", {})
    path = row.get("currency_from", "")
    found = value_at(payload, path) if path else row.get("currency")
    return str(found).upper()[:3] if found else None


def currency_columns(document: Document) -> frozenset[str]:
    """Return where a mapping looks for the currency of a record."""
    row = document.get("currency", {})
    paths = [row.get("source"), *(row.get("also") or ())]
    paths += [each.get("currency_from") for each in document.values()]
    return frozenset(str(path) for path in paths if path)


def _keys_with(document: Document, name: str) -> frozenset[str]:
    return frozenset(key for key, row in document.items() if row.get(name))
