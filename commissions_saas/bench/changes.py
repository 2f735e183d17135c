"""What happens to the deals: some are corrected, as a source's new version would."""

from collections.abc import Sequence
from typing import Any

from django.db import connection, transaction

from crm_sync.ledger.models import Change

_CORRECTED = """
CREATE TEMPORARY TABLE corrected ON COMMIT DROP AS
SELECT entry.id AS entry_id, revision.id AS revision_id, %(last)s
        + row_number() OVER (ORDER BY entry.id) AS change
FROM ledger_entry AS entry
JOIN ledger_revision AS revision ON revision.entry_id = entry.id
    AND revision.closed IS NULL
WHERE entry.id = ANY(%(ids)s)
"""
_CHANGES = """
INSERT INTO ledger_change (number, at, kind, words, source, entry_id)
SELECT change, now(), 'deal', 'amount corrected', 'Bench', entry_id FROM corrected
"""
_CLOSED = """
UPDATE ledger_revision AS revision SET closed = corrected.change
FROM corrected WHERE revision.id = corrected.revision_id
"""
_OPENED = """
INSERT INTO ledger_revision (entry_id, opened, name, occurred_on, counts, currency,
    "values", credits, version, payload, deleted, seen_at)
SELECT revision.entry_id, corrected.change, revision.name, revision.occurred_on,
    revision.counts, revision.currency,
    jsonb_set(revision.values, '{amount}',
        to_jsonb(((revision.values ->> 'amount')::numeric + %(more)s)::text)),
    revision.credits, revision.version || '+', revision.payload, false, now()
FROM corrected JOIN ledger_revision AS revision
    ON revision.id = corrected.revision_id
"""
_CREDITS = """
WITH closed AS (
    UPDATE ledger_credit AS credit SET closed = corrected.change
    FROM corrected
    WHERE credit.entry_id = corrected.entry_id AND credit.closed IS NULL
    RETURNING credit.*, corrected.change
)
INSERT INTO ledger_credit (entry_id, payee_id, role, share, occurred_on, opened)
SELECT entry_id, payee_id, role, share, occurred_on, change FROM closed
"""


def correct(ids: Sequence[int], more: int = 7) -> None:
    """Give these deals a new amount, each by a change of its own."""
    last = Change.objects.order_by("-number").values_list("number", flat=True)[0]
    values: dict[str, Any] = {"ids": list(ids), "last": last, "more": more}
    with transaction.atomic(), connection.cursor() as cursor:
        for statement in (_CORRECTED, _CHANGES, _CLOSED, _OPENED, _CREDITS):
            cursor.execute(statement, values)
