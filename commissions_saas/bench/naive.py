"""The naive way: simpleeval on the text of each formula, ORM rows, bulk_create."""

import time
from collections import defaultdict
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from simpleeval import SimpleEval

from commissions.formula import KeyedTable, TierTable
from commissions.plans.models import PlanVersion
from commissions.plans.selectors import programs_of
from commissions.statements.models import Line, PayPeriod
from crm_sync.ledger.models import Credit, Entry, Revision

CENT, FOUR = Decimal("0.01"), Decimal("0.0001")
BASE = "(amount - fee) * share"
FORMULAS = {
    "commission": (BASE, "base * lookup(product, territory)", ""),
    "accelerator": (BASE, "marginal(before, base)", ""),
    "margin": (
        "biggest(nothing, amount - fee - cost) * share",
        "smallest(cap, base * margin_rate * (more if segment == 'Enterprise' else one))",
        "customer payment",
    ),
}
AMOUNTS = ("amount", "fee", "cost", "margin_rate")
CONSTANTS = {
    "nothing": Decimal(0),
    "one": Decimal(1),
    "more": Decimal("1.2"),
    "cap": Decimal(2500),
}


def write_lines(payee_ids: list[int]) -> tuple[float, list[Line]]:
    """Work out these payees' lines the naive way; return the seconds and the lines."""
    version = PlanVersion.objects.get()
    program = programs_of([version])[version.pk]
    rates, steps = program.tables["rates"], program.tables["steps"]
    assert isinstance(rates, KeyedTable)
    assert isinstance(steps, TierTable)
    functions = {
        "lookup": lambda *keys: rates.find(keys),
        "marginal": steps.marginal,
        "biggest": max,
        "smallest": min,
    }
    periods = list(PayPeriod.objects.all())
    started = time.monotonic()
    lines = []
    for payee_id in payee_ids:
        lines += _payee(payee_id, version.pk, periods, functions)
    Line.objects.bulk_create(lines, batch_size=1000)
    return time.monotonic() - started, lines


def _payee(
    payee_id: int, version: int, periods: list[PayPeriod], functions: dict[str, Any]
) -> list[Line]:
    credits = Credit.objects.filter(payee_id=payee_id, closed__isnull=True)
    ids = [credit.entry_id for credit in credits]
    entries = Entry.objects.in_bulk(ids)
    rows = Revision.objects.filter(entry_id__in=ids, closed__isnull=True)
    revisions = {row.entry_id: row for row in rows}
    totals: dict[date, Decimal] = defaultdict(Decimal)
    found = []
    order = sorted(
        credits,
        key=lambda one: (one.occurred_on, entries[one.entry_id].external_id),
    )
    for credit in order:
        revision = revisions[credit.entry_id]
        day = credit.occurred_on
        assert day is not None
        quarter = date(day.year, 3 * ((day.month - 1) // 3) + 1, 1)
        names: dict[str, Any] = {**revision.values, **CONSTANTS, "share": credit.share}
        names |= {name: Decimal(names[name]) for name in AMOUNTS}
        names["before"] = totals[quarter]
        period = next(one for one in periods if one.starts_on <= day <= one.ends_on)
        common = {
            "payee_id": payee_id,
            "period_id": period.pk,
            "version_id": version,
            "entry_id": credit.entry_id,
            "role": credit.role,
            "share": credit.share,
            "earned_on": day,
        }
        found += [_line(component, names, functions, common) for component in FORMULAS]
        totals[quarter] += (names["amount"] - names["fee"]) * credit.share
    return found


def _line(
    component: str,
    names: dict[str, Any],
    functions: dict[str, Any],
    common: dict[str, Any],
) -> Line:
    base, amount, gate = FORMULAS[component]
    names["base"] = SimpleEval(names=names, functions=functions).eval(base)
    exact = SimpleEval(names=names, functions=functions).eval(amount)
    return Line(
        **common,
        component=component,
        component_name=component,
        base=names["base"].quantize(FOUR),
        amount=exact.quantize(CENT, ROUND_HALF_UP),
        currency="USD",
        waiting_for=gate if gate and names["customer_paid"] != "yes" else "",
        opened_run=0,
    )
