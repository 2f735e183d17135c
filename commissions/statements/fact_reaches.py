"""Which days of which payees a fact by date concerns: values, leave, rates, rights."""

from collections.abc import Iterator, Mapping
from datetime import date
from functools import partial
from typing import Any

from commissions.plans.models import Assignment
from commissions.statements.models import OpeningBalance
from commissions.statements.periods import pay_period_of
from commissions.statements.rates import LONGEST
from commissions.statements.reaches import (
    Pairs,
    Reach,
    Span,
    above_in,
    around,
    changed,
    of_entries_read,
    of_gatherers,
    of_plan,
    pairs_of,
    shared_with,
    with_above,
)
from crm_sync.ledger.known import THINGS
from crm_sync.ledger.models import (
    FIELD,
    AttributeValue,
    CustomerId,
    ExchangeRate,
    FormerState,
    Leave,
    SellRight,
    SubjectKind,
)

PAYEE = SubjectKind.PAYEE.value
CUSTOMER = SubjectKind.CUSTOMER.value
# Of these only entries are concerned that name them; others concern everybody.
_NAMED = frozenset(["product", "service", "customer"])
_NAMING = """
SELECT DISTINCT credit.payee_id, credit.occurred_on
FROM ledger_revision AS revision
JOIN ledger_credit AS credit ON credit.entry_id = revision.entry_id
    AND credit.opened = revision.opened
WHERE revision.closed IS NULL AND credit.occurred_on BETWEEN %(first)s AND %(last)s
"""
_OF_THING = _NAMING + " AND revision.values ->> %(kind)s = %(name)s"
_OF_CURRENCY = _NAMING + " AND revision.currency = %(currency)s"


def of_values(span: Span) -> Iterator[Reach]:
    """Whoever has a value that changed, or sold what has it."""
    for row in AttributeValue.objects.filter(changed(span)):
        for number in span.numbers(row.opened, row.closed):
            if row.kind == PAYEE:
                yield from _of_payee(
                    span, row.subject_id, row.starts_on, row.ends_on, number
                )
            else:
                yield from _of_thing(
                    span, row.kind, row.subject_id, row.starts_on, row.ends_on, number
                )


def of_customer_ids(span: Span) -> Iterator[Reach]:
    """Whoever sold to a record that became another customer's, or nobody's."""
    if not any(CUSTOMER in row.features.things for row in span.known):
        return
    for row in CustomerId.objects.filter(changed(span)):
        given = {
            "kind": CUSTOMER,
            "name": row.external_id,
            "first": date.min,
            "last": date.max,
        }
        for number in span.numbers(row.opened, row.closed):
            yield from with_above(pairs_of(_OF_THING, given), number)


def of_former_states(span: Span) -> Iterator[Reach]:
    """Whoever sold a thing whose attributes changed, and who reads a payee's.

    A field of another type concerns all whose plan reads it.
    """
    rows = FormerState.objects.filter(closed__gt=span.since, closed__lte=span.fence)
    for row in rows:
        if row.kind == PAYEE:
            yield from _of_payee(span, row.subject_id, date.min, None, row.closed)
        elif row.kind == FIELD:
            for plan in span.known:
                if row.name in plan.features.fields:
                    yield from of_plan(span, plan.plan_id, plan.starts_on, row.closed)
        else:
            yield from _of_thing(
                span, row.kind, row.subject_id, date.min, None, row.closed
            )


def of_leave_and_rights(span: Span) -> Iterator[Reach]:
    """The payee's own days; leave also moves windows that hold them."""
    for leave in Leave.objects.filter(changed(span)):
        first = leave.starts_on.replace(month=1, day=1)
        for number in span.numbers(leave.opened, leave.closed):
            yield Reach(leave.payee_id, first, leave.ends_on, number)
    for right in SellRight.objects.filter(changed(span)):
        for number in span.numbers(right.opened, right.closed):
            # A first right rules out what is not listed, on all days.
            yield Reach(right.payee_id, date.min, None, number)


def of_opening_balances(span: Span) -> Iterator[Reach]:
    """All that follows the day of a balance, for the payee and who reads it of them."""
    for row in OpeningBalance.objects.filter(changed(span)):
        for number in span.numbers(row.opened, row.closed):
            yield Reach(row.payee_id, row.as_of, None, number)
            yield from of_gatherers(span, row.as_of, None, number)


def of_rates(span: Span) -> Iterator[Reach]:
    """Whoever is credited for a deal in the currency, on days that may use the rate."""
    for row in ExchangeRate.objects.filter(changed(span)):
        first = pay_period_of(row.starts_on).starts_on
        last = pay_period_of(row.ends_on or row.starts_on + LONGEST).ends_on
        settles = any(row.into == one.features.settle_in for one in span.known)
        for number in span.numbers(row.opened, row.closed):
            for code in (row.currency, row.into):
                given = {"last": last, "currency": code}
                pairs_from = partial(_sold_in, given)
                yield from of_entries_read(span, pairs_from, first, last, number)
            if settles:
                yield from of_everybody(first, last, number)


def of_everybody(first: date, last: date | None, number: int) -> Iterator[Reach]:
    """Everybody on a plan on one of these days."""
    rows = Assignment.objects.exclude(ends_on__lt=first)
    if last is not None:
        rows = rows.filter(starts_on__lte=last)
    for payee_id in set(rows.values_list("payee_id", flat=True)):
        yield Reach(payee_id, first, last, number)


def _of_payee(
    span: Span, payee_id: int, first: date, last: date | None, number: int
) -> Iterator[Reach]:
    yield from around(payee_id, first, last, number)
    yield from of_gatherers(span, first, last, number)
    if span.reads_people:
        yield from of_entries_read(
            span, lambda day: shared_with(payee_id, day, last), first, last, number
        )
        if span.repeats:
            # Who was above on the day of the entry is paid for it again.
            for above in above_in([payee_id], date.min, last):
                yield Reach(above, first, last, number, above=True)


def _of_thing(
    span: Span,
    kind: str,
    subject_id: int,
    first: date,
    last: date | None,
    number: int,
) -> Iterator[Reach]:
    if not any(kind in row.features.things for row in span.known):
        return
    if kind not in _NAMED:
        # Where a source names no territory it is the owner's, so no entry names it.
        yield from of_everybody(first, last, number)
        return
    names = THINGS[kind].objects.filter(pk=subject_id).values_list("name", flat=True)
    ids = CustomerId.objects.filter(customer_id=subject_id)
    called = [*names]
    if kind == CUSTOMER:
        called += ids.values_list("external_id", flat=True).distinct()
    for name in called:
        given = {"kind": kind, "name": name, "last": last or date.max}
        yield from of_entries_read(span, partial(_named, given), first, last, number)


def _sold_in(given: Mapping[str, Any], first: date) -> Pairs:
    return pairs_of(_OF_CURRENCY, {**given, "first": first})


def _named(given: Mapping[str, Any], first: date) -> Pairs:
    return pairs_of(_OF_THING, {**given, "first": first})
