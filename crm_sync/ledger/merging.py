"""Two payees who are one person become one, and two again if that was wrong."""

from collections.abc import Callable

from django.db import transaction

from crm_sync.ledger import errors
from crm_sync.ledger.changes import next_change
from crm_sync.ledger.identities import tell_who
from crm_sync.ledger.models import ExternalId, Payee, Revision
from crm_sync.ledger.own import require_not_own
from crm_sync.ledger.writing import reopen
from tenants.access import Member
from tenants.audit.services import record

Credit = tuple[int, str, str, int]


def merge_payees(*, payee: Payee, into: Payee, by: Member | None = None) -> int:
    """Credit everything of `payee` to `into`; each credit remembers whose it was.

    Returns how many entries changed hands.
    """
    for each in (payee, into):
        require_not_own(each, by)
    if payee.pk == into.pk or into.merged_into_id is not None:
        raise errors.CannotMerge(
            f"{payee.name} cannot be merged into {into.name}.",
            hint="Choose a payee that stands for itself.",
        )
    if payee.merged_into_id is not None:
        raise errors.CannotMerge(f"{payee.name} was merged already.")
    if payee.user_id and into.user_id and payee.user_id != into.user_id:
        raise errors.CannotMerge(
            f"{payee.name} and {into.name} have a login each.",
            hint="Take the login away from one of them first.",
        )
    with transaction.atomic():
        number = _number(payee, into, f"{payee.name} merged into {into.name}", by)
        if not Payee.objects.filter(pk=into.pk, merged_into__isnull=True).exists():
            raise errors.CannotMerge(f"{into.name} was merged meanwhile.")
        ExternalId.objects.filter(payee=payee, was__isnull=True).update(was=payee)
        ExternalId.objects.filter(payee=payee).update(payee=into)
        if (
            Payee.objects.filter(pk=payee.pk, merged_into__isnull=True).update(
                merged_into=into
            )
            != 1
        ):
            raise errors.CannotMerge(f"{payee.name} was merged already.")
        Payee.objects.filter(merged_into=payee).update(merged_into=into)
        tell_who(payee.pk, into.pk)

        def change(credit: Credit) -> Credit:
            payee_id, role, share, was = credit
            if payee_id != payee.pk:
                return credit
            return into.pk, role, share, was or payee.pk

        moved = _rewrite(payee.pk, number, change)
        _audit("ledger.payee.merged", payee, into, moved, by)
    payee.refresh_from_db()
    return moved


def undo_merge(*, payee: Payee, by: Member | None = None) -> int:
    """Give a merged payee back what was theirs, and what came in their name since."""
    into = payee.merged_into
    if into is None:
        raise errors.CannotMerge(f"{payee.name} is not merged.")
    with transaction.atomic():
        words = f"{payee.name} is a payee of their own again, apart from {into.name}"
        number = _number(payee, into, words, by)
        # Behind the lock: pressed twice, the second one undoes nothing, nor a merge
        # into somebody else since.
        merged = Payee.objects.filter(pk=payee.pk, merged_into=into)
        if merged.update(merged_into=None) != 1:
            raise errors.CannotMerge(f"{payee.name} is not merged into {into.name}.")
        ExternalId.objects.filter(payee=into, was=payee).update(payee=payee, was=None)
        tell_who(payee.pk)

        def change(credit: Credit) -> Credit:
            _, role, share, was = credit
            return (payee.pk, role, share, 0) if was == payee.pk else credit

        moved = _rewrite(into.pk, number, change)
        _audit("ledger.payee.merge_undone", payee, into, moved, by)
    payee.refresh_from_db()
    return moved


def _number(payee: Payee, into: Payee, words: str, by: Member | None) -> int:
    """Number the change for both, so that both are looked at again."""
    source = f"by {by.name}" if by else ""
    by_id = by.user_id if by else None
    for one in (into, payee):
        number = next_change(
            kind="payee", words=words, source=source, payee_id=one.pk, by_id=by_id
        )
    return number


def _rewrite(payee_id: int, number: int, change: Callable[[Credit], Credit]) -> int:
    """Open a new revision of each entry whose credits change."""
    current = Revision.objects.filter(
        closed__isnull=True, credits__contains=[{"payee": payee_id}]
    ).select_related("entry")
    return reopen(current, number, change)


def _audit(
    action: str, payee: Payee, into: Payee, moved: int, by: Member | None
) -> None:
    record(
        action=action,
        object_kind="payee",
        object_id=str(payee.pk),
        object_name=payee.name,
        after={"into": into.name, "entries": moved},
        by=by or "system",
    )
