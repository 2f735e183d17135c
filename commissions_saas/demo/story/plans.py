"""The versions of Brightwater's plan: one file, other amounts for a maintenance plan."""

from decimal import Decimal

FILE_PAYS = Decimal(40)


def paying_for_care(text: str, amount: int) -> str:
    """Return the plan file with another amount for a maintenance plan.

    Its worked examples move along, since a version is published only with examples
    that hold.
    """
    five, two = 5 * amount, 2 * amount
    total = Decimal("5568.12") + 5 * (amount - FILE_PAYS)
    for old, new in (
        ("amount: 40 * deal.share", f"amount: {amount} * deal.share"),
        ("Pay 40.00 for each", f"Pay {amount}.00 for each"),
        ("total: 5568.12", f"total: {total}"),
        ("maintenance_plan: 200.00", f"maintenance_plan: {five}.00"),
        ("plan5: 40.00", f"plan5: {amount}.00"),
        (
            "{total: 80.00, lines: {before: 0, first: 40.00, last: 40.00, later: 0}}",
            f"{{total: {two}.00, lines: {{before: 0, first: {amount}.00,"
            f" last: {amount}.00, later: 0}}}}",
        ),
    ):
        if text.count(old) != 1:
            raise ValueError(f"The plan file has “{old}” {text.count(old)} times.")
        text = text.replace(old, new)
    return text
