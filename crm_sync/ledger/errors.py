"""What a person can get wrong with payees, products and refused records."""

from commissions_saas.lib.errors import ProductError


class LedgerError(ProductError):
    """Something about the ledger that a person can mend."""


class NameTaken(LedgerError):
    """There is already one of this name."""

    def __init__(self, kind: str, name: str) -> None:
        super().__init__(
            f"There is already a {kind} called “{name}”.",
            hint="Open that one, or choose another name.",
        )


class CannotMerge(LedgerError):
    """These two payees cannot become one."""


class AlreadyMatched(LedgerError):
    """The source's user belongs to another payee."""


class BadPlacement(LedgerError):
    """A payee cannot be placed like this."""


class NeedsReason(LedgerError):
    """Ignoring a record needs a reason that others can read."""

    def __init__(self) -> None:
        super().__init__(
            "Say why this record is ignored.",
            hint="Whoever misses the deal will read your reason.",
        )


class BadAttribute(LedgerError):
    """An attribute needs a short name of its own."""


class BadRow(LedgerError):
    """A row of a file cannot be entered as it is."""


class BadDays(LedgerError):
    """These days cannot be entered."""


class BadRate(LedgerError):
    """This is no exchange rate."""


class OwnFacts(LedgerError):
    """Somebody enters what decides their own pay."""

    def __init__(self, name: str) -> None:
        super().__init__(
            f"You are paid as {name}, so somebody else enters this.",
            hint="Another person with the finance or admin role can.",
        )
