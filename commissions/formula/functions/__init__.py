"""The catalogue: every function of the language, each declared once."""

from collections.abc import Mapping
from types import MappingProxyType

from .amounts import AMOUNT_FUNCTIONS
from .blanks import BLANK_FUNCTIONS
from .dates import DATE_FUNCTIONS
from .declare import Function
from .rates import RATE_FUNCTIONS
from .texts import TEXT_FUNCTIONS

GROUPS: tuple[tuple[str, tuple[Function, ...]], ...] = (
    ("Amounts and numbers", AMOUNT_FUNCTIONS),
    ("Rate tables", RATE_FUNCTIONS),
    ("Fields without a value", BLANK_FUNCTIONS),
    ("Text", TEXT_FUNCTIONS),
    ("Dates", DATE_FUNCTIONS),
)
CATALOGUE: Mapping[str, Function] = MappingProxyType(
    {function.name: function for _, group in GROUPS for function in group}
)
