"""The receipt of a stored line: worked out again from the inputs of its run."""

from dataclasses import dataclass
from decimal import Decimal

from commissions.calculation.facts import LineKey, PayeeInputs
from commissions.calculation.receipt import NoSuchLine, Receipt
from commissions.calculation.receipts import explain
from commissions.plans.models import PlanVersion
from commissions.statements.differences import money
from commissions.statements.inputs import load
from commissions.statements.models import Line, PayPeriod, Run
from commissions.statements.periods import as_period


@dataclass(frozen=True, slots=True)
class LineReceipt:
    """A receipt, and whether it still comes to the stored amount."""

    receipt: Receipt | None
    inputs: PayeeInputs
    version: PlanVersion | None
    problem: str = ""
    differs_by: Decimal = Decimal(0)


def receipt_of(line: Line) -> LineReceipt:
    """Explain a line from exactly what its run read; say so where that differs."""
    period = as_period(PayPeriod.objects.get(pk=line.period_id))
    change = Run.objects.values_list("change", flat=True).get(pk=line.opened_run)
    key = line.payee_id, period
    inputs = load([key], change, with_names=True).inputs(*key)
    version = PlanVersion.objects.select_related("plan").filter(pk=line.version_id or 0)
    found = version.first()
    line_key = LineKey(
        found.plan_id if found else 0,
        line.component,
        line.entry_id,
        line.role,
        line.adjustment_id,
    )
    try:
        receipt = explain(inputs, line_key)
    except NoSuchLine as problem:
        return LineReceipt(None, inputs, found, problem.message)
    differs = money(receipt.line.amount) - line.amount
    return LineReceipt(receipt, inputs, found, differs_by=differs)
