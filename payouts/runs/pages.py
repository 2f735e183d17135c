"""What the pages around a run show, as one literal context each."""

import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from django.db import transaction
from django.db.models import Count

from commissions.statements.models import Line, PayPeriod
from commissions_saas.lib import clock
from commissions_saas.lib.periods import parse_period
from crm_sync.ledger.models import Entry, Payee
from payouts.exports import FORMATS
from payouts.runs import duties, errors, selectors
from payouts.runs.models import Payout, PayoutItem, PayoutRun
from payouts.runs.services import pay
from tenants.access import Member, may
from tenants.accounts.models import User
from tenants.audit.services import record
from tenants.frame.pagination import paginate, paginate_list
from tenants.schema import current_business

R = PayoutRun.State
S = Payout.State


def run_list_page(member: Member, query: Mapping[str, str]) -> dict[str, Any]:
    """Runs that need the reader, periods that can be prepared, and the history."""
    live = list(
        selectors.runs().filter(state__in=[R.IN_REVIEW, R.APPROVED, R.EXPORTED])
    )
    page = paginate(selectors.runs(), order=("-number",), cursor=query.get("page", ""))
    _name_people(list(page.rows))
    business = current_business()
    today = clock.today(business.time_zone)
    taken = PayoutRun.objects.exclude(state=R.VOID).values("period_id")
    ended = PayPeriod.objects.filter(ends_on__lt=today).exclude(pk__in=taken)
    counts = ended.annotate(count=Count("statements")).filter(count__gt=0)
    running = PayPeriod.objects.filter(starts_on__lte=today, ends_on__gte=today)
    return {
        "page": page,
        "needs_you": [_labelled_run(run) for run in live if _needs(run, member)],
        "ready_periods": [_labelled(p) for p in counts.order_by("starts_on")],
        "open_period": _open_period(running.first(), today),
        "may_prepare": may(member, "runs.create"),
        "key": str(uuid.uuid4()),
    }


def payout_page(
    payout: Payout, member: Member, query: Mapping[str, str]
) -> dict[str, Any]:
    """One payee's lines in a run, earlier payouts, and the decision."""
    run = payout.run
    in_review = run.state == R.IN_REVIEW
    acts = duties.may_act(member)
    hands = duties.duties_of(run) if in_review else None
    barred = hands.why_not(member.user_id) if hands and acts else ""
    queue = [p for p in selectors.payouts_of(run) if selectors.is_flagged(p)]
    before, after = _neighbours(payout, queue)
    past = selectors.past_payouts([payout.payee_id], run.period)[:6]
    items = payout.items.order_by("-amount", "line_id")
    page = paginate_list(list(items), cursor=query.get("page", ""))
    return {
        "payout": payout,
        "run": run,
        "label": parse_period(run.period.slug).label,
        "change": payout.change,
        "page": page,
        "rows": _rows(page.rows),
        "history": [(p, parse_period(p.run.period.slug).label) for p in past],
        "previous_flagged": before,
        "next_flagged": after,
        "barred": barred,
        "may_decide": acts and in_review and not barred,
        "may_return": may(member, "runs.export"),
        "taken_up": _taken_up(payout),
        "who_may": hands.who_may if hands else [],
        "events": selectors.events_of(run, payout),
        "key": str(uuid.uuid4()),
    }


def _taken_up(payout: Payout) -> Payout | None:
    """Return the payout of a later run that makes a returned payment again."""
    if payout.state != S.RETURNED:
        return None
    item = selectors.taken_up(payout.items.all()).select_related("payout__run").first()
    return item.payout if item else None


def _rows(items: Sequence[PayoutItem]) -> list[dict[str, Any]]:
    """Return payout items with their lines, deals and periods."""
    lines = Line.objects.in_bulk([item.line_id for item in items if item.line_id])
    entries = Entry.objects.in_bulk({line.entry_id for line in lines.values()})
    wanted = {line.period_id for line in lines.values()}
    slugs = dict(PayPeriod.objects.filter(pk__in=wanted).values_list("pk", "slug"))
    others = {item.of_payee_id for item in items if item.of_payee_id}
    names = dict(Payee.objects.filter(pk__in=others).values_list("pk", "name"))
    found: list[dict[str, Any]] = []
    for item in items:
        line = lines.get(item.line_id or 0)
        row: dict[str, Any] = {"line": line, "amount": item.amount}
        if line is not None:
            row["merged"] = names.get(item.of_payee_id or 0, "")
            row["entry"] = entries.get(line.entry_id)
            row["period"] = slugs[line.period_id]
            row["label"] = parse_period(slugs[line.period_id]).label
        if line is not None or item.line_id is None:
            found.append(row)
    return found


