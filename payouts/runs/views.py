"""Pages of payout runs; each verb is one service call."""

from collections.abc import Callable

from django.contrib import messages
from django.db.models import Q
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_POST

from commissions.statements.models import PayPeriod
from commissions_saas.lib.errors import ProductError
from payouts.exports import FORMATS
from payouts.runs import duties, errors, forms, pages, selectors
from payouts.runs.idempotency import once
from payouts.runs.models import ExportFile, Payout, PayoutRun
from payouts.runs.run_page import run_page
from payouts.runs.services import decide, pay, prepare
from tenants.access import MemberRequest, requires
from tenants.accounts.models import Role
from tenants.frame.undo import say_with_undo
from tenants.urls_for import business_url

READS = (Role.FINANCE, Role.ADMIN, Role.AUDITOR)
PREPARES = (Role.FINANCE,)
DECIDES = (Role.FINANCE, Role.ADMIN)


@requires(*READS)
@require_GET
def run_list(request: MemberRequest) -> HttpResponse:
    """Every run, what needs the reader, and which period comes next."""
    page = pages.run_list_page(request.member, request.GET)
    return render(request, "runs/runs.html", page)


@requires(*READS)
@require_GET
def run(request: MemberRequest, number: int) -> HttpResponse:
    """One run: totals, checks, exceptions first, the rest in one click."""
    found = get_object_or_404(selectors.runs_to_show(), number=number)
    page = run_page(found, request.member, request.GET)
    return render(request, "runs/run.html", page)


@requires(*READS)
@require_GET
def payout(request: MemberRequest, number: int, payee_id: int) -> HttpResponse:
    """One payee in a run: what is paid, from which lines, and why it is flagged."""
    page = pages.payout_page(_payout(number, payee_id), request.member, request.GET)
    return render(request, "runs/payout.html", page)


@requires(*PREPARES)
@require_POST
@once
def prepare_run(request: MemberRequest) -> HttpResponse:
    period = PayPeriod.objects.filter(slug=request.POST.get("period", "")).first()
    try:
        if period is None:
            raise errors.NoSuchPeriod
        made = prepare.prepare_run(period=period, by=request.member)
    except ProductError as problem:
        messages.error(request, str(problem))
        return redirect(business_url(request.business, "runs:runs"))
    messages.success(request, f"Run {made.number} is prepared and waits for approval.")
    return _to_run(request, made)


@requires(*PREPARES)
@require_POST
@once
def refreeze(request: MemberRequest, number: int) -> HttpResponse:
    found = _run(number)

    def do() -> str:
        again = prepare.refreeze(run=found, by=request.member)
        return f"Run {again.number} replaces run {number}; nothing in it is decided."

    _act(request, do)
    newest = PayoutRun.objects.filter(period=found.period).latest("number")
    return _to_run(request, newest)


@requires(*DECIDES)
def approve(request: MemberRequest, number: int) -> HttpResponse:
    """Ask before approving payees (GET with them chosen), then approve them (POST)."""
    found = _run(number)
    if request.method == "POST":
        return _approve(request, number=number)
    page = pages.approve_page(found, request.member, request.GET)
    return render(request, "runs/run_approve.html", page)


@once
def _approve(request: MemberRequest, *, number: int) -> HttpResponse:
    found = _run(number)
    undecided = found.payouts.values_list("pk", flat=True)
    form = forms.ApproveForm(request.POST, choices=list(undecided))
    if not form.is_valid():
        return _refused(request, forms.first_problem(form), found, status=422)

    def do() -> str:
        count = decide.approve_payouts(
            run=found,
            payout_ids=form.cleaned_data["payouts"],
            seen_version=form.cleaned_data["seen_version"],
            seen_total=form.cleaned_data["seen_total"],
            by=request.member,
        )
        return f"Approved {count} payee{'' if count == 1 else 's'}."

    return _money_act(request, found, do)


