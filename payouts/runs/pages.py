"""What each payout page shows, as one literal context."""

import uuid
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import Count

from commissions.statements.models import Line, PayPeriod, Proposal, Statement
from commissions_saas.lib import clock
from commissions_saas.lib.periods import parse_period
from crm_sync.ledger.models import Entry
from payouts.exports import FORMATS
from payouts.runs import duties, errors, selectors
from payouts.runs.models import Payout, PayoutRun
from payouts.runs.services import pay
from tenants.access import Member
from tenants.accounts.models import User
from tenants.audit.services import record
from tenants.schema import current_business

STEPS = ["draft", "in_review", "approved", "exported", "paid", "closed"]
R = PayoutRun.State
S = Payout.State


def run_list_page(member: Member) -> dict[str, Any]:
    """Runs that need the reader, periods that can be prepared, and the history."""
    found = list(selectors.runs())
    _name_people(found)
    business = current_business()
    today = clock.today(business.time_zone)
    taken = [run.period_id for run in found if run.state != R.VOID]
    ended = PayPeriod.objects.filter(ends_on__lt=today).exclude(pk__in=taken)
    counts = ended.annotate(count=Count("statements")).filter(count__gt=0)
    running = PayPeriod.objects.filter(starts_on__lte=today, ends_on__gte=today)
    return {
        "runs": found,
        "needs_you": [run for run in found if _needs(run, member)],
        "ready_periods": [_labelled(p) for p in counts.order_by("starts_on")],
        "open_period": _open_period(running.first(), today),
        "may_prepare": duties.may_act(member),
        "key": str(uuid.uuid4()),
    }


def run_page(
    run: PayoutRun, member: Member, query: Mapping[str, str]
) -> dict[str, Any]:
    """A run with its exceptions first, and who may decide."""
    payouts = list(selectors.payouts_of(run))
    flagged = [p for p in payouts if selectors.is_flagged(p)]
    ready = [p for p in payouts if not selectors.is_flagged(p)]
    undecided = [p for p in ready if p.state == S.READY]
    barred = duties.why_not_approve(run, member.user_id)
    show = query.get("show", "")
    return {
        "run": run,
        "label": parse_period(run.period.slug).label,
        "steps": _steps(run),
        "totals": selectors.totals(payouts),
        "payees": len(payouts),
        "average": _own_average(run),
        "approved_total": selectors.approved_total(run),
        "checks": _checks(run, payouts),
        "flagged": flagged,
        "ready": ready,
        "ready_total": _sum(ready),
        "undecided": undecided,
        "undecided_total": _sum(undecided),
        "aside": [p for p in payouts if p.state in (S.HELD, S.REJECTED, S.CARRIED)],
        "shown": _shown(show, payouts),
        "show": show,
        "all_decided": not any(p.state == S.READY for p in payouts),
        "barred": barred,
        "may_decide": duties.may_act(member)
        and not barred
        and run.state == R.IN_REVIEW,
        "may_act": duties.may_act(member),
        "who_may": duties.who_may_approve(run),
        "limit": current_business().second_approver_above,
        "proposals": _changes_since_freeze(run),
        "files": list(run.files.order_by("-number")),
        "events": _events(run),
        "key": str(uuid.uuid4()),
    }


def payout_page(payout: Payout, member: Member) -> dict[str, Any]:
    """One payee's lines in a run, earlier payouts, and the decision."""
    items = list(payout.items.order_by("-amount", "line_id"))
    lines = Line.objects.in_bulk([item.line_id for item in items])
    entries = Entry.objects.in_bulk({line.entry_id for line in lines.values()})
    slugs = dict(PayPeriod.objects.values_list("pk", "slug"))
    rows = [
        {
            "line": lines[item.line_id],
            "amount": item.amount,
            "entry": entries.get(lines[item.line_id].entry_id),
            "period": slugs[lines[item.line_id].period_id],
        }
        for item in items
    ]
    run = payout.run
    queue = [p for p in selectors.payouts_of(run) if selectors.is_flagged(p)]
    barred = duties.why_not_approve(run, member.user_id)
    return {
        "payout": payout,
        "run": run,
        "label": parse_period(run.period.slug).label,
        "rows": rows,
        "history": selectors.past_payouts([payout.payee_id], run.period)[:6],
        "next_flagged": _after(payout, queue),
        "barred": barred,
        "may_decide": duties.may_act(member)
        and not barred
        and run.state == R.IN_REVIEW,
        "who_may": duties.who_may_approve(run),
        "events": _events(run, payout),
        "key": str(uuid.uuid4()),
    }


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
        "total": _sum(chosen),
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
        "total": _sum(approved),
        "undecided": sum(1 for p in payouts if p.state == S.READY),
        "aside": [p for p in payouts if p.state in (S.HELD, S.REJECTED, S.CARRIED)],
        "needs_two": _sum(approved) > current_business().second_approver_above,
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


