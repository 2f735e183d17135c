"""Gathered measures: sums, places, parts of a pool, from what others have."""

import random
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from commissions.calculation.facts import (
    MemberFact,
    PayeeInputs,
    StatementDraft,
    measure_key,
)
from commissions.calculation.group import calculate_group
from commissions.calculation.pipeline import calculate
from commissions.calculation.program import Of, PlanProgram
from tests.commissions.calculation.builders import BOB, a_deal, an_assignment, inputs
from tests.commissions.calculation.plain import a_member, a_plan, totals

SOLD = {"name": "sold", "sum": "deal.amount", "over": "month"}
NAMES = {1: "Bob", 2: "Theo", 3: "Cleo", 4: "Dan"}


def reads(**measure: Any) -> PlanProgram:
    """Return a plan that pays what one gathered measure comes to."""
    gathering = {"name": "it", "gathers": "sold", "of": "plan", **measure}
    return a_plan(
        measures=[SOLD, gathering],
        components=[{"key": "pay", "per": "period", "amount": "it.total"}],
    )


def taken(program: PlanProgram, members: Sequence[MemberFact]) -> StatementDraft:
    return calculate(
        inputs(program=program, members={measure_key(7, "it"): tuple(members)})
    )


@pytest.mark.parametrize(
    ("take", "expected"),
    [
        ("sum", "1000"),
        ("count", "4"),
        ("average", "250"),
        ("highest", "400"),
        ("lowest", "100"),
        ("rank", "2"),
        ("dense_rank", "2"),
        ("tied", "2"),
    ],
)
def test_a_measure_is_taken_from_everybody_in_the_set(take: str, expected: str) -> None:
    members = [
        a_member(2, "400"),
        a_member(BOB, "250"),
        a_member(3, "250"),
        a_member(4, "100"),
    ]

    for _ in range(3):
        random.shuffle(members)
        assert taken(reads(take=take), members).total == Decimal(expected)


@pytest.mark.parametrize(
    ("take", "order", "expected"),
    [
        ("rank", "highest", 4),
        ("dense_rank", "highest", 3),
        ("rank", "lowest", 1),
        ("dense_rank", "lowest", 1),
    ],
)
def test_after_a_tie_places_are_skipped_unless_they_are_dense(
    take: str, order: str, expected: int
) -> None:
    members = [
        a_member(2, "400"),
        a_member(3, "250"),
        a_member(4, "250"),
        a_member(BOB, "100"),
    ]

    draft = taken(reads(take=take, order=order), members)

    assert draft.total == expected


def test_who_does_not_meet_the_condition_is_not_in_the_set() -> None:
    members = [
        a_member(2, "400", attributes={"level": "senior"}),
        a_member(BOB, "250", attributes={"level": "junior"}),
        a_member(3, "300", attributes={"level": "junior"}),
        a_member(4, "0"),
    ]
    condition = 'value > 0 and payee.level == "junior"'

    assert taken(reads(take="rank", where=condition), members).total == 2
    assert taken(reads(take="count", where=condition), members).total == 2
    mine = taken(reads(take="rank", where="value > 1000"), members)
    assert mine.total == 0


def test_the_parts_of_a_pool_add_up_to_the_pool() -> None:
    pool = reads(take="part", amount="100.00")
    members = [a_member(BOB, "1"), a_member(2, "1"), a_member(3, "1")]

    parts = []
    for payee in (1, 2, 3):
        given = inputs(program=pool, members={measure_key(7, "it"): tuple(members)})
        parts.append(calculate(replace(given, payee_id=payee)).total)

    assert parts == [Decimal("33.34"), Decimal("33.33"), Decimal("33.33")]


@pytest.mark.parametrize(
    ("members", "words"),
    [
        ([], "There is nobody to share the amount."),
        ([a_member(BOB, "0")], "All weights are zero, so the amount cannot be shared."),
        (
            [a_member(BOB, "2"), a_member(2, "-1", name="Theo")],
            "weight of Theo is below",
        ),
    ],
)
def test_a_pool_that_cannot_be_shared_fails_and_says_why(
    members: list[MemberFact], words: str
) -> None:
    (line,) = taken(reads(take="part", amount="100.00"), members).lines

    assert line.amount == 0
    assert words in line.failed


def test_who_is_outside_a_pool_has_no_part_of_it() -> None:
    draft = taken(reads(take="part", amount="100.00"), [a_member(2, "1")])

    assert draft.total == 0
    assert draft.failures == ()


def test_the_average_of_nobody_is_not_zero() -> None:
    (line,) = taken(reads(take="average"), []).lines

    assert "There is nobody to take the average of." in line.failed


def test_what_is_not_known_of_a_member_fails_and_names_them() -> None:
    members = [a_member(2, "0", name="Theo", failed="Deal 9 has no amount.")]

    (line,) = taken(reads(), members).lines

    words = "“it” could not be worked out. “sold” of Theo is not known. Deal 9 has no"
    assert line.failed.startswith(words)


