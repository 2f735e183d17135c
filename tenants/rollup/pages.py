"""What an owner's pages show, as one literal context each."""

from collections.abc import Collection, Iterable, Mapping
from datetime import date
from decimal import Decimal
from functools import cache, partial
from typing import Any

from django.urls import NoReverseMatch

from commissions_saas.lib import clock
from commissions_saas.lib.money import round_money
from commissions_saas.lib.periods import parse_period
from tenants.access import Member
from tenants.accounts.models import Business, Group
from tenants.frame.pagination import paginate_list
from tenants.rollup import matrix as tables
from tenants.rollup import people, selectors
from tenants.rollup.models import MonthRate, PayeeFact
from tenants.rollup.months import last_months, slug_of
from tenants.urls_for import business_url

MEASURES = {"commission": "Commission", "revenue": "Revenue", "payable": "Payable"}
SPANS = {"3m": 3, "6m": 6, "12m": 12}
DIMENSIONS = {
    "product": "Product",
    "territory": "Territory",
    "component": "Component",
    "payee": "Payee",
}
TOP = 10
_STATES = {"making": "being set up", "suspended": "suspended"}


def overview_page(
    group: Group, member: Member, query: Mapping[str, str]
) -> dict[str, Any]:
    """The matrix, its currencies, and what is behind it by product or payee."""
    choice = _choice(group, query)
    months = tuple(last_months(clock.today("UTC"), SPANS[choice["span"]]))
    businesses = {b.pk: b for b in selectors.businesses_of(member)}
    into = None if choice["cur"] == "own" else choice["cur"]
    shown_in = into or group.reporting_currency
    rates = selectors.rates(group.pk, months, shown_in)
    facts = selectors.facts_of(member, months, choice["by"])
    parts = facts.parts
    if choice["by"] == "payee":
        names = {pk: business.name for pk, business in businesses.items()}
        parts = people.commission_by_person(member, months, shown_in, names)
    currencies = {pk: b.currency for pk, b in businesses.items()}
    build = partial(
        tables.build, businesses=currencies, months=months, into=into, rates=rates
    )
    measure = choice["measure"]
    matrix = build(amounts=_of_measure(facts, measure))
    sums = {"commission": facts.earned, "revenue": facts.booked}
    built = {name: build(amounts=own) for name, own in sums.items() if name != measure}
    built[measure] = matrix
    return {
        **choice,
        "measure_words": MEASURES[measure],
        "dimension_words": DIMENSIONS[choice["by"]],
        "group": group,
        "months": months,
        "this_month": months[-1],
        "rows": _rows(matrix, businesses, facts, choice),
        "matrix": matrix,
        "currency": matrix.currency or (matrix.currencies or [""])[0],
        "totals": list(zip(months, matrix.totals, strict=True)),
        "cost": _cost(built["commission"], built["revenue"]) if into else None,
        "headline": matrix.totals[-1],
        "before": matrix.totals[-2] if len(months) > 1 else None,
        "rates": sorted(rates.values(), key=lambda r: (r.currency, r.month)),
        "own_mode": into is None,
        "measures": MEASURES,
        "spans": SPANS,
        "currencies": sorted({group.reporting_currency} | _used(businesses)),
        "dimensions": DIMENSIONS,
        "breakdown": _breakdown(parts, into, rates, businesses),
    }


def month_page(
    business: Business, member: Member, month: date, query: Mapping[str, str]
) -> dict[str, Any]:
    """One business in one month: the figure of the cell, and what it is made of."""
    measure = query.get("measure", "commission")
    measure = measure if measure in MEASURES else "commission"
    shown = query.get("cur") or business.currency
    payees = selectors.payees_of_month(member, business, month)
    bookings = selectors.bookings_of_month(member, business, month)
    column = "payable" if measure == "payable" else "earned"
    amounts = (
        [(b.currency, b.booked) for b in bookings]
        if measure == "revenue"
        else [(p.currency, getattr(p, column)) for p in payees]
    )
    sums = _sums(amounts) or {business.currency: Decimal(0)}
    parts, headline = _added(business, month, sums, shown)
    if headline is None and list(sums) == [business.currency]:
        shown, headline = business.currency, sums[business.currency]
    page = paginate_list(payees, cursor=query.get("page", ""))
    slugs = sorted({p.period for p in payees})
    return {
        "business": business,
        "month": month,
        "measure": measure,
        "measure_words": MEASURES[measure],
        "sums": sums,
        "shown_currency": shown,
        "headline": headline,
        "parts": parts,
        "no_rate": any(rate is None for _, _, rate in parts),
        "page": page,
        "rows": [_of_payee(fact, column) for fact in page.rows],
        "bookings": bookings,
        "periods": [(slug, parse_period(slug).label) for slug in slugs],
    }


def _sums(amounts: Iterable[tuple[str, Decimal]]) -> dict[str, Decimal]:
    """Add amounts up, each currency by itself."""
    found: dict[str, Decimal] = {}
    for currency, amount in amounts:
        found[currency] = found.get(currency, Decimal(0)) + amount
    return dict(sorted(found.items()))


def _added(
    business: Business, month: date, sums: Mapping[str, Decimal], shown: str
) -> tuple[list[tuple[str, Decimal, selectors.Rate | None]], Decimal | None]:
    """Return what has to be converted with its rate, and the whole; None without one."""
    rates = selectors.rates(business.group_id or 0, [month], shown)
    parts = [
        (currency, amount, rates.get((month, currency)))
        for currency, amount in sums.items()
        if currency != shown
    ]
    total = sums.get(shown, Decimal(0))
    for _, amount, rate in parts:
        if rate is None:
            return parts, None
        total += round_money(amount * rate.rate, shown)
    return parts, total


