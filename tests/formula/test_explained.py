"""What a receipt gets to know: the steps, their places, values and sentences."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commissions.formula import EvaluationError, Type, compile_formula
from commissions.formula.digits import CONTEXT
from commissions.formula.types import AMOUNTS
from commissions.formula.words import value_words
from tests.formula.world import INPUTS, VALUES

TEXT = "marginal(volume.before, (deal.amount - deal.dealer_fee) * deal.share, tiers.example)"


def test_the_receipt_that_crosses_a_tier_shows_both_slices() -> None:
    outcome = compile_formula(TEXT, INPUTS, Type.MONEY).explain(VALUES)

    assert outcome.value == Decimal("706.53")
    assert outcome.root.phrases == (
        "7,873.50 × 6% = 472.41 (up to 80,000.00)",
        "2,926.50 × 8% = 234.12 (above 80,000.00)",
    )


def test_the_steps_come_in_the_order_in_which_they_are_worked_out() -> None:
    outcome = compile_formula(TEXT, INPUTS, Type.MONEY).explain(VALUES)

    assert [(step.text, step.shown) for step in outcome.steps] == [
        ("volume.before", "72,126.50"),
        ("deal.amount", "21,600.00"),
        ("deal.dealer_fee", "0.00"),
        ("deal.amount - deal.dealer_fee", "21,600.00"),
        ("deal.share", "50%"),
        ("(deal.amount - deal.dealer_fee) * deal.share", "10,800.00"),
        (TEXT, "706.53"),
    ]
    for step in outcome.steps:
        assert TEXT[step.start : step.end] == step.text


SENTENCES = {
    "deal.amount * 6%": "21,600.00 × 6% = 1,296.00",
    "deal.amount - deal.fee": "21,600.00 − 1,380.00 = 20,220.00",
    "deal.amount / quota": "21,600.00 ÷ 90,000.00 = 0.24",
    "deal.amount > 10000": "21,600.00 is above 10,000: yes",
    "0 < deal.units < 2 < 1 / 0": "0 is below 3 is below 2: no",
    "IF(deal.renewal, 1, 2)": "the condition does not hold: 2",
    "deal.customer_paid and not deal.renewal": "all of these: yes",
    "min(deal.amount, 1000)": "min of 21,600.00, 1,000 = 1,000.00",
    "or_else(deal.discount, 5)": "deal.discount, or else what stands for it: 5.00",
    "is_blank(deal.discount)": "deal.discount has no value",
    "whole(100000, deal.amount, tiers.example)": (
        "21,600.00 × 8% = 1,728.00 (all at one rate)"
    ),
    "marginal(0, deal.units, tiers.example)": "3 × 0.06 = 0.18 (up to 80,000)",
    "deal.won_on - date('2026-11-01')": "2026-11-19 − 2026-11-01 = 18",
    "-deal.amount": "− 21,600.00 = -21,600.00",
}


@pytest.mark.parametrize("text", SENTENCES)
def test_a_step_says_what_it_did(text: str) -> None:
    root = compile_formula(text, INPUTS, None).explain(VALUES).root

    assert root.phrases[0] == SENTENCES[text]


def test_what_was_not_needed_is_not_a_step() -> None:
    text = "IF(deal.customer_paid, amount, amount / 0)"

    steps = compile_formula(text, INPUTS, None).explain(VALUES).steps

    assert [step.text for step in steps] == ["deal.customer_paid", "amount", text]


ERRORS = {
    "amount / (deal.units - 3)": (
        "amount / (deal.units - 3)\n"
        "          ^^^^^^^^^^^^^^\n"
        'Line 1, column 11: "deal.units - 3" is 0, so "amount / (deal.units - 3)" cannot be worked out.'
    ),
    "amount / 0": ("amount / 0\n         ^\nLine 1, column 10: this divides by zero."),
    "amount // deal.dealer_fee": (
        "amount // deal.dealer_fee\n"
        "          ^^^^^^^^^^^^^^^\n"
        'Line 1, column 11: "deal.dealer_fee" is 0, so "amount // deal.dealer_fee" cannot be worked out.'
    ),
    "amount % deal.dealer_fee": (
        "amount % deal.dealer_fee\n"
        "         ^^^^^^^^^^^^^^^\n"
        'Line 1, column 10: "deal.dealer_fee" is 0, so "amount % deal.dealer_fee" cannot be worked out.'
    ),
    "(deal.units - 3) ** -1": (
        "(deal.units - 3) ** -1\n"
        " ^^^^^^^^^^^^^^\n"
        'Line 1, column 2: "deal.units - 3" is 0, so "(deal.units - 3) ** -1" cannot be worked out.'
    ),
    "amount +\n  deal.discount": (
        "  deal.discount\n"
        "  ^^^^^^^^^^^^^\n"
        'Line 2, column 3: "deal.discount" has no value here. '
        "Use or_else to say what counts instead."
    ),
    "amount == deal.discount": (
        "amount == deal.discount\n"
        "          ^^^^^^^^^^^^^\n"
        'Line 1, column 11: "deal.discount" has no value here. '
        "Use or_else to say what counts instead."
    ),
    "add_days(deal.won_on, 0.5)": (
        "add_days(deal.won_on, 0.5)\n"
        "                      ^^^\n"
        "Line 1, column 23: this must be a whole number."
    ),
    "add_days(deal.won_on, 99999999)": (
        "add_days(deal.won_on, 99999999)\n"
        "                      ^^^^^^^^\n"
        "Line 1, column 23: the calendar does not reach so far."
    ),
    "amount * 10 ** 12": (
        "amount * 10 ** 12\n"
        "^^^^^^^^^^^^^^^^^\n"
        "Line 1, column 1: the result is beyond 1,000,000,000,000,000."
    ),
    'lookup(tables.rates, "Boiler", "South")': (
        'lookup(tables.rates, "Boiler", "South")\n'
        "^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^\n"
        'Line 1, column 1: tables.rates has no row for "Boiler", "South".'
    ),
}


@pytest.mark.parametrize("text", ERRORS)
def test_an_error_shows_the_part_that_has_no_answer(text: str) -> None:
    formula = compile_formula(text, INPUTS, None)

    for way in (formula.evaluate, formula.explain):
        with pytest.raises(EvaluationError) as failed:
            way(VALUES)
        assert failed.value.render() == ERRORS[text]


def test_an_error_carries_the_part_that_is_to_blame() -> None:
    formula = compile_formula("amount / (deal.units - 3)", INPUTS, None)

    with pytest.raises(EvaluationError) as failed:
        formula.evaluate(VALUES)
    assert failed.value.part == "deal.units - 3"


def test_a_table_without_a_value_is_an_error() -> None:
    formula = compile_formula("rate_at(1, t)", {"t": Type.TABLE}, Type.NUMBER)

    with pytest.raises(EvaluationError) as failed:
        formula.evaluate({})
    assert failed.value.message == '"t" has no value here.'


def test_a_power_of_powers_is_explained_in_few_digits() -> None:
    formula = compile_formula("((deal.units ** 100) ** 100) > 0", INPUTS, None)

    assert formula.explain({"deal.units": Decimal("3")}).steps[-1].phrases == (
        "1.631 × 10^4771 is above 0: yes",
    )
    fails = compile_formula(f"{'(' * 3}deal.units{' ** 100)' * 3} > 0", INPUTS, None)
    with pytest.raises(EvaluationError, match="too large to reckon with"):
        fails.evaluate({"deal.units": Decimal("3")})


WHOLE = st.integers(-(10**34) + 1, 10**34 - 1)


@given(
    st.builds(
        lambda digits, power: Decimal(digits).scaleb(power, CONTEXT),
        WHOLE,
        st.integers(-6000, 6000),
    ),
    st.sampled_from(sorted(AMOUNTS, key=str)),
)
def test_every_number_has_words_and_few(value: Decimal, kind: Type) -> None:
    assert 1 <= len(value_words(value, kind)) <= 180
