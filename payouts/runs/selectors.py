"""What payout pages and services read."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import (
    CharField,
    Count,
    DecimalField,
    Exists,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Sum,
    TextField,
    Value,
)
from django.db.models.functions import (
    Cast,
    Coalesce,
    ExtractYear,
    JSONObject,
    NullIf,
)

from commissions.statements.models import Line, PayPeriod, Release, Statement
from payouts.runs.flags import RUNS_COMPARED
from payouts.runs.models import Hold, Payout, PayoutEvent, PayoutItem, PayoutRun
from tenants.accounts.models import User

FROZEN = [Statement.State.IN_REVIEW, Statement.State.LOCKED, Statement.State.PAID]
FINISHED = [Payout.State.SENT, Payout.State.PAID]


def payable_lines(*, up_to: PayPeriod) -> QuerySet[Line]:
    """Return the lines that a run of `up_to` pays: payable, frozen, in no live run.

    A line of an earlier period comes along where its gate opened since, or where its
    payout was held, rejected, returned or carried.
    """
    frozen = Statement.objects.filter(
        payee_id=OuterRef("payee_id"),
        period_id=OuterRef("period_id"),
        state__in=FROZEN,
    )
    periods = PayPeriod.objects.filter(starts_on__lte=up_to.starts_on)
    return (
        Line.objects.filter(
            Exists(frozen),
            Q(waiting_for="") | Exists(Release.objects.filter(line_id=OuterRef("pk"))),
            period_id__in=periods.values("pk"),
            closed_run__isnull=True,
            failed="",
        )
        .exclude(Exists(PayoutItem.objects.filter(line_id=OuterRef("pk"), live=True)))
        .exclude(
            Exists(
                Hold.objects.filter(line_id=OuterRef("pk"), released_at__isnull=True)
            )
        )
        .order_by("payee_id", "pk")
    )


def runs() -> QuerySet[PayoutRun]:
    """Return all runs, newest first, with their number of payees."""
    return (
        PayoutRun.objects.select_related("period")
        .annotate(payees=Count("payouts"))
        .order_by("-number")
    )


def runs_to_show() -> QuerySet[PayoutRun]:
    """Return runs with what their page compares: failed statements, totals before."""
    failed = (
        Statement.objects.filter(period=OuterRef("period"), failures__gt=0)
        .order_by()
        .values("period")
        .annotate(count=Count("pk"))
    )
    before = (
        PayoutRun.objects.exclude(state=PayoutRun.State.VOID)
        .filter(period__starts_on__lt=OuterRef("period__starts_on"))
        .order_by("-period__starts_on")
    )
    return PayoutRun.objects.select_related("period").annotate(
        failed=Subquery(failed.values("count")),
        past=ArraySubquery(before.values("total")[:RUNS_COMPARED]),
    )


def events_of(run: PayoutRun, payout: Payout | None = None) -> list[PayoutEvent]:
    """Return what happened, newest first, with the names of who did it."""
    people = User.objects.filter(pk=OuterRef("by_id"))
    found = run.events.select_related("payout__payee").order_by("-pk")
    if payout is not None:
        found = found.filter(payout=payout)
    # Whoever signed up has given an address and no name yet.
    called = Coalesce(NullIf("name", Value("")), "email", output_field=TextField())
    name = people.annotate(called=called).values("called")[:1]
    return list(found.annotate(by_name=Subquery(name))[:100])


def payouts_of(run: PayoutRun) -> QuerySet[Payout]:
    """Return a run's payouts by name."""
    return run.payouts.select_related("payee").order_by("payee__name", "pk")


def is_flagged(payout: Payout) -> bool:
    """Return whether something about the payout wants eyes."""
    return any(flag["severity"] == "flag" for flag in payout.flags)


def totals(payouts: Iterable[Payout]) -> dict[str, Decimal]:
    """Return what is net, will be paid, is kept back, came back and is carried on."""
    found = list(payouts)
    return {
        "net": sum_of(found),
        "paid": sum_of(filter(is_to_be_paid, found)),
        "kept": sum_of(filter(is_kept_back, found)),
        "returned": sum_of(p for p in found if p.state == Payout.State.RETURNED),
        "carried": sum_of(p for p in found if p.amount < 0),
    }


def is_to_be_paid(payout: Payout) -> bool:
    """Say whether this run pays it, or paid it."""
    return payout.amount > 0 and not is_kept_back(payout)


def is_kept_back(payout: Payout) -> bool:
    """Say whether somebody held or rejected it."""
    return payout.state in (Payout.State.HELD, Payout.State.REJECTED)


def sum_of(payouts: Iterable[Payout]) -> Decimal:
    """Return what payouts add up to."""
    return sum((payout.amount for payout in payouts), Decimal(0))


