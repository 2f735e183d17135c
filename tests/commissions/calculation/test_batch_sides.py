"""A statement on both sides through one loop: what the pipeline gives for each side."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise, product
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from commissions.calculation.batch import Batch
from commissions.calculation.batch_code import Doubt
from commissions.calculation.batch_sides import AFTER, NOW, PayeeSides
from commissions.calculation.facts import AssignmentFact, PayeeInputs
from commissions.calculation.pipeline import calculate
from commissions.calculation.program import PlanProgram
from commissions.plans.compiling import compile_plan
from commissions.plans.yaml_form import plan_from_yaml
from commissions.statements.impact import moves
from commissions.statements.impact_batch import as_moves
from commissions_saas.lib.periods import parse_period
from crm_sync.ledger.facts import EntryFact, Value
from tests.commissions.calculation.builders import a_deal, an_assignment, inputs
from tests.commissions.calculation.test_batch import EDGES, KNOWN, a_sale, row_of

EDGE = EDGES.format(currency="USD", rounding="half_up")
SWAPS = (
    ("", ""),
    ("base * 1.2345%", "base * 2%"),
    ("clawback_days: 20", "clawback_days: 30"),
    ("cap: quota / 100", "cap: quota / 7"),
    ("rate: 2.5%", "rate: 2.75%"),
    ("systems.before / 1000", "systems.after / 1000"),
    ('deal.product == "System replacement"', 'deal.product == "Product 3"'),
    ("waiting_for: a fee", "waiting_for: another fee"),
    ("deal.fee > 10", "deal.fee > 20"),
    ("credit: [owner, split, referrer]", "credit: [owner]"),
    ("rounding: half_up", "rounding: up"),
    ("key: note", "key: remark"),
    ("over: quarter", "over: year"),
    ("amount: base * 1.5 -", "amount: base * 1.25 -"),
)
EDGED = [compile_plan(plan_from_yaml(EDGE.replace(*swap))) for swap in SWAPS]
PAIRS = [
    *product(EDGED[:1], EDGED),
    *((one, EDGED[0]) for one in EDGED[1:]),
    (EDGED[4], EDGED[12]),
    *((one, two) for one, two in pairwise(KNOWN)),
]
KEPT = {"fee": Decimal(12), "product": "Product 3"}  # a missing one is a doubt
SLUGS = ("2026-10", "2026-11", "2026-12")


def both_ways(
    entries: Sequence[EntryFact],
    now: Sequence[AssignmentFact],
    after: Sequence[AssignmentFact],
    **rest: Any,
) -> int:
    """Hold the loop against the pipeline, month by month; count where it had doubts."""
    batch = Batch.of(fact.program for fact in (*now, *after))
    assert batch is not None
    counting = [one for one in entries if one.counts or one.reversed_on]
    counting.sort(
        key=lambda one: (one.occurred_on, one.external_id, one.id, one.credits[0].role)
    )
    payee = PayeeSides(batch, [row_of(one, batch.keys) for one in counting])
    doubts = 0
    for slug in SLUGS:
        assert parse_period(slug)
        given = inputs(*entries, period=slug, **rest)
        whole = [replace(given, assignments=tuple(side)) for side in (now, after)]
        frames = [replace(one, entries=()) for one in whole]
        try:
            found = payee.compare(frames[NOW], frames[AFTER], with_lines=True)
        except Doubt:
            doubts += 1
            continue
        names = {one.id: one.name for one in entries}
        assert_same(found, whole, names)
        summed = payee.compare(frames[NOW], frames[AFTER], with_lines=False)
        assert summed.parts == found.parts and summed.differing is None
    return doubts


def assert_same(
    found: Any, whole: Sequence[PayeeInputs], names: dict[int, str]
) -> None:
    drafts = [calculate(one) for one in whole]
    assert not drafts[NOW].failures and not drafts[AFTER].failures
    for side in (NOW, AFTER):
        assert found.total(side) == drafts[side].total
        assert found.lines(side) == len(drafts[side].lines)
        assert found.measures[side] == drafts[side].measures
    told = moves(drafts[NOW], drafts[AFTER], names)
    assert sorted(map(str, as_moves(found, names))) == sorted(map(str, told))
    assert found.differ == len(told)


def dealt(sales: Sequence[dict[str, Any]], program: PlanProgram) -> list[EntryFact]:
    return [
        a_deal(number, **{**KEPT, **sale, "currency": program.currency})
        for number, sale in enumerate(sales, 1)
    ]


@settings(max_examples=40)
@given(
    pair=st.sampled_from(PAIRS),
    sales=st.lists(a_sale(), max_size=12),
    begins=st.integers(0, 91),
    kept=st.none() | st.integers(0, 91),
)
def test_both_sides_are_what_the_pipeline_gives(
    pair: tuple[PlanProgram, PlanProgram],
    sales: list[dict[str, Any]],
    begins: int,
    kept: int | None,
) -> None:
    """The second plan is in force from a day, on one side alone."""
    first, second = pair
    values: dict[str, Value] = {"quota": Decimal(9000), "level": "junior"}
    start = date(2026, 10, 1) + timedelta(begins)
    ends = (start - timedelta(1)).isoformat()
    now = [an_assignment(first, values=values)]
    later = an_assignment(second, starts=start.isoformat(), values=values, version=2)
    after = [an_assignment(first, ends=ends, values=values), later]
    if kept is not None:  # somebody's quota changes on both sides
        day = date(2026, 10, 1) + timedelta(kept)
        now.append(
            an_assignment(
                first, starts=day.isoformat(), values={**values, "quota": Decimal(70)}
            )
        )
    rest = {"attributes": {"level": "senior"}}
    stored = {
        ("7/volume", "2026-10"): Decimal(500),
        ("7/systems", "2026-10"): Decimal(7),
    }

    both_ways(dealt(sales, first), now, after, **rest)
    both_ways(dealt(sales, first), after, now, stored=stored, **rest)
    both_ways(dealt(sales, first), now, [], **rest)
    both_ways(dealt(sales, first), [], after, **rest)


def test_plain_deals_leave_no_doubt_on_either_side() -> None:
    sales = [
        a_deal(
            number,
            day=f"2026-{month}-04",
            amount=str(number),
            fee=Decimal(12),
            product="",
        )
        for number, month in product(range(1, 40), ("10", "11", "12"))
    ]
    entries = [
        replace(one, id=at, external_id=f"d{at}") for at, one in enumerate(sales)
    ]
    values = {"quota": Decimal(9000)}
    sides = [
        [an_assignment(program, values=values, version=number)]
        for number, program in enumerate((EDGED[0], EDGED[4]), 1)
    ]

    assert both_ways(entries, *sides, attributes={"level": "senior"}) == 0


def test_two_plans_that_pay_under_one_key_are_left_to_the_pipeline() -> None:
    values: dict[str, Value] = {"quota": Decimal(9000), "level": "senior"}
    one = an_assignment(EDGED[0], values=values)
    other = replace(one, plan_id=8, program=EDGED[1])
    deals = [a_deal(1, day="2026-10-04", amount="100", fee=Decimal(12), product="")]

    assert both_ways(deals, [one, other], [one, other], attributes=values) == 1