def _sum(payouts: list[Payout]) -> Decimal:
    return sum((payout.amount for payout in payouts), Decimal(0))


def _needs(run: PayoutRun, member: Member) -> bool:
    if run.state == R.IN_REVIEW:
        return not duties.why_not_approve(run, member.user_id)
    return run.state in (R.APPROVED, R.EXPORTED)


def _labelled(period: PayPeriod) -> dict[str, str]:
    return {"slug": period.slug, "label": parse_period(period.slug).label}


def _open_period(period: PayPeriod | None, today: Any) -> dict[str, Any] | None:
    if period is None:
        return None
    return {**_labelled(period), "days": (period.ends_on - today).days}


def _shown(show: str, payouts: list[Payout]) -> list[Payout] | None:
    """Return the payouts behind a total that was opened."""
    picks = {
        "all": lambda p: True,
        "paid": lambda p: p.amount > 0,
        "carried": lambda p: p.amount < 0,
    }
    if show not in picks:
        return None
    return [payout for payout in payouts if picks[show](payout)]


def _steps(run: PayoutRun) -> list[dict[str, Any]]:
    if run.state == R.VOID:
        return [{"text": "Void", "here": True}]
    at = STEPS.index(run.state)
    return [
        {
            "text": step.replace("_", " ").capitalize(),
            "done": i < at,
            "here": i == at,
        }
        for i, step in enumerate(STEPS)
    ]


def _own_average(run: PayoutRun) -> dict[str, Any] | None:
    """Return the mean total of up to six runs before, and the change against it."""
    earlier = PayoutRun.objects.exclude(state=R.VOID).filter(
        period__starts_on__lt=run.period.starts_on
    )
    totals = list(
        earlier.order_by("-period__starts_on").values_list("total", flat=True)[:6]
    )
    if not totals:
        return None
    mean = (sum(totals, Decimal(0)) / len(totals)).quantize(Decimal("0.01"))
    change = (run.total - mean) / mean if mean else None
    return {"mean": mean, "change": change, "runs": len(totals)}


def _checks(run: PayoutRun, payouts: list[Payout]) -> list[dict[str, Any]]:
    """Return what was verified, green ones too."""
    failed = Statement.objects.filter(period=run.period, failures__gt=0).count()
    moved = _changes_since_freeze(run)
    codes = [flag["code"] for p in payouts for flag in p.flags]
    found = [
        ("Every statement was calculated", failed, "bad"),
        ("No payee is below zero", codes.count("negative"), "warn"),
        ("No swing without a reason", _unexplained_swings(payouts), "warn"),
        ("No possible duplicate", codes.count("duplicate"), "warn"),
        ("No bank details changed lately", codes.count("bank"), "warn"),
        ("No large manual adjustment", codes.count("adjustment"), "warn"),
        ("Nothing changed after the freeze", len(moved), "warn"),
    ]
    return [
        {"text": text, "count": count, "tone": tone if count else "good"}
        for text, count, tone in found
    ]


def _unexplained_swings(payouts: list[Payout]) -> int:
    swings = ("swing", "flag")
    return sum(
        1 for p in payouts if any((f["code"], f["severity"]) == swings for f in p.flags)
    )


def _changes_since_freeze(run: PayoutRun) -> list[Proposal]:
    """Return what came after the run was prepared: frozen, current, difference."""
    waiting = [Proposal.State.WAITING, Proposal.State.POSTED]
    return list(
        Proposal.objects.filter(
            period=run.period, change_number__gt=run.change, state__in=waiting
        )
        .select_related("payee")
        .order_by("payee__name", "pk")
    )


def _events(run: PayoutRun, payout: Payout | None = None) -> list[dict[str, Any]]:
    found = run.events.select_related("payout__payee").order_by("-pk")
    if payout is not None:
        found = found.filter(payout=payout)
    events = list(found[:50])
    names = User.objects.in_bulk({e.by_id for e in events if e.by_id})
    return [
        {
            "at": event.at,
            "what": event.kind.replace("_", " "),
            "payee": event.payout.payee if event.payout else None,
            "by": names.get(event.by_id or 0, "the product"),
            "total": event.total,
            "note": event.note,
        }
        for event in events
    ]


def _name_people(runs: list[PayoutRun]) -> None:
    """Put the names of preparer and approver on each run, in one query."""
    ids = {run.prepared_by_id for run in runs} | {run.approved_by_id for run in runs}
    names = User.objects.in_bulk({pk for pk in ids if pk})
    for run in runs:
        run.prepared_by = names.get(run.prepared_by_id or 0)  # type: ignore[attr-defined]
        run.approved_by = names.get(run.approved_by_id or 0)  # type: ignore[attr-defined]


def _after(payout: Payout, queue: list[Payout]) -> Payout | None:
    ids = [p.pk for p in queue]
    if payout.pk not in ids:
        return queue[0] if queue else None
    at = ids.index(payout.pk)
    return queue[at + 1] if at + 1 < len(queue) else None