def approved_total(run: PayoutRun) -> Decimal:
    """Return the sum of what was approved to be paid."""
    states = [Payout.State.APPROVED, *FINISHED]
    found = run.payouts.filter(state__in=states).aggregate(total=Sum("amount"))
    return found["total"] or Decimal(0)


def past_payouts(payee_ids: Iterable[int], before: PayPeriod) -> list[Payout]:
    """Return payouts that were sent or paid for earlier periods, newest first."""
    return list(
        Payout.objects.filter(
            payee_id__in=list(payee_ids),
            state__in=FINISHED,
            run__period__starts_on__lt=before.starts_on,
        )
        .select_related("run__period")
        .order_by("-run__period__starts_on", "-pk")
    )


def settled_as_one(became: Mapping[int, int]) -> dict[int, Decimal]:
    """Return by how much earlier runs paid payees as others who they are not.

    Whoever was merged is paid, and pays, through another. Once that is undone, what was
    settled so is nobody's line, and is made good by the next run; `became` says who is
    merged now. It adds up to nothing over all payees.
    """
    found: dict[int, Decimal] = defaultdict(Decimal)
    items = PayoutItem.objects.filter(
        Q(of_payee_id__isnull=False) | Q(line_id__isnull=True), live=True
    )
    for paid, owner, amount in items.values_list(
        "payout__payee_id", "of_payee_id", "amount"
    ):
        found[became.get(paid, paid)] -= amount
        if owner is not None:
            found[became.get(owner, owner)] += amount
    return found


def taken_up(items: QuerySet[PayoutItem]) -> QuerySet[PayoutItem]:
    """Return where the lines of payouts that were given up count by now."""
    return PayoutItem.objects.filter(line_id__in=items.values("line_id"), live=True)


def paid_in_year() -> Any:
    """Annotate statements with what their payee was paid in the year, and kept."""
    own = Payout.objects.filter(
        payee_id=OuterRef("payee_id"),
        state=Payout.State.PAID,
        paid_on__year=ExtractYear(OuterRef("period__ends_on")),
    )
    return _summed(own.values("payee_id"))


def paid_of_period() -> Any:
    """Annotate pay periods with what of their lines was paid, and did not come back."""
    lines = Line.objects.filter(period_id=OuterRef(OuterRef("pk"))).values("pk")
    items = PayoutItem.objects.filter(
        live=True, payout__state=Payout.State.PAID, line_id__in=lines
    )
    return _summed(items.values("live"))


def came_back() -> Any:
    """Annotate statements with the payment that came back last and was not paid since."""
    lines = Line.objects.filter(
        payee_id=OuterRef(OuterRef("payee_id")),
        period_id=OuterRef(OuterRef("period_id")),
    )
    paid_since = PayoutItem.objects.filter(
        line_id=OuterRef("line_id"), live=True, payout__state=Payout.State.PAID
    )
    back = PayoutItem.objects.filter(
        payout__payee_id=OuterRef("payee_id"),
        payout__state=Payout.State.RETURNED,
        line_id__in=lines.values("pk"),
    ).exclude(Exists(paid_since))
    sums = back.values("payout_id", "payout__reason").annotate(total=Sum("amount"))
    # Amounts travel as text: JSON's numbers are not exact.
    found = JSONObject(amount=Cast("total", CharField()), reason="payout__reason")
    return Subquery(sums.order_by("-payout_id").values(found=found)[:1])


def _summed(rows: Any) -> Any:
    total = rows.order_by().annotate(total=Sum("amount")).values("total")
    return Coalesce(Subquery(total), Decimal(0), output_field=DecimalField())


def line_states(line_ids: list[int]) -> dict[int, str]:
    """Return the state that payouts give to each of these lines, where they do."""
    states: dict[int, str] = {}
    for item in (
        PayoutItem.objects.filter(line_id__in=line_ids, live=True)
        .select_related("payout__run")
        .order_by("pk")
    ):
        states[item.line_id or 0] = _line_state(item.payout)
    open_holds = Hold.objects.filter(line_id__in=line_ids, released_at__isnull=True)
    for line_id in open_holds.values_list("line_id", flat=True):
        states[line_id] = "on_hold"
    return states


def _line_state(payout: Payout) -> str:
    if payout.state == Payout.State.PAID:
        return "paid"
    if payout.state == Payout.State.HELD:
        return "on_hold"
    if payout.state == Payout.State.CARRIED:
        return "carried"
    if payout.run.state == PayoutRun.State.IN_REVIEW:
        return "in_run"
    if payout.state in (Payout.State.APPROVED, Payout.State.SENT):
        return "approved"
    return "in_run"
