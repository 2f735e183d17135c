"""What a preview comes to: its figures, as stored, and its price in words."""

from collections.abc import Iterable
from decimal import Decimal
from statistics import median
from typing import Any

from commissions.plans.models import PreviewedStatement
from tenants.frame.formats import Reader, format_money

ZERO = Decimal(0)
ENGLISH = Reader()


def summary_of(rows: Iterable[PreviewedStatement]) -> dict[str, Any]:
    """Return the figures that the page begins with, as text."""
    rows = list(rows)
    changed = [row for row in rows if row.is_changed and not row.is_frozen]
    frozen = [row for row in rows if row.is_changed and row.is_frozen]
    by_size = sorted(changed, key=lambda row: (row.difference, row.payee_name))
    sizes = [row.difference for row in by_size]
    largest = max(changed, key=lambda row: abs(row.difference), default=None)
    return {
        "statements": len(changed),
        "unchanged": sum(not row.is_changed and not row.is_frozen for row in rows),
        "total": _text(sum(sizes, ZERO)),
        "lower": sum(size < 0 for size in sizes),
        "higher": sum(size > 0 for size in sizes),
        "smallest": _text(min(sizes, key=abs, default=ZERO)),
        "median": _text(median(sizes) if sizes else ZERO),
        "largest": _text(largest.difference if largest else ZERO),
        "largest_name": largest.payee_name if largest else "",
        "largest_lines": largest.differ if largest else 0,
        "periods": _periods(changed),
        "components": _components(changed),
        "payees": len({row.payee_id for row in changed}),
        "frozen": len(frozen),
        "frozen_unchanged": sum(row.is_frozen and not row.is_changed for row in rows),
        "frozen_total": _text(sum((row.difference for row in frozen), ZERO)),
        "moved": _text(sum((abs(row.difference) for row in rows), ZERO)),
        "failures": sum(len(row.failures) for row in rows),
        "now": _text(sum((row.now for row in rows), ZERO)),
        "after": _text(sum((row.after for row in rows), ZERO)),
    }


def headline(summary: dict[str, Any], currency: str) -> str:
    """Return the price in words: `37 statements, +$1,240.00`."""
    count = int(summary["statements"])
    if not count:
        return "no statement changes"
    noun = "statement" if count == 1 else "statements"
    return f"{count:,} {noun}, {signed(Decimal(summary['total']), currency)}"


def signed(amount: Decimal, currency: str) -> str:
    """Write an amount with its sign and symbol, also where it rises."""
    plus = "+" if amount > 0 else ""
    return f"{plus}{format_money(amount, currency, ENGLISH)}"


def _periods(changed: Iterable[PreviewedStatement]) -> list[dict[str, Any]]:
    found: dict[str, list[Decimal]] = {}
    for row in changed:
        found.setdefault(row.period_slug, []).append(row.difference)
    return [
        {"slug": slug, "statements": len(sizes), "total": _text(sum(sizes, ZERO))}
        for slug, sizes in sorted(found.items())
    ]


def _components(changed: Iterable[PreviewedStatement]) -> list[dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for row in changed:
        of_lines = [
            {**line, "key": line["component"], "lines": 1} for line in row.lines
        ]
        for own in of_lines if row.parts is None else row.parts:
            empty = {"key": own["key"], "name": own["name"], "lines": 0, "total": ZERO}
            part = found.setdefault(own["key"], empty)
            part["lines"] += own["lines"]
            part["total"] += Decimal(own["after"]) - Decimal(own["before"])
    return [{**part, "total": _text(part["total"])} for part in found.values()]


def _text(amount: Decimal) -> str:
    return f"{amount:f}"
