"""The tiers that a payee passed in a period, kept with the statement's totals."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal

from commissions.calculation.attainment import tiers_passed
from commissions.calculation.facts import PayeeInputs, StatementDraft
from commissions.formula import TierTable
from commissions.statements.models import Statement


def tiers_reached(inputs: PayeeInputs, draft: StatementDraft) -> list[dict[str, str]]:
    """Return each tier that was passed: its bound, its rate, the day and the deal.

    Looking for the deal costs a second reckoning, so it is done only for the few
    statements in which a total crossed the bound of some table.
    """
    if not has_crossed(inputs, draft):
        return []
    return [
        {
            "bound": format(tier.bound, "f"),
            "rate": format(tier.rate, "f"),
            "on": tier.on.isoformat(),
            "entry": str(tier.entry_id),
            "name": tier.entry_name,
        }
        for tier in tiers_passed(inputs)
    ]


def has_crossed(inputs: PayeeInputs, draft: StatementDraft) -> bool:
    """Say whether a total has crossed the bound of some table in the period."""
    bounds = set(_bounds(inputs))
    return any(
        total.total - total.added < bound <= total.total
        for total in draft.totals
        for bound in bounds
    )


def passed_tiers(statement: Statement) -> list[dict[str, object]]:
    """Return what a statement keeps of its tiers, as values that pages print."""
    return [
        {
            "bound": Decimal(tier["bound"]),
            "rate": Decimal(tier["rate"]),
            "on": date.fromisoformat(tier["on"]),
            "entry": int(tier["entry"]),
            "name": tier["name"],
        }
        for tier in statement.tiers
    ]


def _bounds(inputs: PayeeInputs) -> Iterator[Decimal]:
    """Yield every bound above the first row of the tables that may be read."""
    tables = [fact.table for fact in inputs.tables]
    for assignment in inputs.assignments:
        tables.extend(assignment.program.tables.values())
    for table in tables:
        if isinstance(table, TierTable):
            yield from table.starts[1:]
