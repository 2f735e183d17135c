"""The statement page: one payee's month, within a dozen queries however long it is."""

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import (
    Case,
    CharField,
    Count,
    DecimalField,
    Exists,
    IntegerField,
    OuterRef,
    QuerySet,
    Subquery,
    Sum,
    When,
)
from django.db.models.functions import Cast, Coalesce, JSONObject

from commissions.plans.models import PlanVersion
from commissions.statements.models import Adjustment, Cause, Line, Statement
from commissions.statements.really_paid import came_back, paid_in_year
from commissions.statements.selectors import (
    ComponentTotal,
    component_totals,
    in_plan_order,
    lines_of,
    ordered_lines,
    versions_of,
)
from commissions.statements.states import line_states, with_states
from commissions.statements.words import amount_text, percent_text
from commissions_saas.lib.money import NotAnAmount, parse_decimal
from crm_sync.ledger.models import Credit, Entry
from tenants.frame.pagination import PAGE_SIZE, Page, paginate
from tenants.rollup.models import PayeeFact
from tenants.schema import current_business

ZERO = Decimal(0)
WAITING, PAYABLE, ADJUSTMENTS = "waiting", "payable", "adjustments"
MONTHS = 12
ORDER = ["place", "earned_on", "pk"]


@dataclass(frozen=True, slots=True)
class LineRow:
    """One line as the statement shows it."""

    line: Line
    entry: Mapping[str, str] | None
    state: str
    detail: str  # what it waits for
    notes: tuple[str, ...]  # split, rate, reason
    is_last: bool = False  # of its component on this page


@dataclass(slots=True)
class Section:
    """One component on this page: its lines here, its subtotal over all lines."""

    total: ComponentTotal
    rows: list[LineRow] = field(default_factory=list)


def with_news(rows: QuerySet[Statement], since: datetime) -> QuerySet[Statement]:
    """Bring with a statement by how much it moved, and how many deals it leaves out."""
    moved = (
        Cause.objects.filter(
            payee_id=OuterRef("payee_id"), period_id=OuterRef("period_id"), at__gt=since
        )
        .order_by()
        .values("payee_id")
        .annotate(total=Sum("effect"))
        .values("total")
    )
    facts = PayeeFact.objects.filter(
        business_id=current_business().pk,
        payee_id=OuterRef("payee_id"),
        period=OuterRef("period__slug"),
    )
    # Amounts travel as text: JSON's numbers are not exact.
    history = (
        Statement.objects.filter(payee_id=OuterRef("payee_id"))
        .order_by("-period__starts_on")
        .annotate(back=came_back())
        .values(
            found=JSONObject(
                slug="period__slug",
                total=Cast("total", CharField()),
                state=Case(When(state="open", then="period__state"), default="state"),
                back="back",
            )
        )[: MONTHS + 1]
    )
    return rows.annotate(
        paid_in_year=paid_in_year(),
        came_back=came_back(),
        history=ArraySubquery(history),
        quota=Subquery(facts.values("quota")[:1]),
        attained=Subquery(facts.values("attained")[:1]),
        moved=Coalesce(
            Subquery(moved), ZERO, output_field=DecimalField(decimal_places=4)
        ),
        left_out=Coalesce(Subquery(_left_out()), 0, output_field=IntegerField()),
    )


def _left_out() -> QuerySet[Any]:
    """Count the payee's deals of the period that no line is for."""
    here = Line.objects.filter(
        entry_id=OuterRef("entry_id"),
        payee_id=OuterRef("payee_id"),
        closed_run__isnull=True,
    )
    return (
        Credit.objects.filter(
            payee_id=OuterRef("payee_id"),
            occurred_on__gte=OuterRef("period__starts_on"),
            occurred_on__lte=OuterRef("period__ends_on"),
            closed__isnull=True,
        )
        .filter(Exists(Entry.objects.filter(pk=OuterRef("entry_id"), counts=True)))
        .filter(~Exists(here))
        .order_by()
        .values("payee_id")
        .annotate(count=Count("entry_id", distinct=True))
        .values("count")
    )


def statement_lines(row: Statement, show: str, cursor: str) -> dict[str, Any]:
    """Return one page of lines in sections, with subtotals over all lines.

    `show` narrows it to what waits, what is payable, or one component; the headline is
    then the sum of that.
    """
    totals = component_totals(row)
    versions = versions_of(totals)
    totals = in_plan_order(totals, versions)
    rows, shown, count = _narrowed(row, totals, show)
    if shown is None and not cursor:
        rows = _first(rows, totals)
    reason = Adjustment.objects.filter(pk=OuterRef("adjustment_id")).values("reason")
    entry = Entry.objects.filter(pk=OuterRef("entry_id")).values(
        found=JSONObject(name="name", product="product")
    )
    page = paginate(
        with_states(ordered_lines(rows, totals)).annotate(
            reason=Subquery(reason), entry=Subquery(entry)
        ),
        order=ORDER,
        cursor=cursor,
        total=count,
    )
    return {
        "totals": totals,
        "versions": sorted(versions.values(), key=lambda v: (v.plan.name, v.number)),
        "page": page,
        "sections": _sections(page, totals, versions),
        "show": show if shown is not None else "",
        "shown": shown,
        "shown_name": _shown_name(show, totals),
        "payable_now": _payable(totals),
        "has_adjustments": any(not total.is_earning for total in totals),
        "clawed_back": sum(
            (total.amount for total in totals if not total.is_earning), ZERO
        ),
    }


