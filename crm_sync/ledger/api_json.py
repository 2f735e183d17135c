"""Entries as programs get them: every value as text, nothing rounded."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from crm_sync.ledger.models import Credit, Entry, ExternalId, Payee, Revision
from crm_sync.ledger.selectors import payees_visible_to
from crm_sync.ledger.standard import PEOPLE_KEYS, SHARE_KEYS
from crm_sync.ledger.values import trimmed
from tenants.access import Member


def entries_json(
    rows: Sequence[Entry], *, member: Member, with_payload: bool
) -> list[dict[str, Any]]:
    """Return entries with their values and the credits that the member may see."""
    ids = [row.pk for row in rows]
    revisions = {
        one.entry_id: one
        for one in Revision.objects.filter(entry_id__in=ids, closed__isnull=True)
    }
    credits = _credits(rows, member)
    # The source's own words for who shares a deal would say what credits do not.
    hidden = () if member.sees_all_pay else (*PEOPLE_KEYS, *SHARE_KEYS)
    found = [
        _entry(row, revisions.get(row.pk), credits[row.pk], with_payload)
        for row in rows
    ]
    for one in found:
        one["values"] = {k: v for k, v in one["values"].items() if k not in hidden}
    return found


def _entry(
    row: Entry, revision: Revision | None, credits: list[Any], with_payload: bool
) -> dict[str, Any]:
    answer = {
        "id": row.pk,
        "connection": row.connection_id,
        "object": row.object,
        "external_id": row.external_id,
        "name": row.name,
        "amount": _amount(row, revision),
        "currency": row.currency,
        "status": row.status,
        "occurred_on": row.occurred_on.isoformat() if row.occurred_on else None,
        "counts": row.counts,
        "reversed_on": _day(revision),
        "deleted": row.deleted,
        "version": row.version,
        "changed": row.changed,
        "values": revision.values if revision else {},
        "credits": credits,
        "source_url": row.source_url,
    }
    if with_payload:
        answer["payload"] = revision.payload if revision else {}
    return answer


def _amount(row: Entry, revision: Revision | None) -> str | None:
    """Return the amount with two places or as many as it has: the entry's own column,
    by which lists are summed, keeps only four."""
    said = revision.values.get("amount") if revision else row.amount
    if said is None or said == "":
        return None
    whole, _, places = trimmed(Decimal(said)).partition(".")
    return f"{whole}.{places.ljust(2, '0')}"


def _day(revision: Revision | None) -> str | None:
    if revision is None or revision.reversed_on is None:
        return None
    return revision.reversed_on.isoformat()


def _credits(
    entries: Sequence[Entry], member: Member
) -> dict[int, list[dict[str, Any]]]:
    """Who shares a deal does not see with whom, nor how much the others get."""
    source = {one.pk: one.connection_id for one in entries}
    open_now = Credit.objects.filter(entry_id__in=list(source), closed__isnull=True)
    if not member.sees_all_pay:
        seen = payees_visible_to(member).values("pk")
        open_now = open_now.filter(payee_id__in=seen)
    rows = list(open_now.order_by("id"))
    payees = Payee.objects.in_bulk({row.payee_id for row in rows})
    known = defaultdict(list)
    ids = ExternalId.objects.filter(
        payee_id__in=list(payees), connection_id__in=set(source.values())
    )
    for one in ids.order_by("id"):
        known[one.payee_id, one.connection_id].append(one.external_id)
    found: dict[int, list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        payee = payees[row.payee_id]
        found[row.entry_id].append(
            {
                "payee": payee.name,
                "payee_id": payee.pk,
                "email": payee.email,
                "source_users": known[payee.pk, source[row.entry_id]],
                "role": row.role,
                "share": trimmed(row.share),
            }
        )
    return found
