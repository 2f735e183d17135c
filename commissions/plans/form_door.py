"""The guided form: the same plan object through fields instead of a file.

The form shows every component and measure with one field for each key, and what it can
say of variables, rate tables and worked examples; the rest is kept as it stands.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from commissions.plans.document import (
    CONVERT_ON,
    KINDS,
    OFS,
    ORDERS,
    OVERS,
    PAYS,
    PERS,
    ROUND_AT,
    ROUNDINGS,
    TAKES,
    PlanDocument,
    Raw,
)
from commissions.plans.form_blocks import FormBlock, FormField
from commissions.plans.form_rows import mapping, mappings
from commissions.plans.form_things import (
    example_blocks,
    put_things,
    table_blocks,
    variable_blocks,
)
from commissions.plans.reading import read_plan

HEAD = ("plan", "currency", "pays", "rounding", "says")
COMPONENT = (
    "key",
    "name",
    "per",
    "object",
    "credit",
    "over",
    "when",
    "base",
    "amount",
    "cap",
    "floor",
    "payable_when",
    "waiting_for",
    "clawback_days",
    "says",
)
MEASURE = ("name", "sum", "when", "object", "credit", "over", "of")
# Shown where the plan has them; who wants to begin with one writes it in the file.
MORE_OF_HEAD = ("round", "convert_on", "settle_in", "year_starts")
MORE_OF_COMPONENT = ("kind", "repeat", "times", "while", "keeps", "replaces")
MORE_OF_MEASURE = (
    "component",
    "value",
    "per",
    "type",
    "measure",
    "take",
    "order",
    "where",
    "amount",
    "by",
)
LISTS = frozenset({"credit", "component", "replaces"})
CODE = frozenset(
    {
        "when",
        "base",
        "amount",
        "cap",
        "floor",
        "payable_when",
        "sum",
        "times",
        "while",
        "keeps",
        "value",
        "where",
        "by",
    }
)
CHOICES: Mapping[str, tuple[str, ...]] = {
    "per": PERS,
    "over": OVERS,
    "of": OFS,
    "rounding": ROUNDINGS,
    "round": ROUND_AT,
    "convert_on": CONVERT_ON,
    "take": TAKES,
    "order": ORDERS,
    "kind": KINDS,
}
LABELS = {
    "plan": "Name of the plan",
    "currency": "Currency",
    "pays": "Pay calendar",
    "rounding": "Rounding of halves",
    "says": "Sentence for payees",
    "round": "What is rounded",
    "convert_on": "Exchange rates of",
    "settle_in": "Settled in",
    "year_starts": "Month in which the year begins",
    "key": "Short name",
    "name": "Name",
    "per": "One line for each",
    "object": "Object",
    "credit": "Who is credited",
    "over": "Measured over",
    "when": "Only when",
    "base": "Base",
    "amount": "Amount",
    "cap": "At most",
    "floor": "At least",
    "payable_when": "Payable when",
    "waiting_for": "Words while it waits",
    "clawback_days": "Taken back if lost within (days)",
    "sum": "Adds up",
    "of": "Of whom",
    "kind": "Earning or deduction",
    "repeat": "Paid again in each period",
    "times": "How often at most",
    "while": "As long as",
    "keeps": "What stays once it is lost",
    "replaces": "Pays instead of",
    "component": "Adds up the lines of",
    "value": "Is now",
    "type": "Type",
    "measure": "Gathers",
    "take": "Takes",
    "order": "First is",
    "where": "Only of whom",
    "by": "By itself for each",
}


def form_of(raw: Mapping[str, Raw], calendar: str = "month") -> dict[str, Any]:
    """Return the form: the head, each part of the plan, and a blank of each kind.

    `calendar` is what the business pays by; one of its own weeks may be chosen too.
    """
    parts = mappings(raw.get("components"))
    measures = mapping(raw.get("measures"))
    named = [{"name": name, **mapping(body)} for name, body in measures.items()]
    return {
        "head": [
            replace(field, choices=tuple(dict.fromkeys((*PAYS, calendar))))
            if field.name == "pays"
            else field
            for field in _fields("", HEAD + _written(raw, MORE_OF_HEAD), raw)
        ],
        "components": [
            _block(f"c{i}-", COMPONENT + _written(part, MORE_OF_COMPONENT), part)
            for i, part in enumerate([*parts, {}])
        ],
        "measures": [
            _block(f"m{i}-", MEASURE + _written(part, MORE_OF_MEASURE), part)
            for i, part in enumerate([*named, {}])
        ],
        "tables": table_blocks(raw),
        "variables": variable_blocks(raw),
        "examples": example_blocks(raw),
    }


def document_from_form(
    before: Mapping[str, Raw], sent: Mapping[str, str]
) -> PlanDocument:
    """Return the plan with what the form said; refuse what cannot be read."""
    return read_plan(raw_from_form(before, sent))


def raw_from_form(before: Mapping[str, Raw], sent: Mapping[str, str]) -> dict[str, Raw]:
    """Return what the form said, read or not; a block without a name is left out."""
    raw: dict[str, Raw] = dict(before)
    for key in HEAD:
        _put(raw, key, sent.get(key, ""))
    for key in MORE_OF_HEAD:
        if key in sent:
            _put(raw, key, sent[key])
    parts = mappings(before.get("components"))
    raw["components"] = [
        _filled(part, COMPONENT, sent, f"c{i}-")
        for i, part in enumerate([*parts, {}])
        if sent.get(f"c{i}-key", "").strip()
    ]
    raw["measures"] = _measures(mapping(before.get("measures")), sent)
    if not raw["measures"]:
        del raw["measures"]
    put_things(raw, sent)
    return raw


def _measures(before: Mapping[str, Raw], sent: Mapping[str, str]) -> dict[str, Raw]:
    found: dict[str, Raw] = {}
    for i, part in enumerate([*before.values(), {}]):
        name = sent.get(f"m{i}-name", "").strip()
        if name:
            keys = tuple(key for key in MEASURE if key != "name")
            found[name] = _filled(mapping(part), keys, sent, f"m{i}-")
    return found


def _filled(
    part: Mapping[str, Raw], keys: tuple[str, ...], sent: Mapping[str, str], prefix: str
) -> dict[str, Raw]:
    raw = dict(part)
    for key in keys:
        _put(raw, key, sent.get(prefix + key, ""))
    for key in (*MORE_OF_COMPONENT, *MORE_OF_MEASURE):
        if key not in keys and prefix + key in sent:
            _put(raw, key, sent[prefix + key])
    return raw


def _written(part: Mapping[str, Raw], keys: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(key for key in keys if key in part)


def _put(raw: dict[str, Raw], key: str, text: str) -> None:
    clean = text.replace("\r\n", "\n").strip()
    if not clean:
        raw.pop(key, None)
    elif key in LISTS:
        raw[key] = [part.strip() for part in clean.split(",") if part.strip()]
    else:
        raw[key] = clean


def _block(prefix: str, keys: tuple[str, ...], raw: Mapping[str, Raw]) -> FormBlock:
    title = str(raw.get("name") or raw.get("key") or "")
    return FormBlock(title, _fields(prefix, keys, raw))


def _fields(
    prefix: str, keys: tuple[str, ...], raw: Mapping[str, Raw]
) -> tuple[FormField, ...]:
    return tuple(
        FormField(
            prefix + key,
            LABELS[key],
            _shown(raw.get(key)),
            key in CODE,
            choices=CHOICES.get(key, ()),
        )
        for key in keys
    )


def _shown(value: Raw | None) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    return ", ".join(str(part) for part in value)
