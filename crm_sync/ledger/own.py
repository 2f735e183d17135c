"""Nobody enters what their own pay is worked out from."""

from crm_sync.ledger import errors
from crm_sync.ledger.models import Payee
from crm_sync.ledger.selectors import payee_of
from tenants.access import Member
from tenants.schema import current_business


def is_own(payee: Payee, by: Member) -> bool:
    """Say whether the member is the payee, by log-in or by the payee's e-mail.

    A payee without a log-in is known by the address alone; whoever has it is paid.
    """
    target = payee.merged_into or payee
    own = payee_of(by)
    if own is not None and own.pk == target.pk:
        return True
    addresses = {payee.email.casefold(), target.email.casefold()} - {""}
    return by.email.casefold() in addresses


def require_not_own(payee: Payee | None, by: Member | None) -> None:
    """Refuse a hand in one's own pay; a lone owner says so by solo mode."""
    if payee is None or by is None or current_business().solo_mode:
        return
    if is_own(payee, by):
        raise errors.OwnFacts(payee.name)
