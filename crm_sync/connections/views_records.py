"""Pages of records that need a person: refused ones, and the source's people."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe

from commissions_saas.lib.errors import ProductError
from crm_sync.connections import bar, forms, matching, selectors
from crm_sync.connections.counts import counts_here
from crm_sync.connections.models import Connection, SourceUser
from crm_sync.connections.places import READS, RUNS, WRITES, connection_at
from crm_sync.connections.readers import reader_of
from crm_sync.connections.retrying import retry_refused
from crm_sync.ledger import services as ledger
from crm_sync.ledger.models import ExternalId, RefusedRecord
from crm_sync.ledger.selectors import redacted, refused_groups, refused_total
from tenants.access import MemberRequest, Role, may, requires
from tenants.frame.pagination import paginate
from tenants.frame.undo import say_with_undo
from tenants.urls_for import business_url

PEOPLE = (Role.FINANCE, Role.ADMIN, Role.AUDITOR)


@requires(*READS)
@require_safe
def refused_everywhere(request: MemberRequest) -> HttpResponse:
    """What every source's records are refused for, by the money they hold up."""
    return _refused_page(request, None)


@requires(*READS)
@require_safe
def refused(request: MemberRequest, id: int) -> HttpResponse:
    """What one source's records are refused for, by the money they hold up."""
    return _refused_page(request, connection_at(request, id))


def _refused_page(
    request: MemberRequest, connection: Connection | None
) -> HttpResponse:
    rows = RefusedRecord.objects.filter(state=RefusedRecord.State.WAITING)
    ignored = RefusedRecord.objects.filter(state=RefusedRecord.State.IGNORED)
    if connection is not None:
        rows = rows.filter(connection_id=connection.pk)
        ignored = ignored.filter(connection_id=connection.pk)
    code, detail = request.GET.get("code", ""), request.GET.get("detail", "")
    if code:
        rows = rows.filter(code=code, detail=detail)
    context: dict[str, Any] = {
        "connection": connection,
        "groups": refused_groups(connection.pk if connection else None),
        "total": refused_total(connection.pk if connection else None),
        "page": paginate(
            rows, order=("-held_up", "-id"), cursor=request.GET.get("page", "")
        ),
        "code": code,
        "ignored": list(ignored.order_by("-last_seen")[:20]),
        "entries_in": sum(
            row["entries"]
            for one in selectors.connections_of(request.business)
            for row in counts_here(one)
        ),
        "currency": request.business.currency,
        "may_handle": may(request.member, "refused.handle"),
        "may_match": may(request.member, "people.manage"),
    }
    return render(request, "connections/refused.html", context)


@requires(*READS)
@require_safe
def refused_record(request: MemberRequest, record_id: int) -> HttpResponse:
    """One refused record: its reason, the field, and what the source gave."""
    row = get_object_or_404(RefusedRecord, pk=record_id)
    context = {
        "record": row,
        "payload": redacted(row.payload),
        "form": forms.ReasonForm(),
        "connection": Connection.objects.filter(pk=row.connection_id).first(),
        "may_handle": may(request.member, "refused.handle"),
        "currency": row.currency or request.business.currency,
    }
    return render(request, "connections/refused_record.html", context)


@requires(*RUNS)
@require_POST
def retry(request: MemberRequest) -> HttpResponse:
    """Try waiting records again: all, or those of one reason."""
    code, detail = request.POST.get("code", ""), request.POST.get("detail", "")
    passed = 0
    for connection in selectors.connections_of(request.business):
        outcome = retry_refused(
            reader=reader_of(connection),
            business=request.business,
            code=code,
            detail=detail,
        )
        passed += outcome.new + outcome.changed
    bar.forget(request.business)
    left = refused_total().records
    messages.success(request, f"{passed} went in; {left} still wait.")
    return redirect(business_url(request.business, "connections:refused_everywhere"))


@requires(*RUNS)
@require_POST
def ignore(request: MemberRequest, record_id: int) -> HttpResponse:
    """Leave a refused record aside, with a reason."""
    row = get_object_or_404(RefusedRecord, pk=record_id)
    try:
        ledger.ignore_refused(
            refused=row, reason=request.POST.get("reason", ""), by=request.member
        )
    except ProductError as problem:
        messages.error(request, str(problem))
        url = business_url(request.business, "connections:refused_record", row.pk)
        return redirect(url)
    bar.forget(request.business)
    undo = business_url(request.business, "connections:undo_ignore", row.pk)
    say_with_undo(request, f"Ignored {row.name or row.external_id}.", undo)
    return redirect(business_url(request.business, "connections:refused_everywhere"))


