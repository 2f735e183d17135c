"""The account card: what a customer owes, and what each source calls it."""

from typing import Any

from django import template
from django.template import Context

from crm_sync.accounting.accounts import account_of_customer, has_any
from crm_sync.accounting.whose import known_as
from crm_sync.connections.customer_sheet import titles_of
from crm_sync.ledger.models import Customer

register = template.Library()


@register.inclusion_tag("accounting/_customer_card.html", takes_context=True)
def account_card(context: Context, customer: Customer) -> dict[str, Any]:
    """Show what a customer owes and has paid, beside its ids in all sources."""
    request = context["request"]
    known = known_as(customer)
    titles = titles_of([one.connection_id for one in known])
    return {
        "request": request,
        "has_any": has_any(),
        "account": account_of_customer(customer, request.member),
        "known_as": [(titles.get(one.connection_id, "A source"), one) for one in known],
    }
