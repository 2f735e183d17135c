"""What deals pay, for whoever writes it into the CRM: by entry, from lines as they stand."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from decimal import Decimal

from django.db.models import Exists, Max, OuterRef, Q, QuerySet, Sum

from commissions.statements.models import Line, Run, Statement
from crm_sync.ledger.models import Entry
from crm_sync.writeback.amounts import Commission, Mark

LOCKED = (Statement.State.LOCKED, Statement.State.PAID)
SEVERAL = "Its commission is in several currencies, which are not added."
FAILED = "A line of it could not be worked out, so its commission is not known."


class StatementAmounts:
    """Adds up the lines of each deal over payees and periods."""

    def mark(self, *, live: bool) -> Mark:
        """Return which statements are locked, and which run was last where that counts.

        Locked lines never change, so only a further lock makes a difference.
        """
        frozen = Statement.objects.filter(state__in=LOCKED)
        found = frozen.aggregate(last=Max("pk"), ids=Sum("pk"))
        mark = {"locked": int(found["ids"] or 0), "last": found["last"] or 0}
        if live:
            mark["run"] = Run.objects.aggregate(last=Max("pk"))["last"] or 0
        return mark

    def touched(self, before: Mark, *, live: bool) -> Collection[int] | None:
        """Return the entries with lines that runs opened or closed since; None: any."""
        now = self.mark(live=live)
        if not live or not before or before.get("run") is None:
            return None
        if (before.get("locked"), before.get("last")) != (now["locked"], now["last"]):
            return None
        since = Q(opened_run__gt=before["run"]) | Q(closed_run__gt=before["run"])
        ids = Line.objects.filter(since, entry_id__gt=0).values_list("entry_id")
        return {entry_id for (entry_id,) in ids.distinct()}

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