@requires(*RUNS)
@require_POST
def undo_ignore(request: MemberRequest, record_id: int) -> HttpResponse:
    """Take an ignored record back among those that wait."""
    row = get_object_or_404(RefusedRecord, pk=record_id)
    try:
        ledger.undo_ignore(refused=row, by=request.member)
    except ProductError as problem:
        messages.error(request, str(problem))
    else:
        messages.success(request, f"{row.name or row.external_id} waits again.")
    return redirect(business_url(request.business, "connections:refused_everywhere"))


@requires(*PEOPLE)
@require_safe
def people(request: MemberRequest) -> HttpResponse:
    """Users of the sources who are nobody's payee, those who are, and payees alone."""
    people, form = selectors.people_of(request.business), forms.MatchForm()
    context = {
        "people": people,
        "unmatched": [(row, form.said_of(row.suggested)) for row in people.unmatched],
        "payees": list(form.payees),
        "currency": request.business.currency,
        "may_write": may(request.member, "payees.write"),
        "may_match": may(request.member, "people.manage"),
    }
    return render(request, "connections/people.html", context)


@requires(*WRITES)
@require_POST
def accept_matches(request: MemberRequest) -> HttpResponse:
    """Match every user whose e-mail is exactly one payee's."""
    matched = sum(
        matching.accept_exact_matches(
            connection=connection, business=request.business, by=request.member
        )
        for connection in selectors.connections_of(request.business)
    )
    messages.success(request, f"Matched {matched} by e-mail.")
    return redirect(business_url(request.business, "connections:people"))


@requires(*WRITES)
@require_POST
def new_payees(request: MemberRequest) -> HttpResponse:
    """Make payees of the users that were ticked."""
    chosen = [text for text in request.POST.getlist("user") if text.isdecimal()]
    users = SourceUser.objects.filter(
        connection__in=selectors.connections_of(request.business),
        pk__in=[int(text) for text in chosen if len(text) < 19],
    )
    made = matching.payees_from_users(
        business=request.business,
        users=list(users.select_related("connection").order_by("name", "pk")),
        by=request.member,
    )
    bar.forget(request.business)
    if made:
        s = "" if made == 1 else "s"
        messages.success(request, f"{made} payee{s} made; their deals went in.")
    else:
        messages.error(request, "Tick at least one user of the CRM.")
    return redirect(business_url(request.business, "connections:people"))


@requires(*WRITES)
@require_POST
def match(request: MemberRequest, user_id: int) -> HttpResponse:
    """Say which payee a user is, or make a payee of the user."""
    user = _user(request, user_id)
    form = forms.MatchForm(request.POST)
    try:
        if request.POST.get("new"):
            payee = matching.payee_from_user(
                connection=user.connection,
                business=request.business,
                user=user,
                by=request.member,
            )
        elif form.is_valid():
            payee = form.cleaned_data["payee"]
            matching.match_user(
                connection=user.connection,
                business=request.business,
                user=user,
                payee=payee,
                by=request.member,
            )
        else:
            messages.error(request, str(form.errors["payee"][0]))
            return redirect(business_url(request.business, "connections:people"))
    except ProductError as problem:
        messages.error(request, str(problem))
    else:
        bar.forget(request.business)
        undo = business_url(request.business, "connections:unmatch", user.pk)
        say_with_undo(request, f"{user.name} is {payee.name}.", undo)
    return redirect(business_url(request.business, "connections:people"))


@requires(*WRITES)
@require_POST
def unmatch(request: MemberRequest, user_id: int) -> HttpResponse:
    """Take a match away; entries keep the credits that they have."""
    user = _user(request, user_id)
    found = ExternalId.objects.filter(
        connection_id=user.connection_id, external_id=user.external_id
    ).first()
    if found is not None:
        ledger.unmatch_payee(match=found, by=request.member)
    messages.success(request, f"{user.name} is nobody's payee now.")
    return redirect(business_url(request.business, "connections:people"))


def _user(request: MemberRequest, user_id: int) -> SourceUser:
    users = SourceUser.objects.filter(
        connection__in=selectors.connections_of(request.business)
    )
    return get_object_or_404(users.select_related("connection"), pk=user_id)
