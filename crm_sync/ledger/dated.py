"""Facts by date: values of payees and things, leave, sell rights, exchange rates.

Each write closes what was known of those days and opens what is known now, under one
change number. What is there already is left as it is, so a file sent twice changes
nothing.
"""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from django.db import transaction

from commissions_saas.lib.money import NotAnAmount, parse_decimal
from crm_sync.contract import field_name
from crm_sync.ledger import days, errors
from crm_sync.ledger.attributes import declared_key, read_value
from crm_sync.ledger.changes import lock_changes, next_change
from crm_sync.ledger.facts import ValueType
from crm_sync.ledger.models import (
    AttributeValue,
    Customer,
    ExchangeRate,
    Leave,
    Payee,
    Product,
    SellRight,
    Service,
    SubjectKind,
    Territory,
)
from crm_sync.ledger.own import require_not_own
from crm_sync.ledger.standard import is_currency
from tenants.access import Member
from tenants.audit.services import record

Thing = Product | Service | Territory | Customer
Subject = Payee | Thing | None  # None: the business itself


def set_value(
    *,
    subject: Subject,
    key: str,
    value: str,
    starts_on: date = days.ALWAYS,
    ends_on: date | None = None,
    type_: ValueType | None = None,
    by: Member | None = None,
) -> AttributeValue | None:
    """Say what a payee, thing or the business has from a day to a day.

    Without a last day it holds until the next value begins. Returns None where that
    was known already.
    """
    days.require_order(starts_on, ends_on)
    _require_not_own(subject, by)
    kind, subject_id, name = subject_of(subject)
    with transaction.atomic():
        lock_changes()
        key, declared = declared_key(kind, key, value, type_)
        text = read_value(key, value, declared)
        of = {"kind": kind, "subject_id": subject_id, "key": key}
        live = days.live(AttributeValue, **of)
        last = days.last_day(live, starts_on, ends_on)
        rows = list(days.overlapping(live, starts_on, last))
        if days.holds_already(rows, starts_on, last, {"value": text}):
            return None
        span = days.words_of(starts_on, last)
        number = _number(f"{name}: {key} {text}{span}", "fact", subject, by)
        days.close_days(rows, starts_on, last, number)
        made = AttributeValue.objects.create(
            **of, value=text, starts_on=starts_on, ends_on=last, opened=number
        )
        after = {key: text, **_dates(starts_on, last)}
        _trail("value_set", kind, subject_id, name, after, by)
    return made


def clear_value(
    *,
    subject: Subject,
    key: str,
    starts_on: date = days.ALWAYS,
    ends_on: date | None = None,
    by: Member | None = None,
) -> bool:
    """Take a value away for some days; say whether there was one."""
    days.require_order(starts_on, ends_on)
    _require_not_own(subject, by)
    kind, subject_id, name = subject_of(subject)
    key = field_name(key)
    with transaction.atomic():
        lock_changes()
        live = days.live(AttributeValue, kind=kind, subject_id=subject_id, key=key)
        rows = list(days.overlapping(live, starts_on, ends_on))
        if not rows:
            return False
        span = days.words_of(starts_on, ends_on)
        number = _number(f"{name}: no {key}{span}", "fact", subject, by)
        days.close_days(rows, starts_on, ends_on, number)
        _trail("value_cleared", kind, subject_id, name, _dates(starts_on, ends_on), by)
    return True


def set_leave(
    *,
    payee: Payee,
    starts_on: date,
    ends_on: date | None,
    reason: str = "",
    by: Member | None = None,
) -> Leave | None:
    """Note that a payee is away from a day to a day; None where that was known.

    A leave from the same day is replaced, so its end can be entered later.
    """
    days.require_order(starts_on, ends_on)
    _require_not_own(payee, by)
    reason = " ".join(reason.split())[:200]
    with transaction.atomic():
        lock_changes()
        rows = days.live(Leave, payee=payee)
        same = rows.filter(starts_on=starts_on)
        if same.filter(ends_on=ends_on, reason=reason).exists():
            return None
        other = days.overlapping(rows, starts_on, ends_on).exclude(pk__in=same).first()
        if other is not None:
            raise errors.BadDays(
                f"{payee.name} is away{days.words_of(other.starts_on, other.ends_on)}"
                " already.",
                hint="Change that leave, or take it away first.",
            )
        words = f"{payee.name}: away{days.words_of(starts_on, ends_on)}"
        number = _number(words, "leave", payee, by)
        same.update(closed=number)
        made = Leave.objects.create(
            payee=payee,
            starts_on=starts_on,
            ends_on=ends_on,
            reason=reason,
            opened=number,
        )
        after = {"reason": reason, **_dates(starts_on, ends_on)}
        _trail("leave_set", "payee", payee.pk, payee.name, after, by)
    return made


def remove_leave(*, leave: Leave, by: Member | None = None) -> None:
    """Take a leave away that was entered by mistake."""
    payee = leave.payee
    span = days.words_of(leave.starts_on, leave.ends_on)
    _close(leave, f"{payee.name}: not away{span}", "leave", payee, by)


def allow_selling(
    *,
    payee: Payee,
    kind: str,
    name: str,
    starts_on: date = days.ALWAYS,
    ends_on: date | None = None,
    by: Member | None = None,
) -> SellRight | None:
    """Let a payee sell a product or service; from then on only what is listed counts.

    Returns None where that was known already.
    """
    days.require_order(starts_on, ends_on)
    _require_not_own(payee, by)
    name = _known_name(kind, name)
    with transaction.atomic():
        lock_changes()
        live = days.live(SellRight, payee=payee, kind=kind, name=name)
        rows = list(days.overlapping(live, starts_on, ends_on))
        if days.holds_already(rows, starts_on, ends_on, {}):
            return None
        words = f"{payee.name}: may sell {name}{days.words_of(starts_on, ends_on)}"
        number = _number(words, "sells", payee, by)
        days.close_days(rows, starts_on, ends_on, number)
        made = SellRight.objects.create(
            payee=payee,
            kind=kind,
            name=name,
            starts_on=starts_on,
            ends_on=ends_on,
            opened=number,
        )
        after = {kind: name, **_dates(starts_on, ends_on)}
        _trail("selling_allowed", "payee", payee.pk, payee.name, after, by)
    return made