def _of_payee(fact: PayeeFact, column: str) -> dict[str, Any]:
    label = parse_period(fact.period).label
    return {"fact": fact, "label": label, "amount": getattr(fact, column)}


def rates_page(group: Group) -> dict[str, Any]:
    """Every rate that was entered, newest month first."""
    entered = MonthRate.objects.filter(group_id=group.pk)
    own = Business.objects.filter(group_id=group.pk).values_list("currency", flat=True)
    into = group.reporting_currency
    return {
        "group": group,
        "rates": list(entered.order_by("-month", "currency")),
        "suggested": min(set(own) - {into}, default=""),
        "into": into,
        "month": slug_of(clock.today("UTC").replace(day=1)),
    }


def _choice(group: Group, query: Mapping[str, str]) -> dict[str, str]:
    def one_of(name: str, allowed: Any, default: str) -> str:
        wanted = query.get(name, "")
        return wanted if wanted in allowed else default

    cur = query.get("cur", "")
    is_code = len(cur) == 3 and cur.isalpha() and cur.isupper()
    return {
        "measure": one_of("measure", MEASURES, "commission"),
        "span": one_of("span", SPANS, "6m"),
        "by": one_of("by", DIMENSIONS, "product"),
        "cur": cur if is_code or cur == "own" else group.reporting_currency,
    }


def _of_measure(facts: selectors.Facts, measure: str) -> selectors.Sums:
    if measure == "revenue":
        return facts.booked
    return facts.payable if measure == "payable" else facts.earned


def _used(businesses: Mapping[int, Business]) -> set[str]:
    return {business.currency for business in businesses.values()}


def _rows(
    matrix: tables.Matrix,
    businesses: Mapping[int, Business],
    facts: selectors.Facts,
    choice: Mapping[str, str],
) -> list[dict[str, Any]]:
    return [
        _shown(row, businesses[row.business_id], facts.periods, choice)
        for row in matrix.rows
    ]


def _shown(
    row: tables.Row,
    business: Business,
    slugs: Mapping[tuple[int, date], Collection[str]],
    choice: Mapping[str, str],
) -> dict[str, Any]:
    cells = [
        (
            cell,
            _cell_url(business, cell, slugs.get((business.pk, cell.month), ()), choice),
        )
        for cell in row.cells
    ]
    return {
        "business": business,
        "slug": business.slug,
        "name": business.name,
        "note": _note(business, row.currency),
        "row": row,
        "cells": cells,
        "total": row.total,
        "currency": row.currency,
        "points": row.points,
    }


def _note(business: Business, shown: str) -> str:
    own = business.currency
    words = shown if own == shown else f"{own} shown in {shown}"
    state = _STATES.get(business.state)
    return f"{words} · {state}" if state else words


def _cell_url(
    business: Business,
    cell: tables.Cell,
    periods: Collection[str],
    choice: Mapping[str, str],
) -> str:
    """Return the page whose headline is this very figure."""
    if cell.amount is None or business.state != Business.State.READY:
        return ""
    same = cell.currency == business.currency
    if same and len(periods) == 1 and choice["measure"] == "commission":
        url = _address("statements:period", business.slug, *periods)
        if url:
            return url
    url = _address("rollup:month", business.slug, slug_of(cell.month))
    return f"{url}?measure={choice['measure']}&cur={cell.currency}"


def _address(name: str, business: str, page: str) -> str:
    """Return the address of a page of a business, or nothing where there is none."""
    return _form(name).replace(_BUSINESS, business).replace(_PAGE, page)


_BUSINESS, _PAGE = "a-business-of-many", "a-page-of-it"


@cache
def _form(name: str) -> str:
    """Return an address to fill in: to look up a thousand takes longer than the page."""
    try:
        return business_url(_BUSINESS, name, _PAGE)
    except NoReverseMatch:
        return ""


def _cost(
    paid: tables.Matrix, sold: tables.Matrix
) -> list[tuple[date, Decimal | None]]:
    """Return commission as a share of revenue for each month, where both add up."""
    return [
        (month, earned / booked if earned is not None and booked else None)
        for month, earned, booked in zip(
            paid.months, paid.totals, sold.totals, strict=True
        )
    ]


def _breakdown(
    parts: selectors.Parts,
    into: str | None,
    rates: Mapping[tuple[date, str], selectors.Rate],
    businesses: Mapping[int, Business],
) -> dict[str, Any] | None:
    """Return commission by a dimension, the first ten and the others; all add up."""
    if into is None and len(_used(businesses)) > 1:
        return None
    currency = into or next(iter(_used(businesses)), "")
    sums: dict[str, Decimal] = {}
    for (label, month, own), amount in parts.items():
        if own != currency:
            rate = rates.get((month, own)) if month else None
            if rate is None:
                return None
            amount = round_money(amount * rate.rate, currency)
        sums[label] = sums.get(label, Decimal(0)) + amount
    ranked = sorted(sums.items(), key=lambda item: (-item[1], item[0]))
    others = sum((amount for _, amount in ranked[TOP:]), Decimal(0))
    total = sum((amount for _, amount in ranked), Decimal(0))
    return {
        "rows": [(label, n, n / total if total else None) for label, n in ranked[:TOP]],
        "others": others if len(ranked) > TOP else None,
        "count": max(len(ranked) - TOP, 0),
        "total": total,
        "currency": currency,
    }
