"""Pages of assignments and rate tables: list, detail, edit, history, CSV in and out."""

from datetime import date
from typing import TypedDict

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_POST

from commissions.calculation.words import day_words
from commissions.plans import assigning, assigning_csv, assigning_pages, errors
from commissions.plans.models import Assignment, Plan, RateTable
from commissions.plans.pages import day_of, number_of
from commissions_saas.lib.errors import ProductError
from crm_sync.ledger.downloads import table_answer
from crm_sync.ledger.models import Payee
from crm_sync.ledger.views_sheets import SheetPage, upload_sheet
from tenants.access import MemberRequest, requires
from tenants.accounts.models import Role
from tenants.urls_for import business_url

READS = (Role.FINANCE, Role.ADMIN, Role.AUDITOR)
WRITES = (Role.FINANCE, Role.ADMIN)
TABLE_WRITES = (Role.ADMIN,)


class Typed(TypedDict):
    """What a person typed about an assignment."""

    starts_on: date
    ends_on: date | None
    values: dict[str, str]


@requires(*READS)
@require_GET
def assignments(request: MemberRequest) -> HttpResponse:
    """Who is on which plan today, or all that ever held; also as a file."""
    if request.GET.get("format") == "csv":
        text = assigning_csv.assignments_file()
        return table_answer(request, text, "assignments")
    page = assigning_pages.assignments_page(request.member, request.GET)
    return render(request, "plans/assignments.html", page)


@requires(*READS)
@require_GET
def assignment(request: MemberRequest, pk: int) -> HttpResponse:
    """One assignment with its history, and what can be changed."""
    row = get_object_or_404(Assignment.objects.select_related("payee", "plan"), pk=pk)
    page = assigning_pages.assignment_page(row, request.member)
    return render(request, "plans/assignment.html", page)


@requires(*WRITES)
def assign(request: MemberRequest) -> HttpResponse:
    """Put a payee on a plan (GET asks, POST does)."""
    if request.method != "POST":
        page = assigning_pages.assign_page(request.GET)
        return render(request, "plans/assign.html", page)
    payee = get_object_or_404(Payee, pk=number_of(request.POST.get("payee", "")))
    plan = get_object_or_404(Plan, slug=request.POST.get("plan", ""))
    try:
        made = assigning.assign(
            payee=payee, plan=plan, by=request.member, **typed(request, plan)
        )
    except ProductError as problem:
        page = {**assigning_pages.assign_page(request.POST), "problem": problem}
        return render(request, "plans/assign.html", page, status=422)
    messages.success(request, f"{payee} is on {plan} from {day_words(made.starts_on)}.")
    return redirect(business_url(request.business, "plans:assignment", made.pk))


@requires(*WRITES)
@require_POST
def change(request: MemberRequest, pk: int) -> HttpResponse:
    row = get_object_or_404(Assignment.objects.select_related("payee", "plan"), pk=pk)
    try:
        made = assigning.change_assignment(
            assignment=row, by=request.member, **typed(request, row.plan)
        )
    except ProductError as problem:
        page = assigning_pages.assignment_page(row, request.member)
        page |= {"problem": problem, "typed": request.POST}
        return render(request, "plans/assignment.html", page, status=422)
    messages.success(request, f"Changed: {row.payee} on {row.plan}.")
    return redirect(business_url(request.business, "plans:assignment", made.pk))


@requires(*WRITES)
def assignments_upload(request: MemberRequest) -> HttpResponse:
    """Show what a file would change, then change it; bad rows come back with reasons."""
    here = business_url(request.business, "plans:assignments")
    sheet = SheetPage(
        title="Assignments",
        file_name="assignments",
        columns=assigning_csv.columns(),
        look_at=assigning_csv.look_at_assignments,
        file_url=f"{here}?format=csv",
        list_name="Assignments",
        list_url=here,
    )
    return upload_sheet(request, sheet)


@requires(*READS)
@require_GET
def tables(request: MemberRequest) -> HttpResponse:
    page = assigning_pages.tables_page(request.member)
    return render(request, "plans/tables.html", page)


@requires(*TABLE_WRITES)
def table_new(request: MemberRequest) -> HttpResponse:
    """Make a rate table with its first rows."""
    if request.method != "POST":
        return render(request, "plans/table_new.html", {"rows": "from,rate\n0,6%\n"})
    try:
        key = request.POST.get("key", "").strip()
        if RateTable.objects.filter(key=key).exists():
            raise errors.TableExists(key)
        made = set_typed_table(request, key, request.POST.get("name", "") or key)
    except ProductError as problem:
        page = {
            "problem": problem,
            "typed": request.POST,
            "rows": request.POST.get("rows", ""),
        }
        return render(request, "plans/table_new.html", page, status=422)
    return redirect(business_url(request.business, "plans:table", made.key))


@requires(*READS)
@require_GET
def table(request: MemberRequest, key: str) -> HttpResponse:
    """One table: the rows of today, those before and after, and a form for new ones."""
    found = get_object_or_404(RateTable, key=key)
    if request.GET.get("format") == "csv":
        return _file(f"{key}.csv", assigning_csv.table_file(found))
    page = assigning_pages.table_page(found, request.member)
    return render(request, "plans/table.html", page)


def set_typed_table(
    request: MemberRequest, key: str, name: str, kind: str = ""
) -> RateTable:
    """Set the rows that were typed, from the day that was."""
    starts_on = day_of(request.POST.get("starts_on", ""))
    if starts_on is None:
        raise ProductError("The day is not clear.", hint="Write it like 2026-12-01.")
    rows = assigning_csv.rows_of(request.POST.get("rows", ""))
    made = assigning.set_table(
        key=assigning_csv.table_key(key),
        name=name.strip(),
        starts_on=starts_on,
        rows=rows,
        reference=request.POST.get("reference", "").strip(),
        kind=kind or ("tiers" if "from" in rows[0] else "keyed"),
        by=request.member,
    )
    return made.table


def typed(request: MemberRequest, plan: Plan) -> Typed:
    """Return the days and values that were typed; the service checks the values."""
    starts_on = day_of(request.POST.get("starts_on", ""))
    if starts_on is None:
        raise ProductError("The first day is not clear.", hint="Write 2026-12-01.")
    ends = request.POST.get("ends_on", "").strip()
    ends_on = day_of(ends)
    if ends and ends_on is None:
        raise ProductError("The last day is not clear.", hint="Write 2026-12-31.")
    names = assigning.variables_of(plan)
    values = {name: request.POST.get(f"value-{name}", "") for name in names}
    return {"starts_on": starts_on, "ends_on": ends_on, "values": values}


def _file(name: str, text: str) -> HttpResponse:
    answer = HttpResponse(text, content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    answer["X-Content-Type-Options"] = "nosniff"
    return answer
