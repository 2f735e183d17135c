"""Uplines: everybody above, by level, and what each reads of the people below."""

from dataclasses import replace
from decimal import Decimal

from commissions.calculation.facts import PayeeInputs, PersonFact
from commissions.calculation.pipeline import calculate
from commissions.calculation.program import PlanProgram
from crm_sync.ledger.chains import credits_above
from crm_sync.ledger.facts import CreditFact
from tests.commissions.calculation.builders import a_deal, inputs
from tests.commissions.calculation.plain import a_plan, lines

# 11 reports to 2, 2 to 1 (Bob), 1 to 9; 12 reports to 3, 3 to 1.
ABOVE = {11: 2, 2: 1, 1: 9, 12: 3, 3: 1}


def by(*sellers: tuple[int, str, str]) -> tuple[CreditFact, ...]:
    own = tuple(CreditFact(who, role, Decimal(share)) for who, role, share in sellers)
    return (*own, *credits_above(own, ABOVE.get))


def for_bob(program: PlanProgram, credits: tuple[CreditFact, ...]) -> PayeeInputs:
    deal = a_deal(1, "2026-11-04", "1000", credits=credits)
    return inputs(
        deal,
        program=program,
        attributes={"rate": Decimal("0.25")},
        people={
            11: PersonFact("Ann", {"rate": Decimal("0.10")}),
            2: PersonFact("Ben", {"rate": Decimal("0.15")}),
            3: PersonFact("Cleo", {"rate": Decimal("0.20")}),
        },
    )


def test_everybody_above_is_credited_by_level_and_through_whom() -> None:
    assert credits_above([CreditFact(11, "owner", Decimal(1))], ABOVE.get) == (
        CreditFact(2, "manager", Decimal(1), 1, 11),
        CreditFact(2, "upline", Decimal(1), 1, 11),
        CreditFact(1, "upline", Decimal(1), 2, 2),
        CreditFact(9, "upline", Decimal(1), 3, 1),
    )


def test_who_does_not_sell_has_nobody_above() -> None:
    assert credits_above([CreditFact(11, "overlay", Decimal(1))], ABOVE.get) == ()


def test_two_reports_of_one_manager_are_one_manager_credit() -> None:
    own = [
        CreditFact(2, "owner", Decimal("0.6")),
        CreditFact(3, "split", Decimal("0.4")),
    ]

    manager, first, second, *_ = credits_above(own, ABOVE.get)

    assert manager == CreditFact(1, "manager", Decimal(1), 1, 0)
    assert (first.share, first.through) == (Decimal("0.6"), 2)
    assert (second.share, second.through) == (Decimal("0.4"), 3)


def test_a_spread_is_paid_between_ones_own_rate_and_the_rate_below() -> None:
    program = a_plan(
        components=[
            {
                "key": "spread",
                "credit": ("upline",),
                "amount": "deal.amount * (payee.rate - below.rate)",
            }
        ]
    )

    draft = calculate(for_bob(program, by((11, "owner", "1"))))

    assert lines(draft) == {("spread", 1, "upline 2"): Decimal("100.00")}


def test_a_spread_may_be_taken_over_the_highest_rate_below() -> None:
    # Ben has less than Ann, whom he stands above: what she has is not paid twice.
    program = a_plan(
        components=[
            {
                "key": "spread",
                "credit": ("upline",),
                "amount": "deal.amount * max(payee.rate - highest_below.rate, 0%)",
            }
        ]
    )
    given = for_bob(program, by((11, "owner", "1")))
    people = {**given.people, 11: PersonFact("Ann", {"rate": Decimal("0.22")})}

    draft = calculate(replace(given, people=people))

    assert draft.total == 30


def test_the_owner_of_the_deal_can_be_read_at_every_level() -> None:
    program = a_plan(
        components=[
            {
                "key": "over",
                "credit": ("upline",),
                "when": "deal.level <= 2",
                "amount": "deal.amount * owner.rate",
            }
        ]
    )

    draft = calculate(for_bob(program, by((11, "owner", "1"))))

    assert draft.total == 100


def test_two_ways_to_one_level_are_two_lines() -> None:
    program = a_plan(
        components=[
            {
                "key": "over",
                "credit": ("upline",),
                "amount": "deal.amount * deal.share * below.rate",
            }
        ]
    )
    credits = by((11, "owner", "0.6"), (12, "split", "0.4"))

    draft = calculate(for_bob(program, credits))

    assert lines(draft) == {
        ("over", 1, "upline 2.1"): Decimal("90.00"),
        ("over", 1, "upline 2.2"): Decimal("80.00"),
    }


def test_a_hierarchy_that_goes_in_a_circle_fails_the_line_in_words() -> None:
    above = {11: 1, 1: 2, 2: 11}
    own = (CreditFact(11, "owner", Decimal(1)),)
    program = a_plan(components=[{"key": "over", "credit": ("upline",), "amount": "5"}])

    draft = calculate(for_bob(program, (*own, *credits_above(own, above.get))))

    (line,) = draft.lines
    assert line.amount == 0
    assert line.failed.startswith("Deal 1: The people above this deal go in a circle")


def test_more_than_fifty_levels_are_said_and_not_cut_silently() -> None:
    owner = [CreditFact(100, "owner", Decimal(1))]

    fifty = credits_above(owner, lambda payee: payee + 1 if payee < 150 else None)
    more = credits_above(owner, lambda payee: payee + 1 if payee < 151 else None)

    assert [credit.level for credit in fifty[1:]] == list(range(1, 51))
    assert {credit.problem for credit in fifty} == {""}
    assert "more than 50 levels" in more[-1].problem


def test_a_manager_credit_is_still_the_one_above() -> None:
    program = a_plan(
        components=[
            {
                "key": "over",
                "credit": ("manager",),
                "amount": "deal.amount * deal.level * below.rate",
            }
        ]
    )

    draft = calculate(for_bob(program, by((2, "owner", "1"))))

    assert lines(draft) == {("over", 1, "manager"): Decimal("150.00")}


def test_the_parts_of_a_deal_add_up_to_the_deal() -> None:
    thirds = by(
        (1, "owner", "0.3333"), (11, "split", "0.3333"), (12, "split", "0.3334")
    )
    program = a_plan(components=[{"key": "mine", "amount": "deal.credited"}])
    parts = []
    for payee in (1, 11, 12):
        deal = a_deal(1, "2026-11-04", "100.01", credits=thirds)
        given = inputs(deal, program=program)
        draft = calculate(
            PayeeInputs(payee, "x", given.period, "USD", given.assignments, (deal,))
        )
        parts.append(draft.total)

    assert sum(parts) == Decimal("100.01")
    assert parts == [Decimal("33.33"), Decimal("33.33"), Decimal("33.35")]


def test_a_part_of_a_part_is_not_more_than_was_credited() -> None:
    program = a_plan(components=[{"key": "mine", "amount": "deal.credited"}])

    draft = calculate(
        inputs(a_deal(1, "2026-11-04", "99.99", share="0.5"), program=program)
    )

    assert draft.total == Decimal("50.00")
