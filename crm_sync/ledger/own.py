"""One rule for whose pay is whose: nobody has a hand in what they are paid themselves."""

from django.db.models import Q

from crm_sync.ledger import errors
from crm_sync.ledger.models import Payee
from crm_sync.ledger.once import found_once
from tenants.access import Member
from tenants.schema import current_business


def own_payee_ids(by: Member) -> set[int]:
    """Return the payees who are this member, by log-in or by the payee's e-mail.

    A payee without a log-in is known by the address alone; whoever has it is paid. One
    that was merged into another is the same person, whichever of them knows who it is.
    """
    known = Q(user_id=by.user_id)
    if by.email:
        known |= Q(email__iexact=by.email)
    rows = Payee.objects.filter(known)
    people = {merged or own for own, merged in rows.values_list("pk", "merged_into_id")}
    merged_too = Payee.objects.filter(Q(pk__in=people) | Q(merged_into_id__in=people))
    return set(merged_too.values_list("pk", flat=True))


def is_own(payee_id: int, by: Member) -> bool:
    """Say whether the member is the payee."""
    return payee_id in found_once(("own", by.user_id), lambda: own_payee_ids(by))


def require_not_own(payee: Payee | None, by: Member | None) -> None:
    """Refuse a hand in one's own pay; a lone owner says so by solo mode."""
    if payee is None or by is None or current_business().solo_mode:
        return
    if is_own(payee.pk, by):
        raise errors.OwnFacts(payee.name)
