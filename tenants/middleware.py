"""How a request finds its business: slug, member, schema; and leaves it in every case."""

import secrets
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import structlog
from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import BadRequest
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    StreamingHttpResponse,
)
from django.shortcuts import render
from django_htmx.http import HttpResponseClientRedirect
from django_tenants.utils import get_public_schema_name

from commissions_saas.lib import clock
from tenants.access import is_guarded, member_of, member_of_group
from tenants.accounts import versions
from tenants.accounts.models import Business, Group
from tenants.api.problems import LOG_IN, LOG_IN_HINT, answer, is_api
from tenants.audit.context import caused_by
from tenants.schema import current_schema, in_business, in_public

_STATES = {"making": "being made", "suspended": "suspended", "behind": "being updated"}


class Unguarded(Exception):
    """A view of a business or group does not say who may open it: our fault."""


class BusinessMiddleware:
    """Brings a request to its business or group, or answers as if there were none.

    The slug is taken off before the view is called. A stranger gets the 404 of a page
    that does not exist.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: Any) -> HttpResponseBase:
        request.request_id = request_id()
        with (
            caused_by(request_id=request.request_id, address=address_of(request)),
            ExitStack() as entered,
        ):
            if current_schema() != get_public_schema_name():
                # A thread that was left in a business must not serve the next in it.
                entered.enter_context(in_public())
            request.entered = entered
            response = self.get_response(request)
        business = getattr(request, "business", None)
        if business is not None and isinstance(response, StreamingHttpResponse):
            # It is read after we have left the business.
            response.streaming_content = within(business, response.streaming_content)
        return response

    def process_view(
        self, request: Any, view: Callable[..., Any], args: Any, kwargs: dict[str, Any]
    ) -> HttpResponseBase | None:
        if holds_zero_byte(request):
            raise BadRequest("A zero byte was sent.")
        route = request.resolver_match.route
        if route.startswith("b/<slug:business>/"):
            bring = bring_to_business
        elif route.startswith("g/<slug:group>/"):
            bring = bring_to_group
        else:
            return None
        if not is_guarded(view):
            raise Unguarded(request.resolver_match.view_name)
        slug = kwargs.pop("business" if bring is bring_to_business else "group")
        if not request.user.is_authenticated:
            return ask_to_log_in(request)
        return bring(request, slug)


def holds_zero_byte(request: HttpRequest) -> bool:
    """Say whether a zero byte was sent: the database cannot hold it, as text or key."""
    sent = (*request.GET.lists(), *request.POST.lists())
    return any("\x00" in text for name, values in sent for text in (name, *values))


def bring_to_business(request: Any, slug: str) -> HttpResponse | None:
    """Enter the business's schema, for a member of today only."""
    business = Business.objects.select_related("group").filter(slug=slug).first()
    if business is None or business.state == Business.State.TEMPLATE:
        raise Http404
    day = clock.today(business.time_zone)
    member = member_of(user=request.user, business=business, day=day)
    if member is None:
        raise Http404
    if business.state == Business.State.MAKING:
        return not_yet(request, business, "making")
    if business.state == Business.State.SUSPENDED:
        return not_yet(request, business, "suspended")
    if not versions.is_current(business.schema_name):
        return not_yet(request, business, "behind")
    request.business = business
    request.group = business.group
    request.member = member
    request.entered.enter_context(in_business(business))
    structlog.contextvars.bind_contextvars(business=business.slug)
    return None


def bring_to_group(request: Any, slug: str) -> HttpResponse | None:
    """Name the group, for a member of today only; its pages read the public schema."""
    group = Group.objects.filter(slug=slug).first()
    if group is None:
        raise Http404
    member = member_of_group(user=request.user, group=group, day=clock.today("UTC"))
    if member is None:
        raise Http404
    request.group = group
    request.member = member
    return None


def not_yet(request: HttpRequest, business: Business, why: str) -> HttpResponse:
    """Say why a member's business is not served now; others are not touched."""
    if is_api(request):
        return answer(503, f"{business} is not served now: it is {_STATES[why]}.")
    context = {"place": business, "why": why}
    return render(request, "accounts/not_served.html", context, status=503)


def ask_to_log_in(request: Any) -> HttpResponseBase:
    """Send a visitor to the log-in page, whether or not the business exists."""
    if is_api(request):
        return answer(401, LOG_IN, LOG_IN_HINT)
    back = redirect_to_login(request.get_full_path())
    if getattr(request, "htmx", False):
        return HttpResponseClientRedirect(back["Location"])
    return back


def within(business: Business, pieces: Any) -> Iterator[bytes]:
    """Make each piece of a streamed answer in the business, and leave it in between."""
    pieces = iter(pieces)
    while True:
        with in_business(business):
            try:
                piece = next(pieces)
            except StopIteration:
                return
        yield piece


def request_id() -> str:
    """Return the id that the logs carry for this request, or a new one."""
    known = structlog.contextvars.get_contextvars().get("request_id")
    return str(known or secrets.token_hex(16))[:64]


def address_of(request: HttpRequest) -> str:
    """Return the visitor's address, believing only as many proxies as are ours."""
    proxies = settings.ALLAUTH_TRUSTED_PROXY_COUNT
    forwarded = request.headers.get("X-Forwarded-For", "").split(",")
    if proxies and len(forwarded) >= proxies:
        return forwarded[-proxies].strip()[:64]
    return str(request.META.get("REMOTE_ADDR", ""))[:64]