def _narrowed(
    row: Statement, totals: Sequence[ComponentTotal], show: str
) -> tuple[QuerySet[Line], Decimal | None, int | None]:
    rows = lines_of(row)
    everything = sum(total.lines for total in totals)
    if show == WAITING:
        return rows.exclude(waiting_for=""), row.waiting, None
    if show == PAYABLE:
        own = rows.filter(waiting_for="", kind=Line.Kind.EARNING)
        return own, _payable(totals), None
    for total in totals:
        if total.slug == show and total.is_earning:
            own = rows.filter(component=show, kind=Line.Kind.EARNING)
            return own, total.amount, total.lines
        if total.slug == show:
            others = rows.exclude(kind=Line.Kind.EARNING)
            return others, total.amount, total.lines
    return rows, None, everything


def _first(rows: QuerySet[Line], totals: Sequence[ComponentTotal]) -> QuerySet[Line]:
    """Leave out the components that the first page does not reach: to sort them too
    takes longer than all else of a long statement."""
    names: list[str] = []
    lines = 0
    for total in itertools.takewhile(lambda one: one.is_earning, totals):
        names.append(total.component)
        lines += total.lines
        if lines > PAGE_SIZE:
            return rows.filter(component__in=names, kind=Line.Kind.EARNING)
    return rows


def _payable(totals: Sequence[ComponentTotal]) -> Decimal:
    """What is earned and waits for nothing; adjustments are a figure of their own."""
    return sum((t.amount - t.waiting for t in totals if t.is_earning), ZERO)


def _shown_name(show: str, totals: Sequence[ComponentTotal]) -> str:
    names = {WAITING: "Waiting", PAYABLE: "Payable"}
    return names.get(show) or next(
        (total.name for total in totals if total.slug == show), ""
    )


def _sections(
    page: Page[Line],
    totals: Sequence[ComponentTotal],
    versions: Mapping[int, PlanVersion],
) -> list[Section]:
    lines = list(page.rows)
    states = line_states(lines)
    sections: dict[str, Section] = {}
    by_slug = {total.slug: total for total in totals}
    for line in lines:
        slug = line.component if line.kind == Line.Kind.EARNING else ADJUSTMENTS
        section = sections.setdefault(slug, Section(by_slug[slug]))
        section.rows.append(
            LineRow(
                line=line,
                entry=line.entry,  # type: ignore[attr-defined]
                state=states[line.pk],
                detail=line.waiting_for if states[line.pk] == "waiting" else "",
                notes=_notes(line, versions),
            )
        )
    return list(sections.values())


def _notes(line: Line, versions: Mapping[int, PlanVersion]) -> tuple[str, ...]:
    if line.adjustment_id:
        return (line.reason or "",)  # type: ignore[attr-defined]
    notes = []
    if line.share is not None and line.share != 1:
        notes.append(f"split {percent_text(line.share)}")
    if line.role in ("manager", "overlay", "referrer"):
        notes.append(f"as {line.role}")
    rate = rate_words(line, versions.get(line.version_id or 0))
    return (*notes, rate) if rate else tuple(notes)


def rate_words(line: Line, version: PlanVersion | None) -> str:
    """Say at what rate a line is paid: `6 %`, or `6 % to 80,000.00, then 8 %`."""
    if not line.base or not line.amount:
        return ""
    ratio = line.amount / line.base
    rounded = ratio.quantize(Decimal("0.0001"))
    if abs(line.base * rounded - line.amount) <= Decimal("0.005"):
        return percent_text(rounded)
    for low, edge, high in _steps(version):
        if low < ratio < high:
            edge_words = amount_text(edge, line.currency)
            return f"{percent_text(low)} to {edge_words}, then {percent_text(high)}"
    return ""


def _steps(version: PlanVersion | None) -> list[tuple[Decimal, Decimal, Decimal]]:
    """Return each edge of a plan's own tiers: the rate below, the edge, the rate above."""
    tables = version.document.get("tables", {}) if version else {}
    found = []
    for table in tables.values():
        rows = table.get("rows", [])
        for below, above in itertools.pairwise(rows):
            try:
                edge = parse_decimal(above["from"])
                found.append((_rate(below["rate"]), edge, _rate(above["rate"])))
            except (NotAnAmount, KeyError):
                continue
    return found


def _rate(text: str) -> Decimal:
    if text.endswith("%"):
        return parse_decimal(text[:-1]).scaleb(-2)
    return parse_decimal(text)
