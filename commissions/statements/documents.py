"""A locked statement as one canonical text, and the hash that proves it later."""

import json
from collections.abc import Iterable, Mapping
from decimal import Decimal
from hashlib import sha256
from typing import Any

from django.db.models import Q

from commissions.plans.models import PlanVersion
from commissions.statements.models import Line, Run, Statement, StoredMeasure
from commissions.statements.writing import EVALUATOR
from commissions_saas.lib.money import places
from tenants.schema import current_business


def canonical(document: Mapping[str, Any]) -> bytes:
    """Write a document in the one way that its hash is taken from."""
    text = json.dumps(
        document, sort_keys=True, ensure_ascii=False, separators=(",", ":")
    )
    return text.encode()


def hash_of(document: Mapping[str, Any]) -> str:
    """Return the SHA-256 of a document's canonical text."""
    return sha256(canonical(document)).hexdigest()


def document_of(row: Statement) -> dict[str, Any]:
    """Return a statement as it is locked: text alone, nothing that can still move.

    Releases, holds and payouts are not part of it.
    """
    business = current_business()
    lines = list(
        Line.objects.filter(
            payee_id=row.payee_id, period_id=row.period_id, closed_run__isnull=True
        ).order_by("component", "earned_on", "entry_id", "role", "adjustment_id")
    )
    # Measures as of its inputs: a late change that is posted moves them afterwards.
    later = Run.objects.filter(change__gt=row.change).values("pk")
    measures = (
        StoredMeasure.objects.filter(payee_id=row.payee_id, period_slug=row.period.slug)
        .exclude(opened_run__in=later)
        .filter(Q(closed_run__isnull=True) | Q(closed_run__in=later))
    )
    settled = {"settled": row.settled} if row.settled else {}
    return {
        **settled,
        "business": business.name,
        "payee": {
            "id": row.payee_id,
            "name": row.payee.name,
            "employee_number": row.payee.employee_number,
        },
        "period": row.period.slug,
        "currency": row.currency,
        "change": row.change,
        "evaluator": EVALUATOR,
        "total": _money(row.total, row.currency),
        "waiting": _money(row.waiting, row.currency),
        "payable": _money(row.payable, row.currency),
        "versions": _versions(lines),
        "measures": {each.name: format(each.value, "f") for each in measures},
        "lines": [_line(line) for line in lines],
    }


def _line(line: Line) -> dict[str, Any]:
    return {
        "id": line.pk,
        "version": line.version_id,
        "component": line.component,
        "name": line.component_name,
        "entry": line.entry_id,
        "role": line.role,
        "adjustment": line.adjustment_id,
        "kind": line.kind,
        "share": None if line.share is None else format(line.share, "f"),
        "base": None if line.base is None else format(line.base, "f"),
        "amount": _money(line.amount, line.currency),
        "waiting_for": line.waiting_for,
        "earned_on": line.earned_on.isoformat(),
    }


def _versions(lines: Iterable[Line]) -> list[dict[str, Any]]:
    ids = {line.version_id for line in lines if line.version_id}
    rows = PlanVersion.objects.filter(pk__in=ids).select_related("plan").order_by("pk")
    return [
        {
            "id": row.pk,
            "plan": row.plan.name,
            "number": row.number,
            "sha256": row.sha256,
        }
        for row in rows
    ]


def _money(amount: Decimal, currency: str) -> str:
    return format(amount.quantize(Decimal(1).scaleb(-places(currency))), "f")
