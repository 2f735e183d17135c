"""Where a payee starts: on their own latest statement."""

from typing import Any

from commissions.statements.selectors import latest_statement
from crm_sync.ledger.selectors import payee_of
from tenants.urls_for import business_url


def own_statement(request: Any) -> str | None:
    """Return where the member's current statement is, or None where there is none."""
    payee = payee_of(request.member)
    row = latest_statement(payee.pk) if payee else None
    if payee is None or row is None:
        return None
    return business_url(
        request.business, "statements:statement", payee.pk, row.period.slug
    )