def approve_page(run: PayoutRun, member: Member, query: Any) -> dict[str, Any]:
    """What is about to be approved: the payees, and their exact sum."""
    given = (pk for pk in query.getlist("payouts") if len(pk) < 19)
    wanted = [int(pk) for pk in given if pk.isdecimal()]
    undecided = selectors.payouts_of(run).filter(state=S.READY)
    chosen = [p for p in undecided if p.pk in wanted] if wanted else []
    if query.get("all") == "ready":
        chosen = [p for p in undecided if not selectors.is_flagged(p)]
    return {
        "run": run,
        "label": parse_period(run.period.slug).label,
        "chosen": chosen,
        "total": selectors.sum_of(chosen),
        "barred": duties.why_not_approve(run, member.user_id),
        "who_may": duties.who_may_approve(run),
        "key": str(uuid.uuid4()),
    }


def sign_page(run: PayoutRun, member: Member) -> dict[str, Any]:
    """What a signature stands for."""
    payouts = list(selectors.payouts_of(run))
    approved = [p for p in payouts if p.state == S.APPROVED]
    return {
        "run": run,
        "label": parse_period(run.period.slug).label,
        "approved": approved,
        "total": selectors.sum_of(approved),
        "undecided": sum(1 for p in payouts if p.state == S.READY),
        "aside": [p for p in payouts if p.state in (S.HELD, S.REJECTED, S.CARRIED)],
        "needs_two": selectors.sum_of(approved)
        > current_business().second_approver_above,
        "barred": duties.why_not_approve(run, member.user_id),
        "who_may": duties.who_may_approve(run),
        "key": str(uuid.uuid4()),
    }


def export_page(run: PayoutRun, member: Member, format_name: str) -> dict[str, Any]:
    """What the file would hold, and whether it equals what was approved."""
    allowed = run.state in (R.APPROVED, R.EXPORTED)
    file, problem = None, ""
    if allowed:
        try:
            file = pay.preview_file(run=run, format_name=format_name)
        except errors.PayoutError as found:
            problem = str(found)
    left_out = selectors.payouts_of(run).exclude(state__in=[S.APPROVED, S.SENT, S.PAID])
    return {
        "run": run,
        "label": parse_period(run.period.slug).label,
        "formats": [(name, label) for name, (label, _) in FORMATS.items()],
        "format": format_name,
        "file": file,
        "problem": problem,
        "allowed": allowed,
        "total": selectors.approved_total(run),
        "first_rows": file.content.decode().splitlines()[:6] if file else [],
        "left_out": list(left_out),
        "again": run.state == R.EXPORTED,
        "files": list(run.files.order_by("-number")),
        "key": str(uuid.uuid4()),
    }


def paid_page(run: PayoutRun, member: Member) -> dict[str, Any]:
    """How many payouts would be marked, and their sum."""
    sent = list(selectors.payouts_of(run).filter(state=S.SENT))
    return {
        "run": run,
        "label": parse_period(run.period.slug).label,
        "sent": sent,
        "total": selectors.approved_total(run),
        "today": clock.today(current_business().time_zone),
        "key": str(uuid.uuid4()),
    }


def note_refusal(run: PayoutRun, member: Member, why: str) -> None:
    """Put an attempt that the separation of duties stopped into the trail."""
    with transaction.atomic():
        record(
            action="runs.run.refused",
            object_kind="payout_run",
            object_id=str(run.pk),
            object_name=f"Run {run.number} of {run.period.slug}",
            after={"why": why},
            by=member,
        )


def _needs(run: PayoutRun, member: Member) -> bool:
    if not duties.may_act(member):
        return False
    if run.state == R.IN_REVIEW:
        return not duties.why_not_approve(run, member.user_id)
    return run.state in (R.APPROVED, R.EXPORTED)


def _labelled(period: PayPeriod) -> dict[str, str]:
    return {"slug": period.slug, "label": parse_period(period.slug).label}


def _open_period(period: PayPeriod | None, today: Any) -> dict[str, Any] | None:
    if period is None:
        return None
    return {**_labelled(period), "days": (period.ends_on - today).days}


def _labelled_run(run: PayoutRun) -> dict[str, Any]:
    return {"run": run, "label": parse_period(run.period.slug).label}


def _name_people(runs: list[PayoutRun]) -> None:
    """Put the names of preparer and approver on each run, in one query."""
    ids = {run.prepared_by_id for run in runs} | {run.approved_by_id for run in runs}
    names = User.objects.in_bulk({pk for pk in ids if pk})
    for run in runs:
        run.label = parse_period(run.period.slug).label  # type: ignore[attr-defined]
        run.prepared_by = names.get(run.prepared_by_id or 0)  # type: ignore[attr-defined]
        run.approved_by = names.get(run.approved_by_id or 0)  # type: ignore[attr-defined]


def _neighbours(
    payout: Payout, queue: list[Payout]
) -> tuple[Payout | None, Payout | None]:
    """Return the flagged payees before and after this one, in the order of the run."""
    ids = [p.pk for p in queue]
    if payout.pk not in ids:
        return None, queue[0] if queue else None
    at = ids.index(payout.pk)
    after = queue[at + 1] if at + 1 < len(queue) else None
    return queue[at - 1] if at else None, after