def test_without_the_others_the_line_fails_instead_of_being_zero() -> None:
    (line,) = calculate(inputs(program=reads())).lines

    assert "What “sold” is for others is not known here." in line.failed


def test_a_value_that_is_given_is_taken_as_it_is() -> None:
    key = measure_key(7, "it")
    draft = calculate(
        inputs(
            program=reads(over="quarter"),
            given={key: Decimal(70)},
            stored={(key, "2026-10"): Decimal(50)},
        )
    )

    assert draft.total == 70
    assert draft.measures[key] == 20


# Several payees at once

SETS: dict[str, dict[int, list[int]]] = {
    "team": {1: [2, 3], 2: [4]},
    "downline": {1: [2, 3, 4], 2: [4]},
}


def sets(payee: PayeeInputs, of: Of) -> Sequence[int]:
    if of in ("plan", "business"):
        return [4, 3, 1, 2]
    return SETS[of].get(payee.payee_id, [])


def group(program: PlanProgram, **amounts: str) -> list[PayeeInputs]:
    found = []
    for payee, name in NAMES.items():
        deals = [
            a_deal(payee, "2026-11-04", amounts[name.lower()], payee=payee)
            for _ in [0]
            if name.lower() in amounts
        ]
        given = inputs(*deals, program=program)
        found.append(replace(given, payee_id=payee, payee_name=name))
    return found


@pytest.mark.parametrize(
    ("of", "expected"),
    [
        ("plan", [1000, 1000, 1000, 1000]),
        ("team", [500, 400, 0, 0]),
        ("downline", [900, 400, 0, 0]),
        ("legs", [900, 400, 0, 0]),
    ],
)
def test_each_payee_reads_what_the_others_have(of: str, expected: list[int]) -> None:
    payees = group(reads(of=of), bob="100", theo="200", cleo="300", dan="400")

    drafts = calculate_group(payees, sets)

    assert [drafts[payee].total for payee in NAMES] == expected


def test_a_leg_is_a_report_with_everybody_below() -> None:
    payees = group(
        reads(of="legs", take="highest"), bob="1", theo="200", cleo="300", dan="400"
    )

    drafts = calculate_group(payees, sets)

    assert drafts[1].total == 600
    assert "nobody to take the highest of" in drafts[4].lines[0].failed


def test_the_order_of_the_payees_changes_nothing() -> None:
    payees = group(reads(take="rank"), bob="100", theo="200", cleo="200", dan="50")
    expected = calculate_group(payees, sets)

    assert [expected[payee].total for payee in NAMES] == [3, 1, 1, 4]
    for _ in range(5):
        random.shuffle(payees)
        assert calculate_group(payees, sets) == expected


def test_a_measure_over_what_others_gathered_goes_through_them() -> None:
    # Each takes the team's totals, which hold the team's own gathered measure.
    program = a_plan(
        measures=[
            SOLD,
            {"name": "all", "gathers": "mine", "of": "team"},
            {"name": "mine", "value": "sold.total + all.total", "per": "period"},
        ],
        components=[{"key": "pay", "per": "period", "amount": "mine.total"}],
    )
    payees = group(program, bob="100", theo="200", cleo="300", dan="400")

    drafts = calculate_group(payees, sets)

    assert [drafts[payee].total for payee in NAMES] == [1000, 600, 300, 400]


def test_a_circle_across_payees_is_said_in_words_for_all_of_them() -> None:
    program = a_plan(
        measures=[
            {"name": "all", "gathers": "mine", "of": "plan"},
            {"name": "mine", "value": "all.total + 1", "per": "period"},
        ],
        components=[{"key": "pay", "per": "period", "amount": "mine.total"}],
    )

    drafts = calculate_group(group(program), sets)

    for draft in drafts.values():
        (line,) = draft.lines
        assert line.amount == 0
        assert "depends on itself" in line.failed


def test_a_longer_window_than_the_others_use_is_added_up_for_it() -> None:
    program = reads(over="quarter")
    stored = {(measure_key(7, "sold"), "2026-10"): Decimal(10)}
    payees = [
        replace(payee, stored=stored) for payee in group(program, bob="100", theo="200")
    ]

    drafts = calculate_group(payees, sets)

    assert [drafts[payee].total for payee in NAMES] == [340, 340, 340, 340]
    assert totals(drafts[1])["sold"] == 100


def test_who_has_no_such_measure_is_not_in_the_set() -> None:
    payees = group(reads(take="count"), bob="100")
    other = an_assignment(a_plan(components=[{"key": "pay", "amount": "deal.amount"}]))
    payees[3] = replace(payees[3], assignments=(other,))

    assert calculate_group(payees, sets)[1].total == 3
