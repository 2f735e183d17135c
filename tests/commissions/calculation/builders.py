"""Plans, deals and inputs for the tests of the calculation."""

from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from commissions.calculation.facts import (
    AssignmentFact,
    LineDraft,
    PayeeInputs,
    StatementDraft,
)
from commissions.calculation.program import PlanProgram
from commissions.plans.compiling import compile_plan
from commissions.plans.document import PlanDocument
from commissions.plans.yaml_form import plan_from_yaml
from commissions_saas.lib.periods import parse_period
from crm_sync.ledger.facts import CreditFact, EntryFact, Value

BOB, THEO = 1, 2

TIERS = """
plan: Tiers
currency: USD
fields: {deal.fee: money, deal.paid: yesno}
measures:
  volume:
    sum: (deal.amount - or_else(deal.fee, 0)) * deal.share
    over: month
components:
  - key: sale
    base: (deal.amount - or_else(deal.fee, 0)) * deal.share
    amount: marginal(volume.before, base, tiers.steps)
    payable_when: deal.paid
    waiting_for: customer payment
    clawback_days: 90
tables:
  steps: {rows: [{from: 0, rate: 6%}, {from: 80000, rate: 8%}]}
"""


def a_document(text: str = TIERS) -> PlanDocument:
    """Return a plan document from YAML."""
    return plan_from_yaml(text)


def a_program(text: str = TIERS) -> PlanProgram:
    """Return a plan ready to run."""
    return compile_plan(a_document(text))


def a_deal(
    number: int,
    day: str,
    amount: str,
    *,
    payee: int = BOB,
    role: str = "owner",
    share: str = "1",
    counts: bool = True,
    lost_on: str = "",
    currency: str = "USD",
    external_id: str = "",
    credits: Iterable[CreditFact] = (),
    **values: Value,
) -> EntryFact:
    """Return a won deal of Bob's, named by its number."""
    return EntryFact(
        id=number,
        object="deal",
        external_id=external_id or f"deal-{number}",
        name=f"Deal {number}",
        occurred_on=date.fromisoformat(day),
        counts=counts and not lost_on,
        currency=currency,
        values={"amount": Decimal(amount), "status": "Won", "paid": True, **values},
        credits=tuple(credits) or (CreditFact(payee, role, Decimal(share)),),
        reversed_on=date.fromisoformat(lost_on) if lost_on else None,
    )


def an_assignment(
    program: PlanProgram,
    *,
    plan: int = 7,
    version: int = 1,
    starts: str = "2026-01-01",
    ends: str = "",
    values: Mapping[str, Value] | None = None,
) -> AssignmentFact:
    """Return Bob's place on a plan version."""
    return AssignmentFact(
        plan_id=plan,
        version_id=plan * 10 + version,
        version_number=version,
        program=program,
        starts_on=date.fromisoformat(starts),
        ends_on=date.fromisoformat(ends) if ends else None,
        values=values or {},
    )


def inputs(
    *deals: EntryFact,
    program: PlanProgram | None = None,
    period: str = "2026-11",
    payee: int = BOB,
    assignments: Iterable[AssignmentFact] = (),
    **rest: Any,
) -> PayeeInputs:
    """Return what decides a statement, Bob's unless another payee is named."""
    given = tuple(assignments) or (an_assignment(program or a_program()),)
    return PayeeInputs(
        payee_id=payee,
        payee_name={BOB: "Bob", THEO: "Theo"}[payee],
        period=parse_period(period),
        currency="USD",
        assignments=given,
        entries=deals,
        names={BOB: "Bob", THEO: "Theo"},
        **rest,
    )


def amounts(draft: StatementDraft) -> dict[int, Decimal]:
    """Return the amounts by entry."""
    found: dict[int, Decimal] = {}
    for line in draft.lines:
        found[line.entry_id] = found.get(line.entry_id, Decimal(0)) + line.amount
    return found


def the_line(draft: StatementDraft, entry: int) -> LineDraft:
    """Return the only line of an entry."""
    (line,) = [line for line in draft.lines if line.entry_id == entry]
    return line
