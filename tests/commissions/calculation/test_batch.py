"""The batch path and the pipeline give the same lines, totals, measures and tiers."""

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from commissions.calculation.attainment import tiers_passed
from commissions.calculation.batch import Batch, PayeeBatch, Reckoned
from commissions.calculation.batch_code import Doubt, Row
from commissions.calculation.batch_known import keys_read
from commissions.calculation.facts import AssignmentFact, PayeeInputs
from commissions.calculation.pipeline import calculate
from commissions.calculation.program import PlanProgram
from commissions.plans.compiling import compile_plan
from commissions.plans.yaml_form import plan_from_yaml
from commissions.statements.batch_writing import text_of
from commissions.statements.differences import money
from commissions.statements.models import Statement
from commissions_saas.bench.work import plan_text
from commissions_saas.lib.periods import parse_period
from crm_sync.ledger.facts import EntryFact, Value
from crm_sync.ledger.values import to_text
from tests.commissions.calculation.builders import TIERS, a_deal, an_assignment, inputs

PLANS = Path(__file__).parents[2] / "plans"
PRODUCTS = ("Product 0", "Product 3", "System replacement", "")
FIELDS = """fields:
  deal.fee: money
  deal.cost: money
  deal.margin_rate: percent
  deal.customer_paid: yesno
  deal.segment: text
  deal.product: text
  deal.territory: text
measures:"""
EDGES = """
plan: Edges
currency: {currency}
rounding: {rounding}
fields: {{deal.fee: money, deal.product: text, payee.level: text}}
variables: {{quota: money}}
measures:
  volume: {{sum: deal.amount * deal.share, over: quarter}}
  systems:
    sum: deal.amount
    when: deal.product == "System replacement"
    over: period
components:
  - key: early
    when: volume.after <= quota and deal.won_on < date("2026-11-20")
    base: deal.amount - or_else(deal.fee, 0)
    amount: base * 1.2345%
    cap: quota / 100
    floor: 1
    clawback_days: 20
  - key: late
    amount: whole(volume.after, deal.amount, tiers.steps) + systems.before / 1000
    payable_when: deal.fee > 10
    waiting_for: a fee
  - key: note
    when: payee.level == "senior" or deal.role == "split"
    credit: [owner, split, referrer]
    amount: max(-5, min(7, deal.amount / 7)) - 1
  - key: seventh
    base: deal.amount / 7
    amount: base * 1.5 - IF(base * 7 == deal.amount, 0, 1000)
    cap: base * 1.4
tables:
  steps: {{rows: [{{from: 0, rate: 1%}}, {{from: 5000, rate: 2.5%}}]}}
"""


def programs() -> list[PlanProgram]:
    texts = [
        plan_text(3).replace("measures:", FIELDS, 1),
        TIERS.replace("over: month", "over: quarter"),
        EDGES.format(currency="USD", rounding="half_even"),
        EDGES.format(currency="JPY", rounding="half_up"),
        EDGES.format(currency="KWD", rounding="half_up"),
        *(file.read_text() for file in sorted(PLANS.glob("*.yaml"))),
    ]
    found = []
    for text in texts:
        program = compile_plan(plan_from_yaml(text))
        read = keys_read(program)
        if read is not None and read[0] == "deal":
            found.append(program)
    return found


KNOWN = programs()
AMOUNT = st.decimals(-99_999, 99_999, places=2)


@st.composite
def a_sale(draw: st.DrawFn) -> dict[str, Any]:
    """A deal as the ledger may know it, with what is missing and what was lost."""
    day = date(2026, 10, 1) + timedelta(days=draw(st.integers(0, 91)))
    values: dict[str, Any] = {
        "fee": draw(st.none() | AMOUNT),
        "cost": draw(AMOUNT),
        "margin_rate": draw(st.sampled_from(["0.05", "0.125"]).map(Decimal)),
        "customer_paid": draw(st.booleans()),
        "paid": draw(st.booleans()),
        "segment": draw(st.sampled_from(["Enterprise", "Small"])),
        "product": draw(st.sampled_from(PRODUCTS)),
        "territory": draw(st.sampled_from(["Territory 0", "Territory 11"])),
    }
    lost = draw(st.none() | st.integers(0, 60))
    return {
        "day": day.isoformat(),
        "amount": str(draw(AMOUNT)),
        "role": draw(st.sampled_from(["owner", "split", "referrer"])),
        "share": draw(st.sampled_from(["1", "0.5", "0.33333333"])),
        "currency": draw(st.sampled_from(["", "", "", "EUR"])),
        "lost_on": "" if lost is None else (day + timedelta(lost)).isoformat(),
        "external_id": draw(st.sampled_from("abcde")),
        **{key: value for key, value in values.items() if value is not None},
    }


