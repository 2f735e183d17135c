"""What a program can get wrong."""

from commissions_saas.lib.errors import ProductError


class BadRequest(ProductError):
    """Something in what was sent is not as it should be."""

    def __init__(self, message: str, hint: str = "", field: str = "") -> None:
        super().__init__(message, hint)
        self.field = field


class Conflict(ProductError):
    """What was asked does not go with how things are now."""
