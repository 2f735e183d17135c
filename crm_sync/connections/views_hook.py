"""The door for what is sent from outside: no log-in, no cookie, no page."""

from django.http import HttpRequest, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from commissions_saas.lib.bodies import read_up_to
from crm_sync.connections.receiving import LARGEST, receive
from tenants.access import public_page


@public_page
@csrf_exempt
@require_POST
def hook(request: HttpRequest, code: str) -> JsonResponse:
    """Take a delivery and answer at once; a job does the rest."""
    body = read_up_to(request, LARGEST)
    headers = {name.lower(): value for name, value in request.headers.items()}
    answer = receive(code=code[:64], headers=headers, body=body)
    response = JsonResponse(answer.said, status=answer.status)
    response["Cache-Control"] = "no-store"
    return response
