"""How much commission a refused record may hold up: an estimate, if any room has one."""

from collections.abc import Callable, Mapping
from decimal import Decimal

from crm_sync.ledger.facts import Value
from crm_sync.ledger.standard import is_currency

# (object, amount, currency, values) → the commission that may be waiting, or None.
Estimate = Callable[[str, Decimal, str, Mapping[str, Value]], Decimal | None]

_estimates: list[Estimate] = []


def use_estimate(estimate: Estimate) -> Estimate:
    """Let a higher room say what a refused record may be worth."""
    _estimates[:] = [estimate]
    return estimate


def held_up(
    object_: str, amount: Decimal | None, currency: str, values: Mapping[str, Value]
) -> Decimal:
    """Return the commission that a refused record may hold up; 0 where unknown."""
    code = currency.upper()
    if amount is None or not _estimates or (code and not is_currency(code)):
        return Decimal(0)
    return _estimates[0](object_, amount, code, values) or Decimal(0)