def row_of(entry: EntryFact, keys: Sequence[str]) -> Row:
    """The entry as the ledger's rows give it: everything as text."""
    (credit,) = entry.credits
    assert entry.occurred_on is not None
    day = entry.occurred_on.isoformat()
    own = {"id": entry.external_id, "name": entry.name}
    texts = {key: to_text(value) for key, value in entry.values.items()} | own
    late = (
        (entry.reversed_on - entry.occurred_on).days
        if entry.reversed_on is not None
        else None
    )
    return (
        credit.payee_id,
        f"{entry.id}\t{credit.role}\t{credit.share:.8f}\t{day}\t",
        day,
        credit.role,
        to_text(credit.share),
        f"{texts.get('product', '')}\x1f{texts.get('territory', '')}",
        late,
        entry.currency,
        *(texts.get(key) for key in keys),
    )


def prefix(frame: PayeeInputs, fact: AssignmentFact, key: str, name: str) -> str:
    return (
        f"{frame.payee_id}\t5\t{fact.version_id}\t{key}\t{name}\tearning\t"
        f"{fact.program.currency}\t0\t\t"
    )


def assert_same(found: Reckoned, given: PayeeInputs) -> None:
    draft = calculate(given)
    row = cast(Statement, SimpleNamespace(payee_id=given.payee_id, period_id=5))
    assert sorted(found.texts) == sorted(text_of(line, row) for line in draft.lines)
    assert not draft.failures
    assert found.measures == draft.measures
    assert tuple(found.totals) == draft.totals
    assert found.total == draft.total
    waiting = sum((line.amount for line in draft.lines if line.waiting_for), Decimal(0))
    assert found.waiting == waiting
    cells = {
        key: (money(earned), lines) for key, (earned, lines) in found.cells.items()
    }
    assert sum(earned for earned, _ in cells.values()) == draft.total
    assert sum(lines for _, lines in cells.values()) == len(draft.lines)
    passed = [
        (one.plan_id, one.component, one.measure, one.bound, one.rate, one.entry_id)
        for one in tiers_passed(given)
    ]
    assert [
        (
            one.plan_id,
            one.component,
            one.measure,
            one.bound,
            one.rate,
            int(one.head.partition("\t")[0]),
        )
        for one in found.crossings
    ] == passed


def each_period(
    entries: Sequence[EntryFact], assignments: Iterable[AssignmentFact], **rest: Any
) -> int:
    """Hold both ways against each other, month by month; count where one had doubts."""
    assignments = tuple(assignments)
    batch = Batch.of(fact.program for fact in assignments)
    assert batch is not None
    counting = [one for one in entries if one.counts or one.reversed_on]
    ordered = sorted(
        counting,
        key=lambda one: (
            one.occurred_on or date.min,
            one.external_id.encode(),
            one.id,
            one.credits[0].role,
        ),
    )
    payee = PayeeBatch(batch, [row_of(one, batch.keys) for one in ordered], prefix)
    doubts = 0
    for slug in ("2026-10", "2026-11", "2026-12"):
        given = inputs(*entries, assignments=assignments, period=slug, **rest)
        frame = inputs(assignments=assignments, period=slug, **rest)
        try:
            found = payee.reckon(frame)
        except Doubt:
            doubts += 1
            continue
        assert parse_period(slug) == given.period
        assert_same(found, given)
    return doubts


def test_enough_of_the_plans_that_people_write_are_known() -> None:
    assert len(KNOWN) >= 12


@pytest.mark.parametrize("program", KNOWN, ids=lambda program: program.name)
@settings(max_examples=15)
@given(sales=st.lists(a_sale(), max_size=12), cut=st.integers(0, 91))
def test_both_ways_give_the_same_statement(
    program: PlanProgram, sales: list[dict[str, Any]], cut: int
) -> None:
    deals = [
        a_deal(number, **{**sale, "currency": sale["currency"] or program.currency})
        for number, sale in enumerate(sales, 1)
    ]
    day = date(2026, 10, 1) + timedelta(days=cut)
    first: dict[str, Value] = {"quota": Decimal(9000), "level": "junior"}
    second: dict[str, Value] = {"quota": Decimal("12345.67"), "level": "junior"}
    facts = [
        an_assignment(program, ends=day.isoformat(), values=first),
        an_assignment(
            program, starts=(day + timedelta(1)).isoformat(), values=second, version=2
        ),
    ]
    stored = {
        ("7/volume", "2026-10"): Decimal(500),
        ("7/bookings", "2026-10"): Decimal(7),
    }
    attributes = {"level": "senior"}

    each_period(deals, facts, attributes=attributes)
    each_period(deals, facts, attributes=attributes, stored=stored)


def test_plain_deals_leave_no_doubt() -> None:
    program = KNOWN[0]
    deals = [
        a_deal(
            number,
            f"2026-{10 + number % 3}-{1 + number % 28:02}",
            f"{12_345 * number}.67",
            fee=Decimal("12.30"),
            cost=Decimal(number),
            margin_rate=Decimal("0.15"),
            customer_paid=number % 3 > 0,
            segment="Enterprise",
            product=f"Product {number % 20}",
            territory=f"Territory {number % 12}",
        )
        for number in range(1, 61)
    ]

    assert each_period(deals, [an_assignment(program)]) == 0


def test_two_shares_in_one_role_are_left_to_the_pipeline() -> None:
    program = KNOWN[1]
    twice = [a_deal(1, "2026-10-05", "100"), a_deal(1, "2026-10-05", "100")]

    assert each_period(twice, [an_assignment(program)]) > 0
