"""What fills our fields unless somebody says else: the document first, then names."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from crm_sync.contract import MappedField, SourceField, field_name
from crm_sync.providers.rest.document import MapRow, Stream
from crm_sync.providers.rest.sampling import label_of

_WON = ("won", "closed won", "closedwon", "closed_won", "closed-won", "success")
_LOST = ("lost", "closed lost", "closedlost", "closed_lost", "closed-lost")
_TYPES = {
    "money_minor": ("money", "cents"),
    "money_major": ("money", ""),
    "datetime": ("date", "day"),
    "id": ("text", ""),
    "enum": ("text", ""),
}
# Our field to the names that sources give it, the surest first.
_DEAL_NAMES = {
    "name": "name title deal_name dealname deal_title subject lead_name",
    "amount": "amount deal_amount value deal_value total total_amount price revenue",
    "currency": "currency currency_code currency_iso_code value_currency",
    "status": "stage_name stage_label status_label stage status dealstage state",
    "won_on": "won_on won_at won_time date_won won_date closed_won_at closed_won_on "
    "close_date closed_at closed_on closedate close_time closed_date",
    "lost_on": "lost_on lost_at lost_time date_lost lost_date",
    "owner": "owner_id user_id owner owner_email sales_rep rep assigned_to "
    "assignee_id rep_id salesperson",
    "product": "product product_name",
    "territory": "territory territory_name region",
}
_OTHER_NAMES = {
    "name": "name title subject",
    "occurred_on": "occurred_on occurred_at date starts_at held_on paid_on paid_at "
    "invoice_date issued_on created_at created",
    "status": "status state",
    "owner": "owner_id user_id owner owner_email assigned_to assignee_id",
    "amount": "amount total value",
    "currency": "currency currency_code",
}
# Accounting calls its records by number, and says what they stand on.
_ACCOUNTING_NAMES = {
    "invoice": {
        "name": "number invoice_number doc_number name title reference",
        "occurred_on": "issued_on issue_date invoice_date date occurred_at created_at",
        "due_on": "due_on due_date due_at",
        "amount": "total total_amount amount grand_total amount_total",
        "tax": "tax total_tax tax_amount tax_total vat",
        "paid": "amount_paid paid_amount paid",
        "paid_on": "paid_on paid_at fully_paid_on",
        "customer": "customer_id contact_id client_id account_id customer company_id",
        "deal": "deal_id opportunity_id order_number deal deal_reference",
    },
    "payment": {
        "name": "number payment_number reference name",
        "occurred_on": "paid_on paid_at payment_date date occurred_at created_at",
        "invoice": "invoice_id invoice invoice_number",
        "customer": "customer_id contact_id client_id account_id customer",
        "deal": "deal_id opportunity_id",
        "tax": "tax tax_amount",
    },
}
_AMOUNTS = ("amount", "tax", "paid")
_MINOR = ("amount_cents", "value_cents", "amount_minor", "amount_in_cents")


def suggested(stream: Stream, fields: Sequence[SourceField]) -> tuple[MappedField, ...]:
    """Return the mapping: what the document says, what names say, and all the rest
    under its own name."""
    mapped = [_of_row(row) for row in stream.map]
    taken = {one.field for one in mapped}
    if not stream.map:
        mapped += _guessed(stream.object, fields)
        taken = {one.field for one in mapped}
    used = {one.source for one in mapped}
    for source in fields:
        if source.key in used:
            continue
        name = _free(field_name(source.label), source.key, taken)
        taken.add(name)
        transform = "day" if source.type == "date" else ""
        mapped.append(
            MappedField(name, source.key, source.type, transform, label=source.label)
        )
    return tuple(mapped)


def _of_row(row: MapRow) -> MappedField:
    type_, transform = _TYPES.get(row.type, (row.type, ""))
    first_rule = next((path for rule in row.rules for path in rule["when"]), "")
    is_const = re.fullmatch(r"[A-Z]{3}", row.currency) is not None
    return MappedField(
        field=row.target,
        source=row.source or first_rule,
        type=type_,
        transform=transform,
        currency_from="" if is_const else row.currency,
        currency=row.currency if is_const else "",
        blank_currency=row.blank_currency,
        label=row.label,
        values=row.values,
        rules=row.rules,
        const=row.const,
        scale=row.scale,
        required=bool(row.required),
    )


def _guessed(object_: str, fields: Sequence[SourceField]) -> list[MappedField]:
    """Nothing is said of the fields: their names must do."""
    names = _DEAL_NAMES if object_ == "deal" else _OTHER_NAMES
    names = {**names, **_ACCOUNTING_NAMES.get(object_, {})}
    by_name = _by_name(fields)
    found: dict[str, SourceField] = {}
    for target, wanted in names.items():
        match = _first(by_name, wanted.split(), found.values())
        if match is not None:
            found[target] = match
    mapped = [
        MappedField(
            field=target,
            source=source.key,
            type=_type(target, source),
            transform="day" if target.endswith("_on") else "",
            currency_from=found["currency"].key
            if target == "amount" and "currency" in found
            else "",
            required=False,
        )
        for target, source in found.items()
    ]
    if "amount" not in found:
        minor = _first(by_name, _MINOR, found.values())
        if minor is not None:
            money = MappedField("amount", minor.key, "money", "cents", required=False)
            mapped.append(money)
    if object_ == "deal":
        mapped += _kind_of_status(by_name, found)
    return mapped


def _type(target: str, source: SourceField) -> str:
    if target in _AMOUNTS and source.type != "yesno":
        return "money"
    return "date" if target.endswith("_on") else "text"


def _kind_of_status(
    by_name: Mapping[str, SourceField], found: Mapping[str, SourceField]
) -> list[MappedField]:
    """Won is said by a yes or no of its own, or by a word."""
    rules: list[Mapping[str, Any]] = []
    yes = _first(by_name, ("is_won", "won"), ())
    if yes is not None and yes.type == "yesno":
        rules.append({"when": {yes.key: "true"}, "gives": "won"})
    words = [
        by_name[name]
        for name in (
            "status_type",
            "status",
            "stage",
            "stage_name",
            "state",
            "dealstage",
        )
        if name in by_name
    ]
    if "status" in found:
        words.append(found["status"])
    for source in dict.fromkeys(words):
        rules += [{"when": {source.key: word}, "gives": "won"} for word in _WON]
        rules += [{"when": {source.key: word}, "gives": "lost"} for word in _LOST]
    if not rules:
        return []
    rules.append({"when": {}, "gives": "active"})
    first = next(iter(rules[0]["when"]))
    return [
        MappedField("status_type", first, "text", rules=tuple(rules), required=False)
    ]


def _by_name(fields: Iterable[SourceField]) -> dict[str, SourceField]:
    """Every field by the name that it goes by: owner.email is owner_email, and
    properties.amount is amount. The least deep of two of one name wins."""
    found: dict[str, SourceField] = {}
    for field in sorted(fields, key=lambda one: one.key.count(".")):
        found.setdefault(_snake(label_of(field.key)), field)
        found.setdefault(_snake(field.label), field)
    return found


def _snake(text: str) -> str:
    return field_name(re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", text))


def _first(
    by_name: Mapping[str, SourceField],
    wanted: Iterable[str],
    taken: Iterable[SourceField],
) -> SourceField | None:
    used = {one.key for one in taken}
    for name in wanted:
        field = by_name.get(name)
        if field is not None and field.key not in used:
            return field
    return None


def _free(name: str, key: str, taken: set[str]) -> str:
    """Two fields of one name: the second takes its whole path, then a number."""
    name = name[:60]
    if name not in taken:
        return name
    wanted = name = field_name(key.replace(".", "_"))[:56]
    number = 1
    while name in taken:
        number += 1
        name = f"{wanted}_{number}"
    return name