@requires(*DECIDES)
@require_POST
@once
def hold(request: MemberRequest, number: int, payee_id: int) -> HttpResponse:
    held = _payout(number, payee_id)
    reason = request.POST.get("reason", "")

    def do() -> str:
        decide.hold_payout(payout=held, reason=reason, by=request.member)
        return f"Held {held.payee}; the amount is in the next run."

    return _money_act(request, held.run, do, undo=held)


@requires(*DECIDES)
@require_POST
@once
def reject(request: MemberRequest, number: int, payee_id: int) -> HttpResponse:
    rejected = _payout(number, payee_id)
    form = forms.ReasonForm(request.POST)
    if not form.is_valid():
        messages.error(request, forms.first_problem(form))
        return _to_payout(request, rejected)

    def do() -> str:
        reason = form.cleaned_data["reason"]
        decide.reject_payout(payout=rejected, reason=reason, by=request.member)
        return f"Rejected {rejected.payee}; the preparer sees your reason."

    return _money_act(request, rejected.run, do, undo=rejected)


@requires(*DECIDES)
@require_POST
@once
def undo(request: MemberRequest, number: int, payee_id: int) -> HttpResponse:
    decided = _payout(number, payee_id)

    def do() -> str:
        decide.undo_decision(payout=decided, by=request.member)
        return f"{decided.payee} is undecided again."

    _act(request, do)
    return _to_run(request, decided.run)


@requires(*DECIDES)
def sign(request: MemberRequest, number: int) -> HttpResponse:
    """Confirm a run as a whole: what it pays, to how many, and how to take it back."""
    if request.method == "POST":
        return _sign(request, number=number)
    page = pages.sign_page(_run(number), request.member)
    return render(request, "runs/run_sign.html", page)


@once
def _sign(request: MemberRequest, *, number: int) -> HttpResponse:
    found = _run(number)
    form = forms.SeenForm(request.POST)
    if not form.is_valid():
        return _refused(request, forms.first_problem(form), found, status=422)

    def do() -> str:
        signed = decide.sign_run(run=found, by=request.member, **form.cleaned_data)
        if signed.state == PayoutRun.State.APPROVED:
            return f"Run {number} is approved. It can be recalled until it is exported."
        return f"Your signature is on run {number}; a second approver must sign too."

    return _money_act(request, found, do)


@requires(*DECIDES)
@require_POST
@once
def recall(request: MemberRequest, number: int) -> HttpResponse:
    found = _run(number)

    def do() -> str:
        decide.recall_run(run=found, by=request.member)
        return f"Run {number} is back in review."

    _act(request, do)
    return _to_run(request, found)


@requires(*PREPARES)
def export(request: MemberRequest, number: int) -> HttpResponse:
    """Show what a file would hold (GET), then make it (POST)."""
    if request.method == "POST":
        return _export(request, number=number)
    chosen = request.GET.get("format") or next(iter(FORMATS))
    page = pages.export_page(_run(number), request.member, chosen)
    return render(request, "runs/run_export.html", page)


@once
def _export(request: MemberRequest, *, number: int) -> HttpResponse:
    found = _run(number)
    form = forms.ExportForm(request.POST)
    if not form.is_valid():
        return _refused(request, forms.first_problem(form), found, status=422)

    def do() -> str:
        file = pay.export_run(
            run=found,
            format_name=form.cleaned_data["format"],
            seen_total=form.cleaned_data["seen_total"],
            reason=form.cleaned_data["reason"],
            by=request.member,
        )
        return f"File {file.number} is ready: {file.rows} payees."

    return _money_act(request, found, do)