def end_selling(*, right: SellRight, by: Member | None = None) -> None:
    """Take a right to sell away, for all of its days."""
    payee = right.payee
    span = days.words_of(right.starts_on, right.ends_on)
    words = f"{payee.name}: may not sell {right.name}{span}"
    _close(right, words, "sells", payee, by)


def set_rate(
    *,
    currency: str,
    into: str,
    rate: str | Decimal,
    starts_on: date,
    ends_on: date | None = None,
    source: str,
    by: Member | None = None,
) -> ExchangeRate | None:
    """Say what one unit of a currency is worth in another; None where that was known.

    Without a last day it is the rate of that day, which newer days may fall back on.
    """
    days.require_order(starts_on, ends_on)
    pair = {"currency": _currency(currency), "into": _currency(into)}
    if pair["currency"] == pair["into"]:
        raise errors.BadRate("A rate is between two currencies.")
    value = _rate(rate)
    source = " ".join(source.split())[:200]
    if not source:
        raise errors.BadRate(
            "Say who published the rate.", hint="A line that uses it names the source."
        )
    with transaction.atomic():
        lock_changes()
        rows = days.live(ExchangeRate, **pair)
        own = rows.filter(starts_on=starts_on)
        given = {"rate": value, "source": source, "ends_on": ends_on}
        if own.filter(**given).exists():
            return None
        span = days.words_of(starts_on, ends_on or starts_on)
        words = f"1 {pair['currency']} is {value:f} {pair['into']}{span}"
        number = _number(words, "rate", None, by)
        own.update(closed=number)
        made = ExchangeRate.objects.create(
            **pair, **given, starts_on=starts_on, opened=number
        )
        after = {"rate": value, "source": source, **_dates(starts_on, ends_on)}
        _trail("rate_set", "exchange rate", made.pk, words, after, by)
    return made


def remove_rate(*, rate: ExchangeRate, by: Member | None = None) -> None:
    """Take a rate away that was entered by mistake."""
    span = days.words_of(rate.starts_on, rate.ends_on or rate.starts_on)
    words = f"No rate from {rate.currency} to {rate.into}{span}"
    _close(rate, words, "rate", None, by)


def subject_of(subject: Subject) -> tuple[str, int, str]:
    """Return the kind, the id and the name of what attributes are about."""
    if subject is None:
        return SubjectKind.BUSINESS.value, 0, "The business"
    return str(subject._meta.model_name), subject.pk, subject.name


def _require_not_own(subject: Subject, by: Member | None) -> None:
    if isinstance(subject, Payee):
        require_not_own(subject, by)


def _close(
    row: Leave | SellRight | ExchangeRate,
    words: str,
    change_kind: str,
    subject: Subject,
    by: Member | None,
) -> None:
    _require_not_own(subject, by)
    with transaction.atomic():
        lock_changes()
        number = _number(words, change_kind, subject, by)
        live = days.live(type(row), pk=row.pk)
        if live.update(closed=number) != 1:
            raise errors.LedgerError(
                "This was changed by somebody else.", hint="Look at it again."
            )
        kind, subject_id, name = subject_of(subject)
        if subject is None:
            kind, subject_id, name = "exchange rate", row.pk, words
        _trail(f"{change_kind}_removed", kind, subject_id, name, {"was": words}, by)


def _number(words: str, kind: str, subject: Subject, by: Member | None) -> int:
    return next_change(
        kind=kind,
        words=words,
        source=f"entered by {by.name}" if by else "",
        payee_id=subject.pk if isinstance(subject, Payee) else None,
        by_id=by.user_id if by else None,
    )


def _known_name(kind: str, name: str) -> str:
    model: Any = {"product": Product, "service": Service}.get(kind)
    if model is None:
        raise errors.LedgerError("A payee may sell a product or a service.")
    found = model.objects.filter(name=" ".join(name.split())).first()
    if found is None:
        raise errors.LedgerError(f"There is no {kind} “{name[:60]}”.")
    return str(found.name)


def _currency(code: str) -> str:
    cleaned = code.strip().upper()
    if not is_currency(cleaned):
        raise errors.BadRate(f"“{code[:10]}” is not a currency like EUR.")
    return cleaned


def _rate(rate: str | Decimal) -> Decimal:
    try:
        value = rate if isinstance(rate, Decimal) else parse_decimal(rate)
    except NotAnAmount:
        raise errors.BadRate(f"“{str(rate)[:30]}” is not a number.") from None
    if value <= 0:
        raise errors.BadRate("A rate is larger than zero.")
    if value >= 10**9 or value != round(value, 12):
        raise errors.BadRate("A rate has at most 9 digits and 12 decimal places.")
    return value


def _dates(starts_on: date, ends_on: date | None) -> dict[str, str]:
    return {
        "from": starts_on.isoformat(),
        "to": ends_on.isoformat() if ends_on else "",
    }


def _trail(
    action: str,
    kind: str,
    subject_id: int,
    name: str,
    after: Mapping[str, Any],
    by: Member | None,
) -> None:
    record(
        action=f"ledger.{action}",
        object_kind=kind,
        object_id=str(subject_id),
        object_name=name,
        after=after,
        by=by or "system",
    )
