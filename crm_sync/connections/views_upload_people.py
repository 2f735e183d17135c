"""The button beside a file's refused rows: make payees of whom they name."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_POST

from crm_sync.connections.models import Upload
from crm_sync.connections.places import RUNS
from crm_sync.connections.upload_people import payees_from_file
from tenants.access import MemberRequest, requires
from tenants.urls_for import business_url


@requires(*RUNS)
@require_POST
def upload_people(request: MemberRequest, upload_id: int) -> HttpResponse:
    """Make payees of the people whom a file names, and look at the file again."""
    rows = Upload.objects.filter(
        business_id=request.business.pk, state=Upload.State.LOOKED_AT
    )
    upload = get_object_or_404(rows.select_related("connection"), pk=upload_id)
    made = payees_from_file(upload=upload, business=request.business, by=request.member)
    if made:
        names = ", ".join(payee.name for payee in made[:5])
        more = f" and {len(made) - 5} more" if len(made) > 5 else ""
        messages.success(request, f"Payees now: {names}{more}. Nobody was told.")
    else:
        messages.error(request, "Nobody new is named in this file.")
    url = business_url(request.business, "connections:upload_preview", upload.pk)
    return redirect(url)
