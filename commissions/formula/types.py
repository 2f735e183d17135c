"""The customer's types, and what each operation makes of them."""

from enum import Enum


class Type(Enum):
    """What a value is, in the customer's words."""

    MONEY = "money"
    NUMBER = "number"
    PERCENT = "percent"
    TEXT = "text"
    DATE = "date"
    YESNO = "yesno"
    TABLE = "table"
    # A bare number such as 0 or 40: it may still turn out to stand for money.
    PLAIN = "plain"

    @property
    def words(self) -> str:
        """Return the type as it stands in a sentence after "is"."""
        return _WORDS[self]


_WORDS = {
    Type.MONEY: "money",
    Type.NUMBER: "a number",
    Type.PERCENT: "a percent",
    Type.TEXT: "text",
    Type.DATE: "a date",
    Type.YESNO: "yes/no",
    Type.TABLE: "a rate table",
    Type.PLAIN: "a number",
}

COUNTS = frozenset({Type.NUMBER, Type.PERCENT, Type.PLAIN})
AMOUNTS = COUNTS | {Type.MONEY}


def joined(left: Type, right: Type) -> Type | None:
    """Return the one type that both can be read as, or None."""
    if left is right:
        return left
    pair = {left, right}
    if pair <= COUNTS:
        return Type.NUMBER
    if pair == {Type.MONEY, Type.PLAIN}:
        return Type.MONEY
    return None


def fits(given: Type, wanted: Type) -> bool:
    """Say whether a value of one type may stand where another is wanted."""
    if wanted in COUNTS:
        return given in COUNTS
    return given is wanted or (wanted is Type.MONEY and given is Type.PLAIN)


def added(left: Type, right: Type) -> Type | None:
    """Return the type of a sum."""
    return joined(left, right) if {left, right} <= AMOUNTS else None


def subtracted(left: Type, right: Type) -> Type | None:
    """Return the type of a difference; between dates it is a number of days."""
    if left is right is Type.DATE:
        return Type.NUMBER
    return added(left, right)


def multiplied(left: Type, right: Type) -> Type | None:
    """Return the type of a product; money times money has no meaning."""
    if not {left, right} <= AMOUNTS or left is right is Type.MONEY:
        return None
    if Type.MONEY in (left, right):
        return Type.MONEY
    # 40 per unit is money, and nothing but the 40 could say so.
    return Type.PLAIN if Type.PLAIN in (left, right) else Type.NUMBER


def divided(left: Type, right: Type) -> Type | None:
    """Return the type of a quotient; money by money is a number."""
    if not {left, right} <= AMOUNTS:
        return None
    if right is Type.MONEY:
        return Type.NUMBER if left in (Type.MONEY, Type.PLAIN) else None
    if left is Type.MONEY and right is Type.PLAIN:
        # By 12 it is money, by a quota that is written out it is a share.
        return Type.PLAIN
    return left if left in (Type.MONEY, Type.PLAIN) else Type.NUMBER


def remaining(left: Type, right: Type) -> Type | None:
    """Return the type of a remainder."""
    return added(left, right)


def ordered(left: Type, right: Type) -> bool:
    """Say whether one value can be larger than the other."""
    if left is right is Type.DATE:
        return True
    return {left, right} <= AMOUNTS and joined(left, right) is not None


def alike(left: Type, right: Type) -> bool:
    """Say whether two values can be equal."""
    same = left is right and left is not Type.TABLE
    return same or ordered(left, right)
