"""What a person can get wrong with write-back."""

from commissions_saas.lib.errors import ProductError


class WriteBackError(ProductError):
    """Something about write-back that a person can mend."""


class CannotWrite(WriteBackError):
    """The source takes no values from us."""


class FieldInUse(WriteBackError):
    """A plan reads the field, so writing it would make commission depend on itself."""


class FiguresMoved(WriteBackError):
    """What would be written is not any more what was looked at."""

    def __init__(self) -> None:
        super().__init__(
            "The figures moved since you looked.",
            hint="Look at them again, then turn it on.",
        )


class AlreadyOff(WriteBackError):
    """Somebody has turned it off, or on, meanwhile."""

    def __init__(self) -> None:
        super().__init__(
            "Write-back has changed meanwhile.", hint="Look at the page again."
        )
