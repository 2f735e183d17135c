"""Words of SQL and of spreadsheets, and money by a number that is written out."""

from decimal import Decimal

import pytest

from commissions.formula import Type, check_formula, compile_formula

NAMES = {"amount": Type.MONEY, "quota": Type.MONEY, "share": Type.PERCENT}
NAMES |= {"units": Type.NUMBER, "product": Type.TEXT}
VALUES = {"amount": Decimal(15_000), "quota": Decimal(9_000), "share": Decimal("0.5")}


@pytest.mark.parametrize(
    ("text", "at", "says"),
    [
        ("product LIKE '%a%'", 9, "Write contains(text, part)."),
        ("amount BETWEEN 1 AND 2", 8, "Write low <= value <= high."),
        ("product IN ('a')", 9, "Use is_one_of(value, one, another, …)."),
        ("product IS NULL", 9, "is_blank(…) for a field without a value."),
        ("7 DIV 2", 3, "Write //."),
        ("7 MOD 2", 3, "Write %."),
        ("amount * quota / amount", 1, "Put a division by money in brackets"),
    ],
)
def test_a_word_of_another_language_is_told_in_ours(
    text: str, at: int, says: str
) -> None:
    first = check_formula(text, NAMES, None)[0]

    assert first.column == at
    assert says in first.message


@pytest.mark.parametrize(
    ("text", "result", "value"),
    [
        ("quota * (amount / 30000)", Type.MONEY, "4500"),
        ("quota * clamp(amount / 10000, 0, 1.2)", Type.MONEY, "10800"),
        ("amount / 10000 >= 150%", Type.YESNO, "yes"),
        ("amount / 12 * 3 + quota", Type.MONEY, "12750"),
        ("amount / 3", Type.MONEY, "5000"),
        ("amount / 20000 * share", Type.PERCENT, "0.375"),
    ],
)
def test_money_by_a_written_number_is_money_or_a_share(
    text: str, result: Type, value: str
) -> None:
    found = compile_formula(text, NAMES, result).evaluate(VALUES)

    assert found is True if value == "yes" else found == Decimal(value)


@pytest.mark.parametrize("text", ["amount / units + 5%", "amount / quota + amount"])
def test_what_is_surely_money_or_surely_a_number_still_does_not_mix(text: str) -> None:
    assert check_formula(text, NAMES, None)
