"""A statement as CSV, with the columns that explain each amount."""

import csv
from collections.abc import Iterable, Mapping
from io import StringIO

from commissions.plans.models import PlanVersion
from commissions.statements.models import Adjustment, Line, Statement
from commissions.statements.selectors import lines_of
from commissions.statements.statement_page import rate_words
from commissions.statements.states import WORDS, line_states
from commissions_saas.lib.money import round_money
from crm_sync.ledger.models import Entry

COLUMNS = (
    "what",
    "source id",
    "component",
    "earned on",
    "product",
    "role",
    "split",
    "base",
    "rate",
    "amount",
    "currency",
    "state",
    "waiting for",
    "plan",
    "version",
    "formula",
    "reason",
)
# A spreadsheet runs a cell that begins with one of these.
DANGEROUS = ("=", "+", "-", "@", "\t", "\r")


def statement_csv(row: Statement) -> str:
    """Return a statement's lines as CSV; texts of people never become formulas."""
    lines = list(lines_of(row).order_by("component", "earned_on", "pk"))
    entries = Entry.objects.in_bulk({line.entry_id for line in lines})
    versions = PlanVersion.objects.select_related("plan").in_bulk(
        {line.version_id for line in lines if line.version_id}
    )
    adjustments = Adjustment.objects.in_bulk({line.adjustment_id for line in lines})
    states = line_states(lines)
    out = StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for line in lines:
        writer.writerow(
            _row(
                line,
                entries.get(line.entry_id),
                versions.get(line.version_id or 0),
                adjustments.get(line.adjustment_id),
                WORDS[states[line.pk]],
            )
        )
    return out.getvalue()


def _row(
    line: Line,
    entry: Entry | None,
    version: PlanVersion | None,
    adjustment: Adjustment | None,
    state: str,
) -> Iterable[str]:
    return (
        safe(entry.name if entry else line.component_name),
        safe(entry.external_id if entry else ""),
        safe(line.component_name),
        line.earned_on.isoformat(),
        safe(entry.product if entry else ""),
        line.role,
        "" if line.share is None else f"{line.share.normalize():f}",
        "" if line.base is None else f"{round_money(line.base, line.currency):f}",
        rate_words(line, version),
        f"{round_money(line.amount, line.currency):f}",
        line.currency,
        state,
        safe(line.waiting_for),
        safe(version.plan.name if version else ""),
        str(version.number) if version else "",
        safe(_formula(version.document if version else {}, line.component)),
        safe(adjustment.reason if adjustment else ""),
    )


def _formula(document: Mapping[str, list[dict[str, str]]], component: str) -> str:
    return next(
        (
            part.get("amount", "")
            for part in document.get("components", [])
            if part.get("key") == component
        ),
        "",
    )


def safe(text: str) -> str:
    """Return a text that no spreadsheet takes for a formula."""
    return f"'{text}" if text.startswith(DANGEROUS) else text
