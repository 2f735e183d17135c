"""What a format is given: frozen rows, and what it must give back."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class PayoutRow:
    """One payee who is to be paid."""

    payee_name: str
    employee_number: str
    email: str
    amount: Decimal


@dataclass(frozen=True, slots=True)
class RunToPay:
    """An approved run as a file may know it."""

    business: str
    number: int
    period: str
    currency: str
    pays_on: date
    rows: tuple[PayoutRow, ...]


@dataclass(frozen=True, slots=True)
class MadeFile:
    """The bytes of a file, with what it says about itself when it is read back."""

    name: str
    content: bytes
    rows: int
    total: Decimal
