"""What deals pay, for whoever writes it into the CRM: by entry, from lines as they stand."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from decimal import Decimal
from typing import Any

from django.db import connection as database
from django.db.models import Exists, Max, OuterRef, QuerySet, Sum

from commissions.statements.models import Line, Statement
from crm_sync.ledger.models import Entry
from crm_sync.writeback.amounts import Commission, Mark

# A row carries the lower half of the number of the transaction that wrote it last; such
# numbers go round. What is older than half a round looks new, which costs a look.
_WRITTEN_SINCE = """
    SELECT DISTINCT entry_id FROM statements_line WHERE entry_id > 0
    AND mod(xmin::text::bigint - mod(%s, 4294967296) + 4294967296, 4294967296)
        < 2147483648
"""
LOCKED = (Statement.State.LOCKED, Statement.State.PAID)
SEVERAL = "Its commission is in several currencies, which are not added."
FAILED = "A line of it could not be worked out, so its commission is not known."


class StatementAmounts:
    """Adds up the lines of each deal over payees and periods."""

    def mark(self, *, live: bool) -> Mark:
        """Return which statements are locked, and what was last written where that
        counts: locked lines never change, so only a further lock makes a difference."""
        frozen = Statement.objects.filter(state__in=LOCKED)
        found = frozen.aggregate(last=Max("pk"), ids=Sum("pk"))
        mark: dict[str, Any] = {
            "locked": int(found["ids"] or 0),
            "last": found["last"] or 0,
        }
        if live:
            at = Statement.objects.aggregate(at=Max("calculated_at"))["at"]
            mark["line"] = Line.objects.aggregate(last=Max("pk"))["last"] or 0
            mark["at"] = at.isoformat() if at else ""
        return mark

    def place(self) -> Mark:
        """Return the oldest transaction that is still open: whatever those before it
        have written can be read by now, and nothing else can have been missed.

        Numbers of runs and lines would not do: they are given before they are seen.
        """
        with database.cursor() as cursor:
            cursor.execute("SELECT pg_snapshot_xmin(pg_current_snapshot())::text")
            return {"transaction": str(cursor.fetchone()[0])}

    def touched(self, place: Mark, *, live: bool) -> Collection[int] | None:
        """Return the entries whose lines were opened or closed since; None: any.

        A further lock touches any: its lines were written long before.
        """
        if not live or not place:
            return None
        with database.cursor() as cursor:
            cursor.execute(_WRITTEN_SINCE, [int(place["transaction"])])
            return {entry_id for (entry_id,) in cursor.fetchall()}

    def of(
        self, entry_ids: Collection[int], *, live: bool, owner_only: bool
    ) -> Mapping[int, Commission]:
        """Return the sum of each deal's lines; none where it has no line that counts."""
        rows = _lines(entry_ids, live=live)
        if owner_only:
            owned = Entry.objects.filter(
                pk=OuterRef("entry_id"), owner_id=OuterRef("payee_id")
            )
            rows = rows.filter(Exists(owned))
        failed = set(rows.exclude(failed="").values_list("entry_id", flat=True))
        by_entry: dict[int, dict[str, Decimal]] = defaultdict(dict)
        sums = rows.values("entry_id", "currency").annotate(sum=Sum("amount"))
        for row in sums.order_by("entry_id", "currency"):
            by_entry[row["entry_id"]][row["currency"]] = row["sum"]
        return {
            entry_id: _commission(amounts, entry_id in failed)
            for entry_id, amounts in by_entry.items()
        }


def _lines(entry_ids: Collection[int], *, live: bool) -> QuerySet[Line]:
    rows = Line.objects.filter(entry_id__in=list(entry_ids), closed_run__isnull=True)
    if live:
        return rows
    frozen = Statement.objects.filter(
        payee_id=OuterRef("payee_id"), period_id=OuterRef("period_id"), state__in=LOCKED
    )
    return rows.filter(Exists(frozen))


def _commission(amounts: Mapping[str, Decimal], failed: bool) -> Commission:
    (currency, amount), *others = amounts.items()
    problem = FAILED if failed else SEVERAL if others else ""
    return Commission(amount, currency, problem)
