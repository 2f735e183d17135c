"""Connections, mappings, refused records and syncs as programs get them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db.models import Count, Q

from crm_sync.connections.endpoints import Shown, address_of, is_sent_to, last_day
from crm_sync.connections.health import verdict
from crm_sync.connections.models import (
    Connection,
    Delivery,
    Endpoint,
    Mapping,
    Route,
    SourceField,
    SyncRun,
    UnroutedRecord,
)
from crm_sync.connections.own_fields import what_is_written
from crm_sync.connections.readers import businesses_of
from crm_sync.connections.selectors import last_runs
from crm_sync.ledger.models import Entry, RefusedRecord
from crm_sync.ledger.values import to_text
from tenants.accounts.models import Business
from tenants.schema import in_business
from tenants.urls_for import group_url

# What is allowed here, and whose records were read first: nobody sent these.
_OURS = ("allow_loopback", "allow_private", "organisation")


def connection_json(request: Any, row: Connection) -> dict[str, Any]:
    """Return a connection with what is in the ledgers from it; never its secret."""
    running = row.syncs.filter(state=SyncRun.State.RUNNING).exists()
    how = verdict(row, "UTC", is_running=running)
    runs = last_runs(row, 1)
    businesses = businesses_of(row)
    home = next((one for one in businesses if one.pk == row.business_id), None)
    return {
        "id": row.pk,
        "kind": row.kind,
        "name": row.name,
        "business": home.slug if home else None,
        "base_url": row.base_url,
        "credentials_end_with": row.secret_hint,
        "options": {k: v for k, v in row.options.items() if k not in _OURS},
        "objects": row.options.get("objects", ["deal"]),
        "routes": [
            {"path": one.path, "value": one.value, "business": _slug(one, businesses)}
            for one in Route.objects.filter(connection=row).order_by("id")
        ],
        "state": row.state,
        "verdict": {"state": how.state, "sentence": how.sentence, "hint": how.hint},
        "organisation": row.organisation,
        "counts": {one.slug: _counts(row, one) for one in businesses},
        "unrouted": UnroutedRecord.objects.filter(connection=row).count(),
        "warnings": row.warnings,
        "errors": _errors(row, businesses),
        "expected_every": row.expected_every,
        "last_success_at": _at(row.last_success_at),
        "last_new_data_at": _at(row.last_new_data_at),
        "last_sync": run_json(runs[0]) if runs else None,
        "webhook": _webhook(row),
        "events": _events(row),
        "url": group_url(request.group, "connections:api_connection", row.pk),
    }


def shown_json(shown: Shown) -> dict[str, str]:
    """Return what a sender needs: the only answer that ever holds the secret."""
    return {
        "url": shown.url,
        "client_id": shown.client_id,
        "secret": shown.secret,
    }


def run_json(run: SyncRun) -> dict[str, Any]:
    """Return a sync with its counts."""
    names = ("read", "new", "changed", "unchanged", "deleted", "refused", "requests")
    return {
        "id": run.pk,
        "kind": run.kind,
        "state": run.state,
        "started_at": _at(run.started_at),
        "finished_at": _at(run.finished_at),
        **{name: getattr(run, name) for name in names},
        "waited_ms": run.waited_ms,
        "problem": run.problem,
        "log": [line["words"] for line in run.log],
    }


def mapping_json(row: Mapping) -> dict[str, Any]:
    """Return a mapping: our field to where its value stands in the payload."""
    return {"object": row.object, "version": row.version, "fields": row.document}


def field_json(row: SourceField) -> dict[str, Any]:
    """Return a field of the source."""
    return {
        "object": row.object,
        "path": row.path,
        "label": row.label,
        "type": row.type,
        "choices": row.choices,
        "vanished_at": _at(row.vanished_at),
    }


def refused_json(row: RefusedRecord, business: Business) -> dict[str, Any]:
    """Return a refused record with its reason and what it may hold up."""
    return {
        "business": business.slug,
        "object": row.object,
        "external_id": row.external_id,
        "name": row.name,
        "code": row.code,
        "field": row.field,
        "reason": row.reason,
        "amount": to_text(row.amount) if row.amount is not None else None,
        "currency": row.currency,
        "held_up": to_text(row.held_up),
        "first_seen": _at(row.first_seen),
        "last_seen": _at(row.last_seen),
    }


def unrouted_json(row: UnroutedRecord) -> dict[str, Any]:
    """Return a record that no route sends anywhere."""
    return {
        "business": None,
        "object": row.object,
        "external_id": row.external_id,
        "code": "unrouted",
        "field": "",
        "reason": row.reason,
        "first_seen": _at(row.first_seen),
        "last_seen": _at(row.last_seen),
    }


def _counts(row: Connection, business: Business) -> dict[str, Any]:
    with in_business(business):
        rows = (
            Entry.objects.filter(connection_id=row.pk)
            .values("object")
            .annotate(
                entries=Count("id", filter=Q(deleted=False)),
                counting=Count("id", filter=Q(counts=True, deleted=False)),
                deleted_entries=Count("id", filter=Q(deleted=True)),
            )
            .order_by("object")
        )
        found = {
            one["object"]: {
                "entries": one["entries"],
                "counting": one["counting"],
                "deleted": one["deleted_entries"],
            }
            for one in rows
        }
        waiting = RefusedRecord.objects.filter(
            connection_id=row.pk, state=RefusedRecord.State.WAITING
        ).count()
    return {"objects": found, "refused": waiting}


def _errors(row: Connection, businesses: list[Business]) -> list[dict[str, Any]]:
    """Return what stops reading, then what stops writing back, for each business."""
    found = []
    if row.problem:
        since = _at(row.problem_since)
        said = {"problem": row.problem, "hint": row.problem_hint, "since": since}
        found.append(said)
    for business in businesses:
        with in_business(business):
            found += [
                {"problem": one.problem, "hint": one.hint, "since": _at(one.since)}
                for one in what_is_written(row.pk)
                if one.problem
            ]
    return found


def _webhook(row: Connection) -> dict[str, str] | None:
    """Return where records are sent, without the secret."""
    endpoint = Endpoint.objects.filter(connection=row).first()
    if endpoint is None or not is_sent_to(row):
        return None
    return {"url": address_of(endpoint), "client_id": endpoint.client_id}


def _events(row: Connection) -> dict[str, Any] | None:
    """Return how the source's own events come; None where it was never asked."""
    endpoint = Endpoint.objects.filter(connection=row).first()
    if endpoint is None:
        return None
    waiting = Delivery.objects.filter(endpoint=endpoint, state=Delivery.State.WAITING)
    return {
        "state": endpoint.state,
        "problem": endpoint.problem,
        "last_event_at": _at(endpoint.last_event_at),
        "waiting": waiting.count(),
        "last_day": last_day(endpoint),
    }


def _slug(route: Route, businesses: list[Business]) -> str | None:
    return next((one.slug for one in businesses if one.pk == route.business_id), None)


def _at(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None
