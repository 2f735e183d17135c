"""Reads of the owners' facts; each demands a member, and gives what that one may see."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any, TypeVar

from django.db.models import CharField, QuerySet, Sum, Value

from tenants.access import GROUP_ROLES, Member
from tenants.accounts.models import Business
from tenants.rollup.models import BookingFact, DetailFact, MonthRate, PayeeFact

Key = tuple[int, date, str]  # business, month, currency
Sums = dict[Key, Decimal]
# By what was asked for, month and currency; without a month where no rate is needed.
Parts = dict[tuple[str, date | None, str], Decimal]
PAY, DEALS, PART = "pay", "deals", "part"
Fact = TypeVar("Fact", PayeeFact, DetailFact, BookingFact)


@dataclass(frozen=True, slots=True)
class Rate:
    """What one unit of a currency is worth in another, on average over a month."""

    month: date
    currency: str
    into: str
    rate: Decimal
    source: str


@dataclass(frozen=True, slots=True)
class Facts:
    """Sums by business, month and currency; `parts` by what was asked for."""

    earned: Sums = field(default_factory=lambda: defaultdict(Decimal))
    payable: Sums = field(default_factory=lambda: defaultdict(Decimal))
    booked: Sums = field(default_factory=lambda: defaultdict(Decimal))
    periods: dict[tuple[int, date], set[str]] = field(
        default_factory=lambda: defaultdict(set)
    )
    parts: Parts = field(default_factory=lambda: defaultdict(Decimal))


def businesses_of(member: Member) -> list[Business]:
    """Return the businesses of the group whose figures the member may add up."""
    if member.business_id is not None or not member.roles & set(GROUP_ROLES):
        return []
    states = [Business.State.READY, Business.State.MAKING, Business.State.SUSPENDED]
    found = Business.objects.filter(group_id=member.group_id, state__in=states)
    return list(found.order_by("pk"))


def pay_of(member: Member, months: Iterable[date]) -> QuerySet[PayeeFact]:
    """Return what stands on the statements of the months that the member may add up."""
    facts = _seen(member, PayeeFact.objects.all())
    return facts.filter(month__in=list(months))


def commission(
    member: Member, months: Iterable[date], column: str = "earned"
) -> dict[Key, Decimal]:
    """Return what stands on the statements of each business and month."""
    totals = (
        pay_of(member, months)
        .values_list("business_id", "month", "currency")
        .annotate(total=Sum(column))
    )
    return {(pk, month, currency): total for pk, month, currency, total in totals}


def facts_of(member: Member, months: Iterable[date], by: str) -> Facts:
    """Return the sums of the months that the member may add up, in one query.

    `by` is `product`, `territory` or `component`; people's parts are asked for apart.
    Bookings are of deals, each counted once, whoever is credited.
    """
    wanted = list(months)
    pay = pay_of(member, wanted)
    deals = _seen(member, BookingFact.objects.all()).filter(month__in=wanted)
    details = _seen(member, DetailFact.objects.all()).filter(month__in=wanted)
    paid = pay.values_list(_word(PAY), "business_id", "month", "currency", "period")
    booked = deals.values_list(
        _word(DEALS), "business_id", "month", "currency", _word("")
    )
    others: list[QuerySet[Any, Any]] = [
        booked.annotate(a=Sum("booked"), b=Value(Decimal(0)))
    ]
    if by != "payee":
        split = details.values_list(_word(PART), Value(0), "month", "currency", by)
        others.append(split.annotate(a=Sum("earned"), b=Value(Decimal(0))))
    paid = paid.annotate(a=Sum("earned"), b=Sum("payable"))
    return _collected(paid.union(*others, all=True))


def _collected(rows: Iterable[Any]) -> Facts:
    found = Facts()
    for kind, pk, month, currency, label, amount, payable in rows:
        if kind == DEALS:
            found.booked[(pk, month, currency)] += amount
        elif kind == PART:
            found.parts[(label, month, currency)] += amount
        else:
            found.earned[(pk, month, currency)] += amount
            found.payable[(pk, month, currency)] += payable
            found.periods[(pk, month)].add(label)
    return found


def payees_of_month(member: Member, business: Business, month: date) -> list[PayeeFact]:
    """Return one business's payees and periods of a month, the largest first."""
    if not member.sees_all_pay:
        return []
    facts = PayeeFact.objects.filter(business_id=business.pk, month=month)
    return list(facts.order_by("period", "-earned", "payee_name"))


def bookings_of_month(
    member: Member, business: Business, month: date
) -> list[BookingFact]:
    """Return one business's bookings of a month by product and territory."""
    if not member.sees_all_pay:
        return []
    facts = BookingFact.objects.filter(business_id=business.pk, month=month)
    return list(facts.order_by("product", "territory", "currency"))


def rates(
    group_id: int, months: Iterable[date], into: str
) -> dict[tuple[date, str], Rate]:
    """Return the group's monthly rates into a currency, by month and currency."""
    found = MonthRate.objects.filter(
        group_id=group_id, month__in=list(months), into=into
    )
    return {
        (r.month, r.currency): Rate(r.month, r.currency, r.into, r.rate, r.source)
        for r in found
    }


def _seen(member: Member, facts: QuerySet[Fact]) -> QuerySet[Fact]:
    if member.business_id is not None or not member.roles & set(GROUP_ROLES):
        return facts.none()
    return facts.filter(group_id=member.group_id)


def _word(text: str) -> Value:
    return Value(text, output_field=CharField())
