"""A receipt of a line whose base has no last digit adds up, and shows readable figures."""

from decimal import Decimal

from commissions.calculation.facts import LineKey
from commissions.calculation.receipts import explain
from tests.commissions.calculation.builders import a_deal, a_program, inputs

THIRDS = """
plan: Thirds
currency: USD
components:
  - key: sale
    steps:
      - third: deal.amount / 3
      - ninth: third / 3
    base: ninth * 3
    amount: base * 1.5 * 20%
"""


def test_steps_and_base_keep_their_digits_and_the_receipt_shows_34() -> None:
    given = inputs(a_deal(1, "2026-11-04", "333.35"), program=a_program(THIRDS))

    receipt = explain(given, LineKey(7, "sale", 1, "owner", 0))

    # 333.35 / 3 * 1.5 * 20 % is 33.335, exactly half a cent.
    assert receipt.line.amount == Decimal("33.34")
    assert receipt.line.base == Decimal("111.1167")
    assert "333.35 ÷ 3 = 111.11666666666666666666666666666" in receipt.text
    assert "Quotient" not in receipt.text
