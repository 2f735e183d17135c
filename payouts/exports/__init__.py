"""File formats: each a module with NAME, LABEL and `make`; one line registers one."""

from collections.abc import Callable

from payouts.exports import payroll_csv
from payouts.exports.rows import MadeFile, RunToPay

FORMATS: dict[str, tuple[str, Callable[[RunToPay], MadeFile]]] = {
    payroll_csv.NAME: (payroll_csv.LABEL, payroll_csv.make),
}
