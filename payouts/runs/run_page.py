"""What the page of a run shows: its exceptions first, then everything it holds."""

import uuid
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from commissions.statements.models import Proposal
from commissions_saas.lib import clock
from commissions_saas.lib.periods import parse_period
from payouts.runs import duties, selectors
from payouts.runs.models import ExportFile, Payout, PayoutRun
from tenants.access import Member
from tenants.frame.pagination import paginate_list
from tenants.frame.sorting import Sort, read_sort
from tenants.schema import current_business

STEPS = ["draft", "in_review", "approved", "exported", "paid", "closed"]
R = PayoutRun.State
S = Payout.State
CARDS = 9  # flagged payees with a card of their own; all of them are one click away
COLUMNS = {"name": ["name"], "amount": ["amount"], "change": ["change"]}

# What a figure of the page opens: its words, and the payouts behind it.
Pick = tuple[str, Callable[[Payout], bool]]
PICKS: Mapping[str, Pick] = {
    "all": ("Net", lambda p: True),
    "paid": ("Will be paid", selectors.is_to_be_paid),
    "kept": ("Held and rejected", selectors.is_kept_back),
    "returned": ("Came back", lambda p: p.state == S.RETURNED),
    "carried": ("Carried forward", lambda p: p.amount < 0),
    "flagged": ("Flagged", selectors.is_flagged),
    "negative": ("Below zero", lambda p: _has(p, "negative")),
    "swing": ("Swing without a reason", lambda p: _has(p, "swing", "flag")),
    "first": ("First payment", lambda p: _has(p, "first")),
    "duplicate": ("Possible duplicate", lambda p: _has(p, "duplicate")),
    "bank": ("Bank details changed lately", lambda p: _has(p, "bank")),
    "adjustment": ("Large manual adjustment", lambda p: _has(p, "adjustment")),
}
CHECKS = {
    "negative": "No payee is below zero",
    "swing": "No swing without a reason",
    "first": "No first payment",
    "duplicate": "No possible duplicate",
    "bank": "No bank details changed lately",
    "adjustment": "No large manual adjustment",
}


def run_page(run: Any, member: Member, query: Mapping[str, str]) -> dict[str, Any]:
    """A run with its exceptions first, and who may decide.

    `run` comes from `selectors.runs_to_show`, which brings what its checks need.
    """
    payouts = list(selectors.payouts_of(run))
    flagged = [p for p in payouts if selectors.is_flagged(p)]
    ready = [p for p in payouts if not selectors.is_flagged(p)]
    undecided = [p for p in ready if p.state == S.READY]
    moved = _changes_since_freeze(run)
    events = selectors.events_of(run)
    sort = read_sort(query.get("sort", ""), columns=COLUMNS, default="name")
    return {
        **_who_decides(run, member),
        "run": run,
        "label": parse_period(run.period.slug).label,
        "days": (run.period.pays_on - clock.today(current_business().time_zone)).days,
        "steps": _steps(run, events),
        "prepared_by": _who_prepared(events),
        "totals": selectors.totals(payouts),
        "payees": len(payouts),
        "average": _own_average(run),
        "checks": _checks(run, payouts, moved),
        "flagged": flagged[:CARDS],
        "flagged_count": len(flagged),
        "ready": ready,
        "ready_total": selectors.sum_of(ready),
        "page": paginate_list(_sorted(ready, sort), cursor=query.get("page", "")),
        "sort": sort,
        "undecided": undecided,
        "undecided_total": selectors.sum_of(undecided),
        "aside": [p for p in payouts if p.state in (S.HELD, S.REJECTED, S.CARRIED)],
        "shown": _shown(query, payouts),
        "all_decided": not any(p.state == S.READY for p in payouts),
        "limit": current_business().second_approver_above,
        "proposals": moved,
        "files": _files(run),
        "events": events,
        "key": str(uuid.uuid4()),
    }


