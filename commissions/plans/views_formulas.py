"""The pages of the formula language: functions and fields, and one formula under check."""

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_GET, require_POST

from commissions.plans import services
from commissions.plans.document import InvalidPlan, PlanDocument
from commissions.plans.form_door import document_from_form
from commissions.plans.formula_names import check_field
from commissions.plans.function_examples import function_groups
from commissions.plans.models import PlanVersion
from commissions.plans.selectors import field_catalogue
from tenants.access import MemberRequest, requires
from tenants.accounts.models import Role

READS = (Role.FINANCE, Role.ADMIN, Role.AUDITOR)
SEARCHED = 100  # characters of a search that are looked at


@requires(*READS)
@require_GET
def functions(request: MemberRequest) -> HttpResponse:
    """Every function and every field that formulas may name."""
    search = request.GET.get("q", "")[:SEARCHED]
    fields = [
        fact
        for fact in field_catalogue()
        if search.casefold() in f"{fact.object}.{fact.key} {fact.label}".casefold()
    ]
    page = {"groups": function_groups(search), "fields": fields, "search": search}
    return render(request, "plans/functions.html", page)


@requires(Role.ADMIN)
@require_POST
def draft_formula(request: MemberRequest, slug: str) -> HttpResponse:
    """Answer a pause in typing: what is wrong with one formula of the draft."""
    drafts = PlanVersion.objects.select_related("plan")
    state = PlanVersion.State.DRAFT
    draft = get_object_or_404(drafts, plan__slug=slug, state=state)
    field = request.POST.get("field", "")
    says = check_field(_document(request, draft), request.POST.dict(), field)
    page = {"field": field, "says": says}
    return render(request, "plans/_formula_says.html", page)


def _document(request: MemberRequest, draft: PlanVersion) -> PlanDocument:
    """Return the plan as it is on the page, or as it was saved where it is none yet."""
    try:
        return document_from_form(draft.document, request.POST.dict())
    except InvalidPlan:
        return services.document_of(draft)
