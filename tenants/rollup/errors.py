"""What can be wrong with a roll-up."""

from commissions_saas.lib.errors import ProductError


class RateProblem(ProductError):
    """A rate that cannot be used."""
