"""The trail of a business or a group, narrowed down, and as a file."""

import csv
import json
from collections.abc import Iterable, Iterator
from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from tenants.access import MemberRequest, Role, requires
from tenants.audit import selectors
from tenants.audit.forms import FilterForm
from tenants.audit.models import AuditRow
from tenants.frame.pagination import paginate

COLUMNS = "number when business_time who action kind id name before after request address hash"
RISKY = ("=", "+", "-", "@", "\t", "\r")


@requires(Role.FINANCE, Role.ADMIN, Role.AUDITOR)
@require_safe
def trail(request: MemberRequest) -> HttpResponseBase:
    """Show who did what; with `as=csv`, everything that matches as a file."""
    visible = selectors.visible_to(request.member)
    form = FilterForm(request.GET or None, kinds=selectors.kinds_in(visible))
    wanted = form.cleaned_data if form.is_bound and form.is_valid() else {}
    rows = selectors.narrowed(visible, wanted, zone_of(request))
    if request.GET.get("as") == "csv":
        return as_file(rows)
    page = paginate(rows, order=("-id",), cursor=request.GET.get("page", ""))
    asked = request.GET.copy()
    asked.pop("page", None)
    asked["as"] = "csv"
    context = {
        "form": form,
        "page": page,
        "rows": [(row, differences(row)) for row in page.rows],
        "csv_url": f"{request.path}?{asked.urlencode()}",
        "is_narrowed": any(wanted.values()),
        "base": "base_business.html"
        if hasattr(request, "business")
        else "base_group.html",
    }
    return render(request, "audit/trail.html", context)


def as_file(rows: QuerySet[AuditRow]) -> HttpResponse | StreamingHttpResponse:
    """Return the rows as CSV, oldest first, with text that no spreadsheet will run."""
    writer = csv.writer(Echo())
    lines = (writer.writerow(cells) for cells in table(rows))
    response = StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="audit.csv"'
    return response


class Echo:
    """Something like a file that hands back what is written to it."""

    def write(self, text: str) -> str:
        return text


def table(rows: QuerySet[AuditRow]) -> Iterator[list[str]]:
    yield COLUMNS.split()
    for row in rows.order_by("pk").iterator(chunk_size=1000):
        yield [
            harmless(value)
            for value in (
                row.sealed,
                row.at.isoformat(),
                row.business_time.isoformat(),
                row.by,
                row.action,
                row.object_kind,
                row.object_id,
                row.object_name,
                json.dumps(row.before, ensure_ascii=False) if row.before else "",
                json.dumps(row.after, ensure_ascii=False) if row.after else "",
                row.request_id,
                row.address,
                row.hash,
            )
        ]


def harmless(value: object) -> str:
    """Return a cell that a spreadsheet shows and does not calculate."""
    text = "" if value is None else str(value)
    return f"'{text}" if text.startswith(RISKY) else text


def differences(row: AuditRow) -> list[tuple[str, Any, Any]]:
    """Return the fields that differ, with their values before and after."""
    before, after = row.before or {}, row.after or {}
    keys: Iterable[str] = dict.fromkeys([*before, *after])
    return [
        (key.replace("_", " "), before.get(key), after.get(key))
        for key in keys
        if before.get(key) != after.get(key)
    ]


def zone_of(request: MemberRequest) -> str:
    business = getattr(request, "business", None)
    return business.time_zone if business else "UTC"
