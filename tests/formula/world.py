"""The names, tables and values that the tests of the formula language share."""

import datetime
from collections.abc import Mapping
from decimal import Decimal
from types import MappingProxyType

from commissions.formula import KeyedTable, TierTable, Type

TIERS = TierTable(
    ((Decimal(0), Decimal("0.06")), (Decimal(80000), Decimal("0.08"))),
)
THRESHOLD = TierTable(
    ((Decimal(1000), Decimal("0.05")), (Decimal(2000), Decimal("0.10"))), edge="down"
)
PRIZES = TierTable(
    tuple(
        (Decimal(place), Decimal(prize))
        for place, prize in ((1, 500), (2, 300), (3, 200), (4, 0))
    )
)
KEYED = KeyedTable(
    {
        ("Heat pump", "North"): Decimal("0.07"),
        ("Heat pump", "*"): Decimal("0.05"),
        ("*", "North"): Decimal("0.04"),
    }
)
EXAMPLE_KEYED = KeyedTable(
    {
        ("Heat pump", "North"): Decimal("0.07"),
        ("Heat pump", "*"): Decimal("0.05"),
    }
)

INPUTS: Mapping[str, Type] = MappingProxyType(
    {
        "amount": Type.MONEY,
        "deal.amount": Type.MONEY,
        "deal.dealer_fee": Type.MONEY,
        "deal.fee": Type.MONEY,
        "deal.discount": Type.MONEY,
        "deal.share": Type.PERCENT,
        "deal.units": Type.NUMBER,
        "deal.product": Type.TEXT,
        "deal.region": Type.TEXT,
        "deal.won_on": Type.DATE,
        "deal.lost_on": Type.DATE,
        "deal.customer_paid": Type.YESNO,
        "deal.renewal": Type.YESNO,
        "volume.before": Type.MONEY,
        "tiers.example": Type.TABLE,
        "tiers.threshold": Type.TABLE,
        "tiers.prizes": Type.TABLE,
        "tables.example": Type.TABLE,
        "tables.rates": Type.TABLE,
        "quota": Type.MONEY,
    }
)
# deal.discount, deal.lost_on, deal.region and deal.renewal have no value.
VALUES: Mapping[str, object] = MappingProxyType(
    {
        "amount": Decimal("12500.00"),
        "deal.amount": Decimal("21600.00"),
        "deal.dealer_fee": Decimal("0.00"),
        "deal.fee": Decimal("1380"),
        "deal.share": Decimal("0.5"),
        "deal.units": Decimal(3),
        "deal.product": "Heat pump",
        "deal.won_on": datetime.date(2026, 11, 19),
        "deal.customer_paid": True,
        "volume.before": Decimal("72126.50"),
        "tiers.example": TIERS,
        "tiers.threshold": THRESHOLD,
        "tiers.prizes": PRIZES,
        "tables.example": EXAMPLE_KEYED,
        "tables.rates": KEYED,
        "quota": Decimal(90000),
    }
)


def result_named(name: str | None) -> Type | None:
    """Return the type a test asks for; none is any."""
    return Type(name) if name else None
