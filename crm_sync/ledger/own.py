"""Nobody enters what their own pay is worked out from."""

from crm_sync.ledger import errors
from crm_sync.ledger.models import Payee
from crm_sync.ledger.selectors import payee_of
from tenants.access import Member
from tenants.schema import current_business


def require_not_own(payee: Payee | None, by: Member | None) -> None:
    """Refuse a hand in one's own pay; a lone owner says so by solo mode."""
    if payee is None or by is None or current_business().solo_mode:
        return
    own = payee_of(by)
    if own is not None and own.pk == (payee.merged_into_id or payee.pk):
        raise errors.OwnFacts(payee.name)
