"""Numbering and chaining what is committed, so that a change in the past is found.

Each business has a chain of its own, and so have the group's rows and the site's. Rows
are sealed in the order in which they are found committed; numbers have no gaps.
"""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.db import connection, transaction

from tenants.audit.models import AuditRow
from tenants.schema import in_public

AT_ONCE = 5000
SEAL = """UPDATE public.audit_auditrow SET sealed = %s, previous_hash = %s, hash = %s
          WHERE id = %s AND sealed IS NULL"""
NOT_HASHED = {"hash"}


@dataclass(frozen=True)
class Break:
    """A place where a chain does not hold."""

    row_id: int
    number: int
    words: str


def seal() -> int:
    """Number and hash every committed row that is not sealed yet; return how many."""
    with in_public(), transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT pg_advisory_xact_lock(hashtext('seal the trail'), 0)"
            )
        waiting = AuditRow.objects.filter(sealed=None)
        places = waiting.values_list("group_id", "business_id").distinct()
        return sum(_seal_chain(group, business) for group, business in list(places))


def verify(*, group_id: int | None, business_id: int | None) -> list[Break]:
    """Return where the chain is broken: a gap, a changed row, a row that is gone."""
    with in_public():
        breaks = []
        number, previous = 0, ""
        rows = _chain(group_id, business_id).exclude(sealed=None).order_by("sealed")
        for row in rows.iterator():
            number += 1
            if row.sealed != number:
                breaks.append(Break(row.pk, row.sealed or 0, "a row before it is gone"))
                number = row.sealed or 0
            elif row.previous_hash != previous:
                breaks.append(Break(row.pk, number, "the row before it was changed"))
            elif row.hash != hash_of(row):
                breaks.append(Break(row.pk, number, "it was changed"))
            previous = row.hash
        return breaks


def verify_others() -> list[Break]:
    """Return the breaks of the chains of no one business: the groups', and the site's."""
    with in_public():
        rows = AuditRow.objects.filter(business_id=None)
        groups = list(rows.values_list("group_id", flat=True).distinct())
    return [
        found for group in groups for found in verify(group_id=group, business_id=None)
    ]


def hash_of(row: AuditRow) -> str:
    """Return the SHA-256 of everything in the row, its number and its forerunner's hash."""
    return hashlib.sha256(canonical(row).encode()).hexdigest()


def canonical(row: AuditRow) -> str:
    """Return the row as text that is always the same for the same facts."""
    columns = {
        field.attname: _plain(getattr(row, field.attname))
        for field in row._meta.concrete_fields
        if field.attname not in NOT_HASHED
    }
    return json.dumps(
        columns, sort_keys=True, separators=(",", ":"), ensure_ascii=False
    )


def _seal_chain(group_id: int | None, business_id: int | None) -> int:
    chain = _chain(group_id, business_id)
    last = chain.exclude(sealed=None).order_by("-sealed").first()
    number, previous = (last.sealed or 0, last.hash) if last else (0, "")
    seals = []
    for row in _unsealed(chain):
        number += 1
        row.sealed, row.previous_hash = number, previous
        previous = hash_of(row)
        seals.append((number, row.previous_hash, previous, row.pk))
    with connection.cursor() as cursor:
        cursor.executemany(SEAL, seals)
    return len(seals)


def _unsealed(chain: Any) -> Iterator[AuditRow]:
    yield from chain.filter(sealed=None).order_by("pk")[:AT_ONCE]


def _chain(group_id: int | None, business_id: int | None) -> Any:
    return AuditRow.objects.filter(group_id=group_id, business_id=business_id)


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    return value
