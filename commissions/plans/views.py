"""Pages of plans: read them, edit the draft as form or file, check, publish."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_POST

from commissions.plans import errors, pages, services
from commissions.plans.document import InvalidPlan, PlanDocument
from commissions.plans.form_door import document_from_form
from commissions.plans.formula_names import every_name
from commissions.plans.models import Plan, PlanVersion
from commissions.plans.places import in_file
from commissions.plans.templates_page import new_page
from commissions.plans.yaml_form import plan_from_yaml, plan_to_yaml
from commissions_saas.lib.errors import ProductError
from tenants.access import MemberRequest, requires
from tenants.accounts.models import Role
from tenants.urls_for import business_url

READS = (Role.FINANCE, Role.ADMIN, Role.AUDITOR)
WRITES = (Role.ADMIN,)


@requires(*READS)
@require_GET
def plan_list(request: MemberRequest) -> HttpResponse:
    """Every plan: what is in force, what is drafted, who is on it."""
    return render(request, "plans/plans.html", pages.plan_list_page(request.member))


@requires(*WRITES)
def plan_new(request: MemberRequest) -> HttpResponse:
    """Start a plan from a template or from a file."""
    if request.method != "POST":
        return render(request, "plans/plan_new.html", new_page(request.GET))
    text = request.POST.get("text", "")
    try:
        draft = services.create_plan(document=plan_from_yaml(text), by=request.member)
    except ProductError as problem:
        if isinstance(problem, InvalidPlan):
            problem = InvalidPlan(in_file(problem.problems, text))
        page = {**new_page(request.GET, text), "problem": problem}
        return render(request, "plans/plan_new.html", page, status=422)
    messages.success(request, f"{draft.plan} is drafted; it pays nobody yet.")
    return redirect(business_url(request.business, "plans:draft", draft.plan.slug))


@requires(*READS)
@require_GET
def plan(request: MemberRequest, slug: str) -> HttpResponse:
    """One plan in words, with its examples, its versions and who is on it."""
    found = get_object_or_404(Plan, slug=slug)
    page = pages.plan_page(found, request.member)
    return render(request, "plans/plan.html", page)


@requires(*READS)
@require_GET
def version(request: MemberRequest, slug: str, number: int) -> HttpResponse:
    """One version, and what it changed against the one before."""
    page = pages.version_page(_version(slug, number), request.member)
    return render(request, "plans/version.html", page)


@requires(*READS)
@require_GET
def versions(
    request: MemberRequest, slug: str, before: int, number: int
) -> HttpResponse:
    """What is different between any two versions."""
    page = pages.version_page(
        _version(slug, number), request.member, _version(slug, before)
    )
    return render(request, "plans/version.html", page)


@requires(*WRITES)
@require_POST
def revert(request: MemberRequest, slug: str, number: int) -> HttpResponse:
    """Start a draft that says what an older version said."""
    found = _version(slug, number)
    try:
        services.revert_to(version=found, by=request.member)
    except ProductError as problem:
        messages.error(request, str(problem))
        return redirect(business_url(request.business, "plans:plan", slug))
    messages.success(
        request, f"The draft says what v{number} said; edit or publish it."
    )
    return redirect(business_url(request.business, "plans:draft", slug))


@requires(*READS)
@require_GET
def version_file(request: MemberRequest, slug: str, number: int) -> HttpResponse:
    """Give a version as the YAML file that makes the same version again."""
    found = _version(slug, number)
    text = plan_to_yaml(services.document_of(found))
    answer = HttpResponse(text, content_type="application/yaml; charset=utf-8")
    name = f"{slug}-v{number}.yaml"
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    answer["X-Content-Type-Options"] = "nosniff"
    return answer


@requires(*WRITES)
@require_POST
def draft_start(request: MemberRequest, slug: str) -> HttpResponse:
    found = get_object_or_404(Plan, slug=slug)
    services.start_draft(plan=found, by=request.member)
    return redirect(business_url(request.business, "plans:draft", slug))


@requires(*WRITES)
def draft(request: MemberRequest, slug: str) -> HttpResponse:
    """Edit the draft: as a form (GET), as a file (?as=yaml), check it, save it."""
    found = _draft(slug)
    way = "yaml" if request.GET.get("as") == "yaml" else "form"
    if request.method != "POST":
        page = pages.draft_page(found, services.document_of(found), way)
        return _editor(request, page)
    try:
        document = sent_document(request, found)
        if request.POST.get("do") == "check":
            page = pages.draft_page(found, document, way, _text_of(request))
            return _editor(request, page)
        services.save_draft(
            draft=found,
            document=document,
            seen_edition=pages.number_of(request.POST.get("edition", "")),
            by=request.member,
        )
    except InvalidPlan as problem:
        page = pages.unreadable_page(found, way, request.POST.dict(), problem)
        return _editor(request, page, status=422)
    except errors.SomebodySaved as problem:
        page = pages.draft_page(found, document, way, _text_of(request))
        page["conflict"] = problem
        return _editor(request, page, status=409)
    messages.success(request, f"Saved the draft of {found.plan}.")
    back = business_url(request.business, "plans:draft", slug)
    return redirect(f"{back}?as={way}")


@requires(*WRITES)
@require_POST
def draft_check(request: MemberRequest, slug: str) -> HttpResponse:
    """Answer the live check: problems with their places, and what examples give."""
    found = _draft(slug)
    try:
        document = sent_document(request, found)
        page = pages.check_part(found, document) | {"names": every_name(document)}
    except InvalidPlan as problem:
        page = {"problems": problem.problems}
    page["problems"] = in_file(page["problems"], _text_of(request))
    return render(request, "plans/_check.html", page)


@requires(*WRITES)
@require_POST
def draft_discard(request: MemberRequest, slug: str) -> HttpResponse:
    plan = get_object_or_404(Plan, slug=slug)
    found = plan.versions.filter(state=PlanVersion.State.DRAFT).first()
    if found is not None:  # pressed twice, the second press finds it gone
        services.discard_draft(draft=found, by=request.member)
    messages.success(request, f"The draft of {plan} is given up.")
    return redirect(business_url(request.business, "plans:plans"))


def _version(slug: str, number: int) -> PlanVersion:
    versions = PlanVersion.objects.select_related("plan")
    return get_object_or_404(versions, plan__slug=slug, number=number)


def _draft(slug: str) -> PlanVersion:
    drafts = PlanVersion.objects.select_related("plan")
    return get_object_or_404(drafts, plan__slug=slug, state=PlanVersion.State.DRAFT)


def _editor(
    request: MemberRequest, page: dict[str, Any], status: int = 200
) -> HttpResponse:
    """Show the editor; what is wrong in a file says its line."""
    if page["way"] == "yaml":
        page["problems"] = in_file(page["problems"], page["text"])
    return render(request, "plans/draft.html", page, status=status)


def _text_of(request: MemberRequest) -> str:
    return request.POST.get("text", "")


def sent_document(request: MemberRequest, found: PlanVersion) -> PlanDocument:
    """Return the plan that was sent, by either door."""
    if "text" in request.POST:
        return plan_from_yaml(_text_of(request))
    return document_from_form(found.document, request.POST.dict())
