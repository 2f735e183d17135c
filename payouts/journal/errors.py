"""What can go wrong with the journal."""

from commissions_saas.lib.errors import ProductError


class JournalError(ProductError):
    """The family of the journal's errors."""


class AlreadyBooked(JournalError):
    """The same event was booked before; booking it again changes nothing."""

    def __init__(self, key: str) -> None:
        super().__init__(f"“{key}” is booked already.")
        self.key = key


class NothingToBook(JournalError):
    """A journal needs at least one amount that is not zero."""

    def __init__(self, key: str) -> None:
        super().__init__(f"“{key}” has no amount to book.")
        self.key = key