@requires(*READS)
@require_GET
def file(request: MemberRequest, number: int, file_number: int) -> HttpResponse:
    """Give a file as an attachment, the same bytes each time; never a void one."""
    found = get_object_or_404(
        ExportFile, run__number=number, number=file_number, void=False
    )
    answer = HttpResponse(bytes(found.content), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{found.name}"'
    answer["Content-Security-Policy"] = "sandbox; default-src 'none'"
    answer["X-Content-Type-Options"] = "nosniff"
    return answer


@requires(*PREPARES)
def paid(request: MemberRequest, number: int) -> HttpResponse:
    """Ask for the day and the reference (GET), then mark the run as paid (POST)."""
    if request.method == "POST":
        return _paid(request, number=number)
    page = pages.paid_page(_run(number), request.member)
    return render(request, "runs/run_paid.html", page)


@once
def _paid(request: MemberRequest, *, number: int) -> HttpResponse:
    found = _run(number)
    form = forms.PaidForm(request.POST)
    if not form.is_valid():
        return _refused(request, forms.first_problem(form), found, status=422)

    def do() -> str:
        pay.mark_run_paid(run=found, by=request.member, **form.cleaned_data)
        return f"Run {number} is marked as paid."

    return _money_act(request, found, do)


@requires(*PREPARES)
@require_POST
@once
def returned(request: MemberRequest, number: int, payee_id: int) -> HttpResponse:
    sent_back = _payout(number, payee_id)
    form = forms.ReasonForm(request.POST)
    if not form.is_valid():
        messages.error(request, forms.first_problem(form))
        return _to_payout(request, sent_back)

    def do() -> str:
        reason = form.cleaned_data["reason"]
        pay.mark_returned(payout=sent_back, reason=reason, by=request.member)
        return f"{sent_back.payee}: returned, and payable again."

    _act(request, do)
    return _to_run(request, sent_back.run)


@requires(*PREPARES)
@require_POST
@once
def arrived(request: MemberRequest, number: int, payee_id: int) -> HttpResponse:
    """Take back that a payment came back."""
    found = _payout(number, payee_id)

    def do() -> str:
        pay.undo_returned(payout=found, by=request.member)
        return f"{found.payee}: paid, as before."

    _act(request, do)
    return _to_payout(request, found)


def _run(number: int) -> PayoutRun:
    runs = PayoutRun.objects.select_related("period")
    return get_object_or_404(runs, number=number)


def _payout(number: int, payee_id: int) -> Payout:
    found = Payout.objects.select_related("run__period", "payee").filter(
        Q(run__number=number), payee_id=payee_id
    )
    first = found.first()
    if first is None:
        raise Http404
    return first


def _act(request: MemberRequest, do: Callable[[], str]) -> None:
    """Do it and say so, or say why not."""
    try:
        messages.success(request, do())
    except ProductError as problem:
        messages.error(request, str(problem))


def _money_act(
    request: MemberRequest,
    found: PayoutRun,
    do: Callable[[], str],
    undo: Payout | None = None,
) -> HttpResponse:
    """Do it and go back to the run; refuse on a page of its own where it cannot be."""
    try:
        words = do()
    except errors.NeedsSecondPerson as problem:
        pages.note_refusal(found, request.member, str(problem))
        return _refused(request, problem, found, status=403)
    except ProductError as problem:
        return _refused(request, problem, found, status=409)
    if undo is None:
        messages.success(request, words)
    else:
        again = (found.number, undo.payee_id)
        url = business_url(request.business, "runs:undo", *again)
        say_with_undo(request, words, url)
    return _to_run(request, found)


def _refused(
    request: MemberRequest, problem: object, found: PayoutRun, *, status: int
) -> HttpResponse:
    page = {"problem": problem, "run": found, "who_may": duties.who_may_approve(found)}
    return render(request, "runs/refused.html", page, status=status)


def _to_run(request: MemberRequest, found: PayoutRun) -> HttpResponse:
    return redirect(business_url(request.business, "runs:run", found.number))


def _to_payout(request: MemberRequest, found: Payout) -> HttpResponse:
    return redirect(
        business_url(request.business, "runs:payout", found.run.number, found.payee_id)
    )
