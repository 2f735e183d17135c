"""Money: exact decimals, one rounding, and a split that always adds up."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import (
    ROUND_DOWN,
    ROUND_FLOOR,
    ROUND_HALF_EVEN,
    ROUND_HALF_UP,
    ROUND_UP,
    Decimal,
    InvalidOperation,
    localcontext,
)
from typing import Literal

from commissions_saas.lib.errors import ProductError

Rounding = Literal["half_up", "half_even", "up", "down"]
_MODES: dict[Rounding, str] = {
    "half_up": ROUND_HALF_UP,
    "half_even": ROUND_HALF_EVEN,
    "up": ROUND_UP,
    "down": ROUND_DOWN,
}

# ISO 4217 currencies whose smallest unit is not a hundredth.
_OTHER_PLACES = {
    **dict.fromkeys(
        [
            "BIF",
            "CLP",
            "DJF",
            "GNF",
            "ISK",
            "JPY",
            "KMF",
            "KRW",
            "PYG",
            "RWF",
            "UGX",
            "VND",
            "VUV",
            "XAF",
            "XOF",
        ],
        0,
    ),
    **dict.fromkeys(["BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"], 3),
}
_UNITS = {places: Decimal(1).scaleb(-places) for places in (0, 2, 3)}
LARGEST = Decimal("999999999999999.9999")  # what the database holds
LONGEST = 1_000  # characters; what has more is no amount, and slow to read
MOST_PLACES = 40  # a tiny number written out in full would fill the memory


class NotAnAmount(ProductError):
    """The text cannot be read as an exact decimal number."""


class MixedCurrencies(ProductError):
    """Two currencies were about to be added."""


@dataclass(frozen=True, slots=True)
class Money:
    """An amount in major units of one currency."""

    amount: Decimal
    currency: str

    def __add__(self, other: "Money") -> "Money":
        self._require_same(other)
        return Money(self.amount + other.amount, self.currency)

    def __sub__(self, other: "Money") -> "Money":
        self._require_same(other)
        return Money(self.amount - other.amount, self.currency)

    def __neg__(self) -> "Money":
        return Money(-self.amount, self.currency)

    def _require_same(self, other: "Money") -> None:
        if self.currency != other.currency:
            raise MixedCurrencies(
                f"{self.currency} and {other.currency} cannot be added.",
                hint="Convert one of them at a named rate first.",
            )


def places(currency: str) -> int:
    """Return how many decimal places `currency` has: 2 for USD, 0 for JPY."""
    return _OTHER_PLACES.get(currency, 2)


def round_money(
    amount: Decimal, currency: str, rounding: Rounding = "half_up"
) -> Decimal:
    """Round to the currency's places; up is away from zero, down is towards it."""
    unit = _UNITS[places(currency)]
    rounded = amount.quantize(unit, rounding=_MODES[rounding])
    return rounded if rounded else abs(rounded)  # never a negative zero


def round_together(
    amounts: Sequence[Decimal], currency: str, rounding: Rounding = "half_up"
) -> list[Decimal]:
    """Round the sum of amounts, and each of them so that they add up to it.

    Each is cut to the currency's places, then the missing units go one each to the
    largest remainders, the earlier amount first where two are equal.
    """
    unit = Decimal(1).scaleb(-places(currency))
    with localcontext() as context:
        context.prec = 50
        wanted = round_money(sum(amounts, Decimal(0)), currency, rounding)
        parts = [part.quantize(unit, rounding=ROUND_FLOOR) for part in amounts]
        missing = wanted - sum(parts, Decimal(0))
        order = sorted(range(len(parts)), key=lambda i: (parts[i] - amounts[i], i))
        for i in order[: int(missing / unit)]:
            parts[i] += unit
    return [part if part else abs(part) for part in parts]


def split(amount: Decimal, shares: Sequence[Decimal], currency: str) -> list[Decimal]:
    """Divide `amount` by `shares`; the parts always add up to the whole.

    Each part is cut to the currency's places, then the missing units go one each to
    the largest remainders, the earlier share first where two are equal. `amount` must
    already have the currency's places and the shares must be positive in sum.
    """
    total = sum(shares, Decimal(0))
    if total <= 0:
        raise ProductError("Shares must add up to more than zero.")
    unit = Decimal(1).scaleb(-places(currency))
    with localcontext() as context:
        context.prec = 50
        exact = [amount * share / total for share in shares]
        parts = [part.quantize(unit, rounding=ROUND_DOWN) for part in exact]
        missing = amount - sum(parts, Decimal(0))
        step = unit if missing >= 0 else -unit
        order = sorted(range(len(parts)), key=lambda i: (-abs(exact[i] - parts[i]), i))
        for i in order[: int(abs(missing) / unit)]:
            parts[i] += step
    if sum(parts, Decimal(0)) != amount:
        raise ProductError(f"{amount} has more places than {currency} has.")
    return parts


def parse_decimal(text: str) -> Decimal:
    """Read plain text such as `-1234.50` exactly; refuse what is not finite."""
    cleaned = text.strip()
    try:
        # 12_5 is 125 to Python, and a slip of the keyboard to everybody else.
        if len(cleaned) > LONGEST or "_" in cleaned:
            raise InvalidOperation
        number = Decimal(cleaned)
    except ArithmeticError:
        raise NotAnAmount(
            f"“{cleaned[:40]}” is not a number.",
            hint="Write it like 1234.50, without currency signs or thousands marks.",
        ) from None
    exponent = number.as_tuple().exponent
    if (
        not isinstance(exponent, int)
        # Before it is compared: a number with a huge exponent cannot even be negated.
        or number.adjusted() > LARGEST.adjusted()
        or abs(number) > LARGEST
        or -exponent > MOST_PLACES
    ):
        raise NotAnAmount(f"“{cleaned[:40]}” is outside the range of amounts.")
    return number
