"""What a program is told when something is wrong: a status, a sentence, and a way on."""

from __future__ import annotations

import re
from typing import Any

from django.core.exceptions import PermissionDenied, RequestDataTooBig
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.views import defaults
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.views import exception_handler

from commissions_saas.lib.bodies import throw_away
from commissions_saas.lib.errors import ProductError
from tenants.api.errors import Conflict

_OF_THE_API = re.compile(r"/(api|[bg]/[^/]+/api)/")
NOTHING_HERE = "There is nothing here."
LOG_IN = "Say who you are."
LOG_IN_HINT = (
    "POST your e-mail and password to /api/authenticate, and send the token that it"
    " gives as `Authorization: Bearer <token>`."
)


def is_api(request: HttpRequest) -> bool:
    """Say whether the request is a program's, by its address."""
    return _OF_THE_API.match(request.path) is not None


def problem(status: int, detail: str, hint: str = "", **more: Any) -> dict[str, Any]:
    """Return the one form that every problem has."""
    return {"status": status, "detail": detail, "hint": hint, **more}


def answer(status: int, detail: str, hint: str = "") -> JsonResponse:
    """Return a problem as an answer, for what goes wrong before a view is reached."""
    response = JsonResponse(problem(status, detail, hint), status=status)
    if status == 401:
        response["WWW-Authenticate"] = "Bearer"
    response["Cache-Control"] = "no-store"
    return response


def in_words(fault: Exception, context: dict[str, Any]) -> Response | None:
    """Answer what a view of the API raises; called by the framework."""
    if isinstance(fault, ProductError):
        status = 409 if isinstance(fault, Conflict) else 400
        field = getattr(fault, "field", "")
        more: dict[str, Any] = {"field": field} if field else {}
        several = getattr(fault, "problems", ())
        if several:
            more["problems"] = [str(one) for one in several]
        said = problem(status, fault.message, fault.hint, **more)
        return Response(said, status=status)
    if isinstance(fault, RequestDataTooBig):
        throw_away(context["request"])
        said = problem(
            413, "More was sent than is taken at once.", "Send at most 10 MB."
        )
        return Response(said, status=413)
    found = exception_handler(fault, context)
    if found is None:
        return None
    taken = [one for one in context["view"].allowed_methods if one != "OPTIONS"]
    method = context["request"].method
    found.data = _framework_problem(fault, found.status_code, method, taken)
    return found


def _framework_problem(
    fault: Exception, status: int, method: str, taken: list[str]
) -> dict[str, Any]:
    if isinstance(fault, Http404 | exceptions.NotFound):
        return problem(404, NOTHING_HERE)
    if isinstance(fault, exceptions.NotAuthenticated | exceptions.AuthenticationFailed):
        return problem(401, LOG_IN, LOG_IN_HINT)
    if isinstance(fault, exceptions.Throttled):
        wait = int(getattr(fault, "wait", None) or 60) + 1
        return problem(429, "Too many requests.", f"Wait {wait} seconds.")
    if isinstance(fault, PermissionDenied):
        return problem(403, str(fault) or "You may not do this.")
    if isinstance(fault, exceptions.MethodNotAllowed):
        hint = f"This address takes {' and '.join(taken)}."
        return problem(405, f"{method} is not taken here.", hint)
    if isinstance(fault, exceptions.UnsupportedMediaType):
        hint = "Send JSON, with the header `Content-Type: application/json`."
        return problem(415, "What was sent is not JSON.", hint)
    detail = getattr(fault, "detail", "")
    return problem(status, str(detail) or "This cannot be done.")


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer 400, in words for a program or as a page."""
    if is_api(request):
        hint = "Look at the address and its filters for a broken or hidden sign."
        return answer(400, "What was sent cannot be read.", hint)
    return defaults.bad_request(request, exception)


def not_allowed(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer 403, in words for a program or as a page."""
    if is_api(request):
        return answer(403, str(exception) or "You may not do this.")
    return defaults.permission_denied(request, exception)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer 404: the same for what does not exist and for what may not be known."""
    if is_api(request):
        return answer(404, NOTHING_HERE)
    return defaults.page_not_found(request, exception)


def our_fault(request: HttpRequest) -> HttpResponse:
    """Answer 500, without saying what is inside."""
    if is_api(request):
        return answer(500, "Something is wrong on our side.", "Try again later.")
    return defaults.server_error(request)
