"""A statement's lines and what a few changes do to them are its lines afterwards."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from commissions.calculation.batch import Batch, Cells, PayeeBatch, Reckoned
from commissions.calculation.batch_changed import ChangedBatch, Changes, PayeeChanges
from commissions.calculation.batch_changed_code import COME, GONE
from commissions.calculation.batch_code import FIXED, Doubt, Row
from commissions.calculation.facts import AssignmentFact
from commissions.calculation.program import PlanProgram
from crm_sync.ledger.facts import EntryFact, Value
from tests.commissions.calculation.builders import a_deal, an_assignment, inputs
from tests.commissions.calculation.test_batch import KNOWN, a_sale, prefix, row_of

HEAD, PLACE = FIXED.index("head"), FIXED.index("place")
MONTHS = ("2026-10", "2026-11", "2026-12")
STORED = {
    ("7/volume", "2026-10"): Decimal(500),
    ("7/bookings", "2026-10"): Decimal(7),
}
Sales = dict[int, dict[str, Any]]


def deals_of(sales: Sales, program: PlanProgram) -> list[EntryFact]:
    deals = [
        a_deal(number, **{**sale, "currency": sale["currency"] or program.currency})
        for number, sale in sales.items()
    ]
    return [deal for deal in deals if deal.counts or deal.reversed_on]


def in_order(deals: Sequence[EntryFact]) -> list[EntryFact]:
    return sorted(
        deals,
        key=lambda deal: (
            deal.occurred_on or date.min,
            deal.external_id.encode(),
            deal.id,
            deal.credits[0].role,
        ),
    )


def marked(before: Sales, after: Sales, batch: ChangedBatch, plan: PlanProgram) -> Any:
    """The rows as the ledger gives them: of what did not change only what runs."""
    same = {n for n in before if n in after and before[n] == after[n]}
    old = deals_of({n: sale for n, sale in before.items() if n not in same}, plan)
    new = deals_of(after, plan)
    found: list[Row] = []
    for deal in in_order([*old, *new]):
        row = row_of(deal, batch.keys)
        if deal.id in same:
            texts = [
                text if key in batch.running else None
                for key, text in zip(batch.keys, row[len(FIXED) :], strict=True)
            ]
            found.append(
                (*row[:PLACE], None, *row[PLACE + 1 : len(FIXED)], *texts, None)
            )
        else:
            mark = GONE if any(deal is one for one in old) else COME
            found.append((*row, mark))
    return found


def reckoned(
    sales: Sales, plan: PlanProgram, facts: Sequence[AssignmentFact], **rest: Any
) -> dict[str, Reckoned | None]:
    """Each month worked out as a whole; None where the batch has doubts."""
    batch = Batch.of([plan])
    assert batch is not None
    rows = [row_of(deal, batch.keys) for deal in in_order(deals_of(sales, plan))]
    payee = PayeeBatch(batch, rows, prefix)
    found: dict[str, Reckoned | None] = {}
    for slug in MONTHS:
        try:
            found[slug] = payee.reckon(inputs(assignments=facts, period=slug, **rest))
        except Doubt:
            found[slug] = None
    return found


def assert_leads_on(
    before: Reckoned, found: Changes, after: Reckoned, places: Mapping[str, str]
) -> None:
    texts = Counter(before.texts)
    texts.subtract(found.gone)
    texts.subtract([line.before for line in found.moved if line.before])
    assert min(texts.values(), default=0) >= 0
    texts.update(found.texts)
    texts.update([line.after for line in found.moved if line.after])
    assert sorted(texts.elements()) == sorted(after.texts)
    assert before.total + found.total == after.total
    assert before.waiting + found.waiting == after.waiting
    assert found.totals == after.totals
    assert found.starts == after.starts
    assert found.crossings == after.crossings
    cells: Cells = dict(before.cells)
    moves = [
        ((places[line.head], line.name, line.currency), (line.effect, line.lines))
        for line in found.moved
    ]
    for key, (amount, lines) in [*found.cells.items(), *moves]:
        earned, count = cells.get(key, (Decimal(0), 0))
        cells[key] = earned + amount, count + lines
    assert {key: cell for key, cell in cells.items() if cell[1]} == after.cells
    assert all(earned == 0 for earned, lines in cells.values() if not lines)


def follow(
    before: Sales,
    after: Sales,
    plan: PlanProgram,
    facts: Sequence[AssignmentFact],
    stored: tuple[Any, Any] = ({}, {}),
    **rest: Any,
) -> int:
    """Hold changes against working it all out; return how many months were done."""
    first = reckoned(before, plan, facts, stored=stored[0], **rest)
    last = reckoned(after, plan, facts, stored=stored[1], **rest)
    whole = Batch.of([plan])
    assert whole is not None
    batch = ChangedBatch.beside(whole)
    payee = PayeeChanges(batch, marked(before, after, batch, plan), prefix)
    rows = [row_of(deal, batch.keys) for deal in deals_of(after, plan)]
    places = {row[HEAD]: row[PLACE] for row in rows}
    done = 0
    for slug in MONTHS:
        start, end = first[slug], last[slug]
        if start is None:
            continue  # it was never written by a batch
        frame = inputs(assignments=facts, period=slug, stored=stored[1], **rest)
        try:
            found = payee.changes(frame, start.starts)
        except Doubt:
            continue
        # A credit that did not change and gave no doubt then gives none now.
        assert end is not None
        assert_leads_on(start, found, end, places)
        done += 1
    return done


@pytest.mark.parametrize("program", KNOWN, ids=lambda program: program.name)
@settings(max_examples=12)
@given(
    sales=st.lists(a_sale(), max_size=12),
    changed=st.dictionaries(st.integers(1, 15), st.none() | a_sale(), max_size=3),
    cut=st.integers(0, 91),
    stored=st.tuples(*[st.sampled_from([{}, STORED])] * 2),
)
def test_changes_lead_from_one_statement_to_the_next(
    program: PlanProgram,
    sales: list[dict[str, Any]],
    changed: dict[int, dict[str, Any] | None],
    cut: int,
    stored: tuple[Any, Any],
) -> None:
    before = dict(enumerate(sales, 1))
    after = {n: sale for n, sale in {**before, **changed}.items() if sale is not None}
    day = date(2026, 10, 1) + timedelta(days=cut)
    first: dict[str, Value] = {"quota": Decimal(9000), "level": "junior"}
    second: dict[str, Value] = {"quota": Decimal("12345.67"), "level": "junior"}
    facts = [
        an_assignment(program, ends=day.isoformat(), values=first),
        an_assignment(
            program, starts=(day + timedelta(1)).isoformat(), values=second, version=2
        ),
    ]

    follow(before, after, program, facts, stored, attributes={"level": "senior"})


def plain(number: int) -> dict[str, Any]:
    return {
        "day": f"2026-{10 + number % 3}-{1 + number % 28:02}",
        "amount": f"{12_345 * number}.67",
        "fee": Decimal("12.30"),
        "cost": Decimal(number),
        "margin_rate": Decimal("0.15"),
        "customer_paid": number % 3 > 0,
        "segment": "Enterprise",
        "product": f"Product {number % 20}",
        "territory": f"Territory {number % 12}",
        "currency": "USD",
    }


@pytest.mark.parametrize("number", [3, 31, 58])
def test_plain_deals_leave_no_doubt_when_one_changes(number: int) -> None:
    program = KNOWN[0]
    before = {n: plain(n) for n in range(1, 61)}
    dearer = {**before[number], "amount": "600000.00"}
    gone = {n: sale for n, sale in before.items() if n != number}
    later = {**before[number], "day": "2026-12-30", "product": "Product 7"}
    facts = [an_assignment(program)]

    for after in ({**before, number: dearer}, gone, {**before, number: later}):
        assert follow(before, after, program, facts) == 3


def test_lines_that_rest_on_nothing_known_are_left_alone() -> None:
    program = KNOWN[0]
    batch = Batch.of([program])
    assert batch is not None
    narrow = ChangedBatch.beside(batch)
    sales = {1: plain(1), 2: plain(2)}
    rows = marked(sales, {2: plain(2)}, narrow, program)
    payee = PayeeChanges(narrow, rows, prefix)

    with pytest.raises(Doubt):
        payee.changes(
            inputs(assignments=[an_assignment(program)], period="2026-11"), {}
        )
