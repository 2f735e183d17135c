"""What pages and other rooms read of statements; nothing invisible ever leaves here."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db import connection
from django.db.models import Case, Count, IntegerField, Q, QuerySet, Sum, Value, When
from django.http import Http404

from commissions.plans.models import PlanVersion
from commissions.statements.models import Line, Run, Statement
from crm_sync.ledger.models import Payee
from crm_sync.ledger.selectors import payees_visible_to
from tenants.access import Member
from tenants.schema import require_business

ZERO = Decimal(0)
MOST_VERSIONS = 500
_versions: dict[tuple[str, int], PlanVersion] = {}


@dataclass(frozen=True, slots=True)
class ComponentTotal:
    """What one component adds to a statement, over all of its lines."""

    component: str
    name: str
    is_earning: bool
    amount: Decimal
    waiting: Decimal
    lines: int
    version_id: int | None

    @property
    def slug(self) -> str:
        """Return what an address calls it."""
        return self.component if self.is_earning else "adjustments"


def statements_visible_to(member: Member) -> QuerySet[Statement]:
    """Return the statements that a member may see: all, or own, or of the team."""
    rows = Statement.objects.select_related("payee", "period")
    if member.sees_all_pay:
        return rows
    return rows.filter(payee_id__in=payees_visible_to(member).values("pk"))


def statement_for(member: Member, payee_id: int, slug: str) -> Statement:
    """Return one statement; what the member may not see is not found."""
    row = statements_visible_to(member).filter(payee_id=payee_id, period__slug=slug)
    found = row.first()
    if found is None:
        raise Http404
    return found


def payee_for(member: Member, payee_id: int) -> Payee:
    """Return a payee whose pay the member may see."""
    found = payees_visible_to(member).filter(pk=payee_id).first()
    if found is None:
        raise Http404
    return found


def lines_of(row: Statement) -> QuerySet[Line]:
    """Return the lines that stand on a statement."""
    return Line.objects.filter(
        payee_id=row.payee_id, period_id=row.period_id, closed_run__isnull=True
    )


def line_for(member: Member, payee_id: int, slug: str, line_id: int) -> Line:
    """Return a line of a statement that the member may see, live or closed."""
    row = statement_for(member, payee_id, slug)
    found = Line.objects.filter(
        pk=line_id, payee_id=row.payee_id, period_id=row.period_id
    ).first()
    if found is None:
        raise Http404
    return found


def component_totals(row: Statement) -> list[ComponentTotal]:
    """Add up a statement by component, in one query however many lines there are."""
    groups = (
        lines_of(row)
        .values("component", "component_name", "version_id", "kind")
        .annotate(
            sum_of=Sum("amount"),
            waits=Sum("amount", filter=~Q(waiting_for=""), default=ZERO),
            lines=Count("pk"),
        )
        .order_by("component", "version_id")
    )
    found: dict[tuple[str, bool], ComponentTotal] = {}
    for group in groups:
        earning = group["kind"] == Line.Kind.EARNING
        key = (group["component"] if earning else "", earning)
        before = found.get(key)
        found[key] = ComponentTotal(
            component=group["component"] if earning else "",
            name=group["component_name"] if earning else "Adjustments and clawbacks",
            is_earning=earning,
            amount=group["sum_of"] + (before.amount if before else ZERO),
            waiting=group["waits"] + (before.waiting if before else ZERO),
            lines=group["lines"] + (before.lines if before else 0),
            version_id=group["version_id"] or (before.version_id if before else None),
        )
    return list(found.values())


def versions_of(totals: Iterable[ComponentTotal]) -> dict[int, PlanVersion]:
    """Return the plan versions behind a statement; published ones never change."""
    schema = f"{connection.settings_dict['NAME']}/{require_business()}"
    ids = {total.version_id for total in totals if total.version_id}
    missing = [pk for pk in ids if (schema, pk) not in _versions]
    if missing:
        if len(_versions) > MOST_VERSIONS:
            _versions.clear()
        found = PlanVersion.objects.filter(pk__in=missing).select_related("plan")
        _versions.update({(schema, row.pk): row for row in found})
    return {pk: _versions[schema, pk] for pk in ids if (schema, pk) in _versions}


def in_plan_order(
    totals: Sequence[ComponentTotal], versions: Mapping[int, PlanVersion]
) -> list[ComponentTotal]:
    """Put components in the order of their plans; adjustments come last."""
    ranks: dict[tuple[int, str], int] = {}
    for row in versions.values():
        for rank, part in enumerate(row.document.get("components", [])):
            ranks[row.pk, part.get("key", "")] = rank

    def rank_of(total: ComponentTotal) -> tuple[bool, int, str]:
        rank = ranks.get((total.version_id or 0, total.component), 99)
        return not total.is_earning, rank, total.name

    return sorted(totals, key=rank_of)


def ordered_lines(
    rows: QuerySet[Line], totals: Sequence[ComponentTotal]
) -> QuerySet[Line]:
    """Annotate lines with the place of their component, for a page by key."""
    places = [
        When(component=total.component, kind=Line.Kind.EARNING, then=Value(rank))
        for rank, total in enumerate(totals)
        if total.is_earning
    ]
    last = Value(len(totals), output_field=IntegerField())
    if not places:
        return rows.annotate(place=last)
    return rows.annotate(place=Case(*places, default=last))


def run_at(moment: datetime) -> int:
    """Return the last run of a moment; runs follow each other in business time."""
    found = Run.objects.filter(at__lte=moment).order_by("-pk")
    return found.values_list("pk", flat=True).first() or 0


def total_at(row: Statement, run_id: int) -> Decimal:
    """Return what stood on a statement after a run: a sum, never a stored guess."""
    lines = Line.objects.filter(
        Q(closed_run__isnull=True) | Q(closed_run__gt=run_id),
        payee_id=row.payee_id,
        period_id=row.period_id,
        opened_run__lte=run_id,
    )
    total: Decimal = lines.aggregate(total=Sum("amount", default=ZERO))["total"]
    return total


def latest_statement(payee_id: int) -> Statement | None:
    """Return the statement of the latest period that has begun."""
    rows = Statement.objects.filter(payee_id=payee_id).select_related("period")
    return rows.order_by("-period__starts_on").first()
