"""What was really paid, or came back: payouts know it, so they hand in expressions."""

from collections.abc import Callable
from typing import Any

from django.db.models import DecimalField, JSONField, Value

Expression = Callable[[], Any]
_NOTHING = Value(0, output_field=DecimalField(max_digits=19, decimal_places=4))
_known: dict[str, Expression] = {}


def provide_paid(
    *, in_year: Expression, of_period: Expression, came_back: Expression
) -> None:
    """Register what a statement's payee was paid in its year, what of a period was, and
    what of a statement was sent back."""
    _known.update(in_year=in_year, of_period=of_period, came_back=came_back)


def paid_in_year() -> Any:
    """Annotate statements with what reached the payee in the year of the period."""
    return _asked("in_year", _NOTHING)


def paid_of_period() -> Any:
    """Annotate pay periods with what of their lines was paid and did not come back."""
    return _asked("of_period", _NOTHING)


def came_back() -> Any:
    """Annotate statements with their payment that a bank sent back, until it is paid
    again: its `amount` as text and the `reason`; nothing where there is none."""
    return _asked("came_back", Value(None, output_field=JSONField()))


def _asked(name: str, otherwise: Value) -> Any:
    known = _known.get(name)
    return known() if known else otherwise
