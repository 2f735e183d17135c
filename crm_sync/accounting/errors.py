"""What a person can get wrong when matching invoices and payments."""

from commissions_saas.lib.errors import ProductError


class AccountingError(ProductError):
    """Something about invoices and payments that a person can mend."""


class NotThis(AccountingError):
    """An invoice or payment cannot stand on what was chosen."""


class NoSuchField(AccountingError):
    """Deals cannot be named by a field that they do not have."""

    def __init__(self, key: str) -> None:
        super().__init__(
            f"Deals have no field “{key[:60]}”.",
            hint="Map it first, so that every deal has its number.",
        )
