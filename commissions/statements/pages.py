"""What several pages of this app put into their context."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404

from commissions.statements.models import (
    Adjustment,
    Dispute,
    Line,
    Proposal,
    Run,
    Statement,
)
from commissions.statements.periods import as_period
from commissions.statements.receipts import receipt_of
from commissions.statements.sources import Source, sources_of
from commissions.statements.states import line_states
from commissions_saas.lib import clock
from commissions_saas.lib.periods import NotAPeriod, Period, parse_period
from crm_sync.ledger.models import Entry
from tenants.access import MAY, MemberRequest, may, who_may
from tenants.frame import hooks
from tenants.frame.charts import ChartPoint
from tenants.frame.hooks import AsOf
from tenants.frame.pagination import paginate
from tenants.schema import current_business
from tenants.urls_for import business_url

MONTHS = 12


@dataclass(frozen=True, slots=True)
class LineVersion:
    """One state that a line had, and the run that gave it."""

    line: Line
    run: Run
    before: Decimal | None


def require(request: MemberRequest, action: str) -> None:
    """Refuse what the role table does not allow, naming who may."""
    if not may(request.member, action):
        raise PermissionDenied(who_may(request, MAY[action]))


def period_or_404(slug: str) -> Period:
    """Return the period that an address names."""
    try:
        return parse_period(slug)
    except NotAPeriod as problem:
        raise Http404 from problem


def as_of(request: MemberRequest, at: datetime | None) -> AsOf:
    """Say how fresh figures are: the calculation, and what lower rooms add."""
    offered = hooks.ask("as_of", request)
    parts = offered.parts if isinstance(offered, AsOf) else []
    return AsOf(at or clock.now(), parts)


@dataclass(frozen=True, slots=True)
class Past:
    """A statement of the payee, as the history names it."""

    period: Period
    total: Decimal
    state: str
    is_here: bool


def around(row: Statement) -> dict[str, Any]:
    """Return the statements before and after, and the year, from `with_news`."""
    period = as_period(row.period)
    known = [
        Past(
            parse_period(each["slug"]),
            Decimal(each["total"]),
            "returned" if each["back"] else each["state"],
            each["slug"] == row.period.slug,
        )
        for each in row.history  # type: ignore[attr-defined]
    ]
    slugs = {each.period.slug for each in known}
    return {
        "previous": period.previous() if period.previous().slug in slugs else None,
        "next": period.next() if period.next().slug in slugs else None,
        "history": known,
        "chart": _chart(row, known),
        "paid_in_year": row.paid_in_year,  # type: ignore[attr-defined]
        "returned": _returned(row),
        "late": _late(row),
    }


def _returned(row: Statement) -> list[dict[str, Any]]:
    """Return the payments of the payee that came back and were not made again."""
    back = {row.period.slug: row.came_back}  # type: ignore[attr-defined]
    back |= {each["slug"]: each["back"] for each in row.history}  # type: ignore[attr-defined]
    return [
        {
            "period": parse_period(slug),
            "amount": Decimal(payment["amount"]),
            "reason": payment["reason"].rstrip("."),
        }
        for slug, payment in back.items()
        if payment
    ]


def _late(row: Statement) -> list[Proposal]:
    """Return what changed after a statement was frozen."""
    if row.state == Statement.State.OPEN:
        return []
    shown = [Proposal.State.WAITING, Proposal.State.POSTED]
    rows = Proposal.objects.filter(
        payee_id=row.payee_id, period_id=row.period_id, state__in=shown
    )
    return list(rows.select_related("adjustment__period"))


def _chart(row: Statement, known: Sequence[Past]) -> list[ChartPoint]:
    """Return a year of bars; a period without a statement is an empty one."""
    business = current_business()
    by_slug = {each.period.slug: each for each in known}
    last = known[0].period if known else as_period(row.period)
    points: list[ChartPoint] = []
    while len(points) < MONTHS:
        found = by_slug.get(last.slug)
        label = (
            f"{last.ends_on:%b}" if last.kind == "month" else f"{last.ends_on:%d %b}"
        )
        url = business_url(business, "statements:statement", row.payee_id, last.slug)
        points.append(
            ChartPoint(
                label,
                found.total if found else Decimal(0),
                url if found else "",
                now=last.slug == row.period.slug,
            )
        )
        last = last.previous()
    return points[::-1]


def line_context(line: Line, row: Statement) -> dict[str, Any]:
    """Return a line's receipt, its states over time, and what it is about."""
    entry = Entry.objects.filter(pk=line.entry_id).first()
    adjustment = Adjustment.objects.filter(pk=line.adjustment_id).first()
    found = receipt_of(line)
    source = Source()
    if entry is not None:
        source = sources_of([entry.connection_id]).get(entry.connection_id, source)
    return {
        "line": line,
        "statement": row,
        "period": as_period(row.period),
        "entry": entry,
        "adjustment": adjustment,
        "corrected": _corrected(adjustment),
        "corrected_slug": adjustment.corrects_period if adjustment else "",
        "source": source.name,
        "state": line_states([line])[line.pk],
        "found": found,
        "receipt": found.receipt,
        "values": sorted((found.receipt.values or {}).items()) if found.receipt else [],
        "versions": line_versions(line),
        "dispute": Dispute.objects.filter(line_id=line.pk).order_by("-pk").first(),
    }


def _corrected(adjustment: Adjustment | None) -> Line | None:
    if adjustment is None or adjustment.line_id is None:
        return None
    return Line.objects.filter(pk=adjustment.line_id).first()


def line_versions(line: Line) -> list[LineVersion]:
    """Return each state that this line had, newest first, with what set it off."""
    rows = list(
        Line.objects.filter(
            payee_id=line.payee_id,
            period_id=line.period_id,
            component=line.component,
            entry_id=line.entry_id,
            role=line.role,
            adjustment_id=line.adjustment_id,
        ).order_by("opened_run")
    )
    runs = Run.objects.in_bulk({row.opened_run for row in rows})
    found = []
    before: Decimal | None = None
    for row in rows:
        found.append(LineVersion(row, runs[row.opened_run], before))
        before = row.amount
    return found[::-1]


def deal_list(rows: QuerySet[Entry], cursor: str) -> dict[str, Any]:
    """Return a page of deals."""
    return {"page": paginate(rows, order=["-occurred_on", "-pk"], cursor=cursor)}
