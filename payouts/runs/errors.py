"""What can stop a payout run, in the words of the person who will read it."""

from collections.abc import Sequence
from decimal import Decimal

from commissions_saas.lib.errors import ProductError


class PayoutError(ProductError):
    """The family of payout errors."""


class PeriodNotOver(PayoutError):
    def __init__(self, label: str, ends: str) -> None:
        super().__init__(
            f"{label} is not over yet: it ends on {ends}.",
            hint="A payout run is prepared once its period has ended.",
        )


class NoSuchPeriod(PayoutError):
    def __init__(self) -> None:
        super().__init__("There is no such period.", hint="Choose one from the list.")


class AlreadyPrepared(PayoutError):
    def __init__(self, label: str, number: int) -> None:
        super().__init__(
            f"{label} has run {number} already.",
            hint="Open that run, or re-freeze it if the figures changed.",
        )
        self.number = number


class NobodyPayable(PayoutError):
    def __init__(self, label: str) -> None:
        super().__init__(
            f"Nobody is payable in {label}.",
            hint="Its lines may all be waiting; the period's page lists them.",
        )


class FailedStatements(PayoutError):
    def __init__(self, names: Sequence[str]) -> None:
        who = ", ".join(names)
        super().__init__(
            f"These statements have lines that failed: {who}.",
            hint="Mend the plan or the deal that the line names, then try again.",
        )


class NeedsSecondPerson(PayoutError):
    """Someone who prepared, adjusted or is paid by a run tried to approve it."""

    def __init__(self, because: str, who_may: Sequence[str]) -> None:
        others = " or ".join(who_may) or "Another person with the finance role"
        super().__init__(f"{because} {others} can approve.")
        self.because = because
        self.who_may = tuple(who_may)


class WrongState(PayoutError):
    def __init__(self, number: int, state: str, wanted: str) -> None:
        super().__init__(
            f"Run {number} is {state.replace('_', ' ')}, so it cannot be {wanted}.",
            hint="Somebody may have acted at the same time; look at the run again.",
        )


class FiguresMoved(PayoutError):
    """What the person saw is no longer what the run holds; nothing was done."""

    def __init__(self, *, seen: Decimal, now: Decimal, currency: str) -> None:
        super().__init__(
            "The run changed while you were reading: it was "
            f"{seen:,.2f} {currency} and is {now:,.2f} {currency}.",
            hint="Nothing was done. Review the run and decide again.",
        )
        self.seen = seen
        self.now = now


class TakenUp(PayoutError):
    """What was put aside in a run stands in a later one already."""

    def __init__(self, names: Sequence[str], number: int) -> None:
        super().__init__(
            f"What was not paid to {', '.join(names)} is in run {number} by now.",
            hint="It is decided there; this run stays as it is.",
        )


class NotDecided(PayoutError):
    def __init__(self, count: int) -> None:
        super().__init__(
            f"{count} payees are not decided yet.",
            hint="Approve, hold or reject each of them before signing the run.",
        )


class NeedsReason(PayoutError):
    def __init__(self, what: str) -> None:
        super().__init__(f"{what} needs a reason.", hint="Write it in a sentence.")


class FileDoesNotAddUp(PayoutError):
    """The file says other totals than the run: it is not offered to anyone."""

    def __init__(self, *, file: Decimal, run: Decimal) -> None:
        super().__init__(f"The file adds up to {file}, the run to {run}.")


class KeyUsedDifferently(PayoutError):
    def __init__(self) -> None:
        super().__init__(
            "This request was sent before with other contents.",
            hint="Reload the page and decide again; nothing was done now.",
        )


class UnknownFormat(PayoutError):
    def __init__(self, name: str) -> None:
        super().__init__(f"There is no export format “{name}”.")
