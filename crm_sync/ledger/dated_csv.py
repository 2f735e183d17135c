"""Facts by date as CSV: values, leave, sell rights and exchange rates, out and in."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from crm_sync.contract import field_name
from crm_sync.ledger import dated, days, sheets
from crm_sync.ledger.attributes import read_value, types_of
from crm_sync.ledger.errors import BadRow
from crm_sync.ledger.facts import ValueType
from crm_sync.ledger.known import THINGS
from crm_sync.ledger.models import (
    AttributeValue,
    ExchangeRate,
    Leave,
    Payee,
    SellRight,
    SubjectKind,
)
from crm_sync.ledger.sheets import Cells, Columns, Enter, Once, PayeeFinder, Preview
from crm_sync.ledger.values import TYPES
from tenants.access import Member

# What has attributes, by its kind and name, as it is read for a file.
Things = dict[str, dict[str, dated.Thing]]


class Sheet(NamedTuple):
    """A kind of file: its columns, how its rows are read, and how they are written."""

    columns: Columns
    reader: Callable[[], sheets.Read]
    rows: Callable[[], list[dict[str, str]]]


def dated_file(kind: str) -> str:
    """Return what is known now of `values`, `leave`, `sell_rights` or `rates`."""
    sheet = SHEETS[kind]
    return sheets.sheet_csv(sheet.columns, sheet.rows())


def look_at_dated(kind: str, content: bytes) -> Preview:
    """Say what a file of this kind would enter, and which rows it cannot."""
    sheet = SHEETS[kind]
    return sheets.look_at(content, sheet.columns, sheet.reader())


def _value_reader() -> sheets.Read:
    find, once = PayeeFinder(), Once()
    things: Things = {}
    types = types_of(SubjectKind.values)

    def read(cells: Cells) -> tuple[str, Enter]:
        subject = _subject(cells, find, things)
        key, value = cells.get("key", ""), cells.get("value", "")
        if not key:
            raise BadRow("The row says of no attribute what it is.")
        first = sheets.day_in(cells, "from") or days.ALWAYS
        last = sheets.day_in(cells, "to")
        days.require_order(first, last)
        type_ = _type(cells.get("type", ""))

        def enter(by: Member) -> bool:
            of: dict[str, Any] = {"subject": subject, "key": key, "by": by}
            of |= {"starts_on": first, "ends_on": last}
            if not value:
                return dated.clear_value(**of)
            return dated.set_value(**of, value=value, type_=type_) is not None

        kind, pk, name = dated.subject_of(subject)
        known = type_ or _type(types.get((kind, field_name(key)), ""))
        if value and known:
            read_value(key, value, known)
        words = f"{name}: {key} {value or 'nothing'}{days.words_of(first, last)}"
        once.require((kind, pk, field_name(key), first), words)
        return words, enter

    return read


def _subject(cells: Cells, find: PayeeFinder, things: Things) -> dated.Subject:
    kind = cells.get("of", "") or SubjectKind.PAYEE.value
    if kind == SubjectKind.PAYEE.value:
        return find.payee(cells)
    if kind == SubjectKind.BUSINESS.value:
        return None
    if kind not in THINGS:
        raise BadRow(
            f"“{kind[:20]}” has no attributes.",
            hint=f"Use {', '.join(SubjectKind.values)}.",
        )
    name = cells.get("name", "")
    if kind not in things:
        things[kind] = {row.name: row for row in THINGS[kind].objects.all()}
    row = things[kind].get(name)
    if row is None:
        raise BadRow(f"There is no {kind} “{name[:60]}”.")
    return row


def _type(text: str) -> ValueType | None:
    found = next((type_ for type_ in TYPES if type_ == text), None)
    if text and found is None:
        raise BadRow(
            f"“{text[:20]}” is not a type.", hint=f"Types are {', '.join(TYPES)}."
        )
    return found


def _value_rows() -> list[dict[str, str]]:
    names = _names()
    types = types_of(SubjectKind.values)
    found = []
    rows = days.live(AttributeValue).order_by("kind", "subject_id", "key", "starts_on")
    for row in rows:
        first = "" if row.starts_on == days.ALWAYS else row.starts_on.isoformat()
        found.append(
            {
                "of": row.kind,
                **names.get((row.kind, row.subject_id), {}),
                "key": row.key,
                "value": row.value,
                "type": types.get((row.kind, row.key), ""),
                "from": first,
                "to": _text(row.ends_on),
            }
        )
    return found


def _names() -> dict[tuple[str, int], dict[str, str]]:
    found: dict[tuple[str, int], dict[str, str]] = {
        (kind, row.pk): {"name": row.name}
        for kind, model in THINGS.items()
        for row in model.objects.all()
    }
    for payee in Payee.objects.all():
        found[SubjectKind.PAYEE.value, payee.pk] = sheets.payee_cells(payee)
    return found


def _leave_reader() -> sheets.Read:
    find = PayeeFinder()

    def read(cells: Cells) -> tuple[str, Enter]:
        payee = find.payee(cells)
        first, last = sheets.needed_day(cells, "from"), sheets.day_in(cells, "to")
        days.require_order(first, last)
        reason = cells.get("reason", "")

        def enter(by: Member) -> bool:
            made = dated.set_leave(
                payee=payee, starts_on=first, ends_on=last, reason=reason, by=by
            )
            return made is not None

        return f"{payee.name}: away{days.words_of(first, last)}", enter

    return read


def _leave_rows() -> list[dict[str, str]]:
    rows = days.live(Leave).select_related("payee").order_by("payee_id", "starts_on")
    return [
        {**sheets.payee_cells(row.payee), **_span(row), "reason": row.reason}
        for row in rows
    ]


def _right_reader() -> sheets.Read:
    find = PayeeFinder()

    def read(cells: Cells) -> tuple[str, Enter]:
        payee = find.payee(cells)
        kind = cells.get("kind", "") or "product"
        sold = cells.get("sells", "")
        first = sheets.day_in(cells, "from") or days.ALWAYS
        last = sheets.day_in(cells, "to")
        days.require_order(first, last)

        def enter(by: Member) -> bool:
            made = dated.allow_selling(
                payee=payee,
                kind=kind,
                name=sold,
                starts_on=first,
                ends_on=last,
                by=by,
            )
            return made is not None

        return f"{payee.name}: may sell {sold}{days.words_of(first, last)}", enter

    return read


def _right_rows() -> list[dict[str, str]]:
    rows = days.live(SellRight).select_related("payee")
    return [
        {
            **sheets.payee_cells(row.payee),
            "kind": row.kind,
            "sells": row.name,
            **_span(row),
        }
        for row in rows.order_by("payee_id", "kind", "name", "starts_on")
    ]


def _rate_reader() -> sheets.Read:
    once = Once()

    def read(cells: Cells) -> tuple[str, Enter]:
        first, last = sheets.needed_day(cells, "from"), sheets.day_in(cells, "to")
        days.require_order(first, last)
        given = {key: cells.get(key, "") for key in ("currency", "into", "rate")}
        source = cells.get("source", "")

        def enter(by: Member) -> bool:
            made = dated.set_rate(
                **given, starts_on=first, ends_on=last, source=source, by=by
            )
            return made is not None

        words = f"1 {given['currency']} is {given['rate']} {given['into']}"
        words += days.words_of(first, last or first)
        once.require((given["currency"], given["into"], first), words)
        return words, enter

    return read


def _rate_rows() -> list[dict[str, str]]:
    rows = days.live(ExchangeRate).order_by("currency", "into", "starts_on")
    return [
        {
            "currency": row.currency,
            "into": row.into,
            "rate": f"{row.rate.normalize():f}",
            **_span(row),
            "source": row.source,
        }
        for row in rows
    ]


def _span(row: Leave | SellRight | ExchangeRate) -> dict[str, str]:
    always = row.starts_on == days.ALWAYS
    return {"from": "" if always else _text(row.starts_on), "to": _text(row.ends_on)}


def _text(day: Any) -> str:
    return day.isoformat() if day is not None else ""


SHEETS: Mapping[str, Sheet] = {
    "values": Sheet(
        Columns(
            ("of", *sheets.PAYEE_COLUMNS, "key", "value", "type", "from", "to"),
            ("key", "value"),
            ("value",),
        ),
        _value_reader,
        _value_rows,
    ),
    "leave": Sheet(
        Columns((*sheets.PAYEE_COLUMNS, "from", "to", "reason"), ("from",)),
        _leave_reader,
        _leave_rows,
    ),
    "sell_rights": Sheet(
        Columns((*sheets.PAYEE_COLUMNS, "kind", "sells", "from", "to"), ("sells",)),
        _right_reader,
        _right_rows,
    ),
    "rates": Sheet(
        Columns(
            ("currency", "into", "rate", "from", "to", "source"),
            ("currency", "into", "rate", "from", "source"),
            ("rate",),
        ),
        _rate_reader,
        _rate_rows,
    ),
}
