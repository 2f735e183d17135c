"""Reads of the owners' facts; each demands a member, and gives what that one may see."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import TypeVar

from django.db.models import QuerySet, Sum

from tenants.access import GROUP_ROLES, Member
from tenants.accounts.models import Business
from tenants.rollup.models import BookingFact, DetailFact, MonthRate, PayeeFact

Key = tuple[int, date, str]  # business, month, currency
Fact = TypeVar("Fact", PayeeFact, DetailFact, BookingFact)


@dataclass(frozen=True, slots=True)
class Rate:
    """What one unit of a currency is worth in another, on average over a month."""

    month: date
    currency: str
    into: str
    rate: Decimal
    source: str


def businesses_of(member: Member) -> list[Business]:
    """Return the businesses of the group whose figures the member may add up."""
    if member.business_id is not None or not member.roles & set(GROUP_ROLES):
        return []
    states = [Business.State.READY, Business.State.MAKING, Business.State.SUSPENDED]
    found = Business.objects.filter(group_id=member.group_id, state__in=states)
    return list(found.order_by("pk"))


def commission(
    member: Member, months: Iterable[date], column: str = "earned"
) -> dict[Key, Decimal]:
    """Return what stands on the statements of each business and month."""
    facts = _seen(member, PayeeFact.objects.all()).filter(month__in=list(months))
    totals = facts.values_list("business_id", "month", "currency").annotate(
        total=Sum(column)
    )
    return {(pk, month, currency): total for pk, month, currency, total in totals}


def revenue(member: Member, months: Iterable[date]) -> dict[Key, Decimal]:
    """Return what was booked: each deal once, whoever is credited."""
    facts = _seen(member, BookingFact.objects.all()).filter(month__in=list(months))
    totals = facts.values_list("business_id", "month", "currency").annotate(
        total=Sum("booked")
    )
    return {(pk, month, currency): total for pk, month, currency, total in totals}


def breakdown(
    member: Member, months: Iterable[date], by: str
) -> dict[tuple[str, date, str], Decimal]:
    """Return commission by `product`, `territory`, `component` or `payee`."""
    wanted = list(months)
    totals: dict[tuple[str, date, str], Decimal] = defaultdict(Decimal)
    if by == "payee":
        people = _seen(member, PayeeFact.objects.all()).filter(month__in=wanted)
        names = people.values_list("payee_name", "month", "currency")
        for name, month, currency, total in names.annotate(total=Sum("earned")):
            totals[(name, month, currency)] += total
        return totals
    details = _seen(member, DetailFact.objects.all()).filter(month__in=wanted)
    for label, month, currency, total in details.values_list(
        by, "month", "currency"
    ).annotate(total=Sum("earned")):
        totals[(label, month, currency)] += total
    return totals


def periods_of(
    member: Member, months: Iterable[date]
) -> dict[tuple[int, date], list[str]]:
    """Return the slugs of the periods whose last day lies in each month."""
    facts = _seen(member, PayeeFact.objects.all()).filter(month__in=list(months))
    found: dict[tuple[int, date], list[str]] = defaultdict(list)
    for pk, month, slug in (
        facts.order_by("period")
        .values_list("business_id", "month", "period")
        .distinct()
    ):
        found[(pk, month)].append(slug)
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
