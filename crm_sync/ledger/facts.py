"""What the rest of the product may know of the ledger: frozen values, no rows."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Literal

Value = Decimal | str | date | bool
ValueType = Literal["money", "number", "percent", "text", "date", "yesno"]
Role = Literal[
    "owner", "split", "overlay", "manager", "territory", "referrer", "upline"
]


@dataclass(frozen=True, slots=True)
class CreditFact:
    """A payee's share of an entry; a share of one is the whole.

    Who is credited for being above somebody has the `level` above, one for the direct
    manager, and `through` whom: the payee directly below in the chain.
    """

    payee_id: int
    role: str
    share: Decimal
    level: int = 0
    through: int = 0
    problem: str = ""


@dataclass(frozen=True, slots=True)
class EntryFact:
    """One entry as it was known at a change number.

    `occurred_on` decides the period (a deal: the day it was won). `counts` is no for
    an entry that must not earn: still open, lost, deleted in the source. `reversed_on`
    is the day on which an entry that had counted stopped to count.
    """

    id: int
    object: str
    external_id: str
    name: str
    occurred_on: date | None
    counts: bool
    currency: str
    values: Mapping[str, Value]
    credits: tuple[CreditFact, ...]
    reversed_on: date | None = None


@dataclass(frozen=True, slots=True)
class FieldFact:
    """A field of the catalogue: the name that formulas use, and its type."""

    object: str
    key: str
    label: str
    type: ValueType


@dataclass(frozen=True, slots=True)
class PayeeFact:
    """A payee with the attributes that formulas may read as `payee.<key>`."""

    id: int
    name: str
    attributes: Mapping[str, Value] = field(default_factory=dict)
