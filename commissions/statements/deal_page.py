"""The deal page: the end of the chain, and who earns what from one entry."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Sum

from commissions.statements.models import Cause, Line, PayPeriod
from commissions.statements.sources import Source, sources_of
from commissions.statements.states import line_states
from crm_sync.accounting.accounts import account_of, deals_behind, has_any
from crm_sync.accounting.whose import customer_of_deal, customers_visible_to
from crm_sync.ledger.models import Customer, Entry, Payee
from crm_sync.ledger.selectors import deal_page_context, payees_visible_to
from crm_sync.ledger.standard import DEAL
from crm_sync.ledger.values import for_people
from tenants.access import Member


@dataclass(frozen=True, slots=True)
class Earning:
    """What one person earns from the deal by one component."""

    payee: Payee
    line: Line
    slug: str
    state: str
    on: str = ""
    """The payment or invoice of the deal that it is paid for, if it is not the deal."""


def deal_context(entry: Entry, member: Member) -> dict[str, Any]:
    """Return a deal's page; amounts of people the member may not see are left out."""
    context = deal_page_context(entry, member)
    account = account_of(entry, member)
    behind = account.numbers if entry.object == DEAL else {}
    lines = Line.objects.filter(
        entry_id__in=[entry.pk, *behind], closed_run__isnull=True
    )
    everyone = set(lines.values_list("payee_id", flat=True))
    visible = {
        payee.pk: payee for payee in payees_visible_to(member).filter(pk__in=everyone)
    }
    own = list(lines.filter(payee_id__in=visible).order_by("payee_id", "pk"))
    earnings = _earnings(own, visible, behind)
    effects = _effects(entry, set(visible))
    context["history"] = [(row, effects.get(row.number)) for row in context["history"]]
    source = sources_of([entry.connection_id]).get(entry.connection_id, Source())
    return context | {
        "source": source.name,
        "earnings": earnings,
        "account": account,
        "stands_on": deals_behind(entry, member),
        "has_accounting": entry.object == DEAL and has_any(),
        "customer": _customer(entry, member),
        "held_back": [each for each in earnings if each.state == "waiting"],
        "others": len(everyone - set(visible)),
        "shared_by": len(everyone),
        "currency": entry.currency,
        "field_rows": [
            (row, for_people(row.value, row.field.type)) for row in context["fields"]
        ],
        "knock_ons": Cause.objects.filter(
            entry_id=entry.pk, payee_id__in=visible, knock_on=True
        ).order_by("-pk")[:20],
        "payload_text": json.dumps(context["payload"], indent=2, ensure_ascii=False),
    }


def _earnings(
    lines: list[Line], payees: Mapping[int, Payee], behind: Mapping[int, str]
) -> list[Earning]:
    """Return what each line pays, in the state that people read."""
    periods = PayPeriod.objects.in_bulk({line.period_id for line in lines})
    states = line_states(lines)
    return [
        Earning(
            payees[line.payee_id],
            line,
            periods[line.period_id].slug,
            states[line.pk],
            behind.get(line.entry_id, ""),
        )
        for line in lines
    ]


def _customer(entry: Entry, member: Member) -> Customer | None:
    """Return the customer of a deal, if the member may see its account."""
    found = customer_of_deal(entry) if entry.object == DEAL else None
    if found is None or not customers_visible_to(member).filter(pk=found.pk).exists():
        return None
    return found


def _effects(entry: Entry, payee_ids: set[int]) -> dict[int | None, Decimal]:
    """Return what each change of this deal did to commission, knock-on effects too."""
    numbers = (
        Cause.objects.filter(entry_id=entry.pk, payee_id__in=payee_ids, knock_on=False)
        .values("change_number")
        .annotate(effect=Sum("effect"))
    )
    return {row["change_number"]: row["effect"] for row in numbers}
