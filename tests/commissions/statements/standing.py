"""How everything stands, as one text, and how it would stand if all was reckoned anew."""

import json
from collections.abc import Sequence
from typing import Any

from django.db import transaction

from commissions.plans.models import Plan, PlanVersion
from commissions.statements.models import (
    CalculationState,
    Line,
    PayPeriod,
    Run,
    Statement,
    StoredMeasure,
)
from commissions.statements.recalculate import recalculate
from commissions_saas.lib import clock
from crm_sync.ledger.changes import latest_change
from crm_sync.ledger.models import Entry, Payee


def forget_open_statements() -> None:
    """Close all lines and measures of open statements, as if nobody had reckoned."""
    run = Run.objects.create(
        trigger="Forgotten", change=0, at=clock.now(), evaluator="test"
    )
    rows = Statement.objects.filter(state=Statement.State.OPEN).select_related("period")
    for row in rows:
        Line.objects.filter(
            payee_id=row.payee_id, period_id=row.period_id, closed_run__isnull=True
        ).update(closed_run=run.pk)
        StoredMeasure.objects.filter(
            payee_id=row.payee_id, period_slug=row.period.slug, closed_run__isnull=True
        ).update(closed_run=run.pk)
    rows.update(change=0, calculated_at=None, total=0, waiting=0, payable=0, failures=0)
    CalculationState.objects.all().delete()


def settle(most_triggers: int = 3) -> None:
    """Recalculate until nothing is left: a late change may post or carry something."""
    while True:
        known = latest_change()
        wrote = recalculate(most_triggers=most_triggers).statements
        if not wrote and latest_change() == known:
            return


def from_scratch() -> str:
    """Reckon all open statements again from nothing, and return how it all stands."""
    with transaction.atomic():
        forget_open_statements()
        recalculate(everything=True)
        settle()
        found = canonical()
        transaction.set_rollback(True)
    return found


def canonical() -> str:
    """All live lines, measures and totals, as one text without any row's number."""
    periods = dict(PayPeriod.objects.values_list("pk", "slug"))
    people = dict(Payee.objects.values_list("pk", "name"))
    entries = dict(Entry.objects.values_list("pk", "external_id"))
    plans = dict(Plan.objects.values_list("pk", "slug"))
    versions = {
        row.pk: f"{plans[row.plan_id]} {row.number}"
        for row in PlanVersion.objects.all()
    }
    lines = [
        [
            people[row.payee_id],
            periods[row.period_id],
            versions.get(row.version_id or 0, ""),
            row.component,
            row.component_name,
            entries.get(row.entry_id, ""),
            row.role,
            row.kind,
            str(row.share),
            str(row.base),
            str(row.amount),
            row.currency,
            row.waiting_for,
            row.failed,
            row.earned_on.isoformat(),
            row.adjustment_id,
        ]
        for row in Line.objects.filter(closed_run__isnull=True)
    ]
    measures = [
        [
            people[row.payee_id],
            row.period_slug,
            plans[int(row.name.partition("/")[0])],
            row.name.partition("/")[2],
            str(row.value),
        ]
        for row in StoredMeasure.objects.filter(closed_run__isnull=True)
    ]
    statements = [
        [
            people[row.payee_id],
            periods[row.period_id],
            row.state,
            str(row.total),
            str(row.waiting),
            str(row.payable),
            row.failures,
            row.settled,
            [
                [entries.get(int(one["entry"]), ""), one["why"]]
                for one in row.credits_left_out
            ],
        ]
        for row in Statement.objects.all()
    ]
    whole: dict[str, list[list[Any]]] = {
        "lines": lines,
        "measures": measures,
        "statements": statements,
    }
    return json.dumps(
        {key: sorted(rows, key=json.dumps) for key, rows in whole.items()}, indent=1
    )


def difference(one: str, other: str) -> Sequence[str]:
    """Return what only one of two texts has, for the failure message."""
    left, right = json.loads(one), json.loads(other)
    found = []
    for key in left:
        found += [f"- {row}" for row in left[key] if row not in right[key]]
        found += [f"+ {row}" for row in right[key] if row not in left[key]]
    return found
