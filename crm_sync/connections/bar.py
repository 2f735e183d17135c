"""What the frame of every page asks of sources: freshness, and how many are broken.

The answer is kept for a few seconds, since every page with figures asks for it.
"""

from dataclasses import dataclass
from typing import Any

from django.core.cache import cache
from django.http import HttpRequest
from redis.exceptions import RedisError

from commissions_saas.lib import clock
from crm_sync.connections.customer_sheet import MATCHES, look_at_customers_now
from crm_sync.connections.selectors import (
    as_of_parts,
    connection_rows,
    connections_of,
)
from crm_sync.connections.uploads import COMMIT, LOOK
from crm_sync.ledger import sheet_jobs
from crm_sync.ledger.models import Payee, RefusedRecord
from tenants.accounts.models import Business
from tenants.frame import hooks
from tenants.jobs import ways_on
from tenants.jobs.models import Job
from tenants.urls_for import business_url

KEPT_SECONDS = 5


@dataclass(frozen=True, slots=True)
class Known:
    """The bar's parts for those who see all pay and for others; broken sources."""

    all_parts: list[hooks.AsOfPart]
    parts: list[hooks.AsOfPart]
    errors: int


def offer_to_the_frame() -> None:
    """Answer the frame's questions about sources, and lead on from their jobs."""
    hooks.offer("as_of", as_of)
    hooks.offer("nav.connections", errors)
    hooks.offer("setup.connect", connect_state)
    hooks.offer("setup.people", people_state)
    sheet_jobs.offer("customers", look_at_customers_now, *MATCHES)
    for kind in (LOOK, COMMIT):
        ways_on.offer(kind, _to_the_file)


def as_of(request: HttpRequest) -> hooks.AsOf | None:
    """Say how fresh the sources are; what is refused is for those who see all pay."""
    place: Any = request
    known = _known(place)
    if known is None:
        return None
    parts = known.all_parts if place.member.sees_all_pay else known.parts
    return hooks.AsOf(clock.now(), parts) if parts else None


def errors(request: HttpRequest) -> int:
    """Return how many sources are late or refused."""
    known = _known(request)
    return known.errors if known else 0


def connect_state(request: HttpRequest) -> str:
    """Say whether anything was read, by a connection or from a file."""
    place: Any = request
    rows = connections_of(place.business)
    if rows.filter(last_success_at__isnull=False).exists():
        return "Done"
    return "In progress" if rows.exists() else "Not started"


def people_state(request: HttpRequest) -> str:
    """Say whether deals wait for a person, or there is nobody to pay yet."""
    waiting = RefusedRecord.objects.filter(code="unknown_owner", state="waiting")
    if waiting.exists():
        return "Needs you"
    return "Done" if Payee.objects.exists() else "Not started"


def forget(business: Business) -> None:
    """Look again at once, where somebody has just changed a source."""
    try:
        cache.delete(_key(business))
    except RedisError:
        return


def _known(request: Any) -> Known | None:
    """Ask once for each page, however often the frame wants to know."""
    business = getattr(request, "business", None)
    if business is None:
        return None
    if not hasattr(request, "_sources"):
        request._sources = _remembered(business)
    known: Known = request._sources
    return known


def _remembered(business: Business) -> Known:
    try:
        known = cache.get(_key(business))
    except RedisError:  # pages work without the cache
        return _look(business)
    if not isinstance(known, Known):
        known = _look(business)
        cache.set(_key(business), known, KEPT_SECONDS)
    return known


def _look(business: Business) -> Known:
    rows = connection_rows(business)
    return Known(
        as_of_parts(business, rows, with_refused=True),
        as_of_parts(business, rows, with_refused=False),
        sum(row.verdict.is_error for row in rows),
    )


def _key(business: Business) -> str:
    return f"sources-{business.pk}"


def _to_the_file(job: Job) -> ways_on.WayOn | None:
    business = Business.objects.filter(pk=job.business_id).first()
    if business is None:
        return None
    pk = job.arguments["upload"]
    return "See the file", business_url(business, "connections:upload_preview", pk)
