"""How large a formula, its numbers and its tables may be."""

from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True)
class Limits:
    """Bounds that are checked before the work they bound is done."""

    characters: int = 2_000
    tokens: int = 1_000
    nesting: int = 64
    nodes: int = 400
    height: int = 64
    text_characters: int = 200
    places: int = 10
    exponent: int = 100
    problems: int = 20
    suggestions: int = 4
    table_rows: int = 100
    operations: int = 10_000
    text_value: int = 32_767
    largest: Decimal = Decimal(10) ** 15
    # 24 digits before the point leave ten after it, with one to spare for a sum.
    exact: Decimal = Decimal(10) ** 23


LIMITS = Limits()