def _who_decides(run: PayoutRun, member: Member) -> dict[str, Any]:
    """Return why the member may not decide, who may, and who signed first."""
    acts = duties.may_act(member)
    if run.state != R.IN_REVIEW:
        return {"may_act": acts, "may_decide": False, "barred": "", "who_may": []}
    hands = duties.duties_of(run, named=filter(None, [run.approved_by_id]))
    barred = hands.why_not(member.user_id) if acts else ""
    return {
        "may_act": acts,
        "may_decide": acts and not barred,
        "barred": barred,
        "who_may": hands.who_may,
        "signed_first": hands.people.get(run.approved_by_id or 0),
    }


def _has(payout: Payout, code: str, severity: str = "") -> bool:
    return any(
        flag["code"] == code and severity in ("", flag["severity"])
        for flag in payout.flags
    )


def _sorted(payouts: list[Payout], sort: Sort) -> list[Payout]:
    """Return payouts by name, amount or change against their average."""
    keys: dict[str, Callable[[Any], Any]] = {
        "name": lambda p: (p.payee.name, p.pk),
        "amount": lambda p: (p.amount, p.pk),
        "change": lambda p: (p.change is not None, p.change or 0, p.pk),
    }
    return sorted(payouts, key=keys[sort.column], reverse=sort.descending)


def _shown(query: Mapping[str, str], payouts: list[Payout]) -> dict[str, Any] | None:
    """Return the payouts behind a figure that was opened, with their sum."""
    picked = PICKS.get(query.get("show", ""))
    if picked is None:
        return None
    words, belongs = picked
    found = [payout for payout in payouts if belongs(payout)]
    page = paginate_list(found, cursor=query.get("rows", ""))
    return {"words": words, "total": selectors.sum_of(found), "page": page}


def _steps(run: PayoutRun, events: Sequence[Any]) -> list[dict[str, Any]]:
    """Return where the run stands, with who took it to each step."""
    if run.state == R.VOID:
        return [{"text": "Void", "here": True}]
    by = {event.kind: event.by_name or "the product" for event in reversed(events)}
    at = STEPS.index(run.state)
    steps = []
    for i, step in enumerate(STEPS):
        note = f"by {by[step]}" if i <= at and step in by else ""
        text = step.replace("_", " ").capitalize()
        steps.append({"text": text, "done": i < at, "here": i == at, "note": note})
    return steps


def _who_prepared(events: Sequence[Any]) -> str:
    names = [event.by_name for event in events if event.kind == "prepared"]
    return str(names[0]) if names and names[0] else "the product"


def _own_average(run: Any) -> dict[str, Any] | None:
    """Return the mean total of up to six runs before, and the change against it."""
    totals: list[Decimal] = run.past
    if not totals:
        return None
    mean = (sum(totals, Decimal(0)) / len(totals)).quantize(Decimal("0.01"))
    change = (run.total - mean) / mean if mean else None
    return {"mean": mean, "change": change, "runs": len(totals)}


def _checks(
    run: Any, payouts: list[Payout], moved: list[Proposal]
) -> list[dict[str, Any]]:
    """Return what was verified, green ones too; a finding opens its payees."""
    checks = [_check("Every statement was calculated", run.failed or 0, tone="bad")]
    for name, text in CHECKS.items():
        found = [payout for payout in payouts if PICKS[name][1](payout)]
        url = f"?show={name}#shown" if found else ""
        check = _check(text, len(found), url, selectors.sum_of(found))
        checks.append(check)
    url = "#since" if moved else ""
    checks.append(_check("Nothing changed after the freeze", len(moved), url))
    return checks


def _check(
    text: str,
    count: int,
    url: str = "",
    amount: Decimal | None = None,
    tone: str = "warn",
) -> dict[str, Any]:
    shapes = {"warn": "is-warn", "bad": "is-cross"}
    look = f"{shapes[tone]} tone-{tone}" if count else "is-check tone-good"
    return {"text": text, "count": count, "look": look, "url": url, "amount": amount}


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


def _files(run: PayoutRun) -> list[ExportFile]:
    """Return a run's files, newest first, without what is in them."""
    if run.exported_at is None:
        return []
    return list(run.files.defer("content").order_by("-number"))
