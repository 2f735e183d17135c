"""People say what an invoice or payment stands on, where its source does not."""

from django.db import transaction

from crm_sync.accounting import errors
from crm_sync.accounting.models import DealName, Reference
from crm_sync.accounting.reading import deals_of, with_payments
from crm_sync.accounting.resolving import ID, deal_key, resolve
from crm_sync.accounting.settling import settle_all
from crm_sync.ledger.catalogue import catalogue
from crm_sync.ledger.changes import lock_changes
from crm_sync.ledger.models import Credit, Entry, Payee
from crm_sync.ledger.own import require_not_own
from crm_sync.ledger.standard import DEAL, INVOICE, PAYMENT
from tenants.access import Member
from tenants.audit.services import record

Kind = Reference.Kind
# What an invoice, and what a payment, may be said to stand on.
_MAY = {INVOICE: (DEAL,), PAYMENT: (INVOICE, DEAL)}


def choose(*, reference: Reference, target: Entry, by: Member) -> int:
    """Say what an invoice or payment names; return how many entries say more now.

    Nobody decides it for a deal that they are paid for themselves.
    """
    with transaction.atomic():
        lock_changes()
        row = Reference.objects.select_related("entry").filter(pk=reference.pk).first()
        if row is None:
            raise errors.NotThis("The invoice or payment names something else now.")
        _require_fitting(row, target)
        _require_not_paid_for(target, by)
        before = {"target": row.target_id, "problem": row.problem}
        touched = with_payments([row.entry_id])
        deals = deals_of(touched)
        rows = Reference.objects.filter(entry_id=row.entry_id, kind=target.object)
        place = row.place if row.kind == target.object else rows.count()
        Reference.objects.filter(pk=row.pk).update(
            kind=target.object,
            place=place,
            target=target,
            problem="",
            chosen_by_id=by.user_id,
        )
        resolve(list(Reference.objects.filter(pk=row.pk)))
        moved = settle_all(deals | deals_of(touched), touched, f"matched by {by.name}")
        after = {"target": target.pk, "name": target.name}
        _trail("matched", row.entry, before, after, by)
    return moved


def forget(*, reference: Reference, by: Member) -> int:
    """Take back what a person said; the source's own word holds again."""
    with transaction.atomic():
        lock_changes()
        row = Reference.objects.select_related("entry").filter(pk=reference.pk).first()
        if row is None or row.chosen_by_id is None:
            return 0
        if row.target is not None:
            _require_not_paid_for(row.target, by)
        touched = with_payments([row.entry_id])
        deals = deals_of(touched)
        Reference.objects.filter(pk=row.pk).update(chosen_by_id=None)
        resolve(list(Reference.objects.filter(pk=row.pk)))
        moved = settle_all(
            deals | deals_of(touched), touched, f"taken back by {by.name}"
        )
        _trail("unmatched", row.entry, {"target": row.target_id}, {}, by)
    return moved


def name_deals_by(*, key: str, by: Member) -> int:
    """Say by which field of a deal invoices name it, and look at all of them again."""
    if key != ID and (DEAL, key) not in catalogue():
        raise errors.NoSuchField(key)
    with transaction.atomic():
        lock_changes()
        before = deal_key()
        if key == before:
            return 0
        DealName.objects.all().delete()
        if key != ID:
            DealName.objects.create(key=key)
        moved = settle_everything(source=f"deals are named by {key}, said by {by.name}")
        record(
            action="ledger.accounting.deals_named",
            object_kind="business",
            object_id="",
            object_name="invoices and payments",
            before={"key": before},
            after={"key": key},
            by=by,
        )
    return moved


def settle_everything(*, source: str) -> int:
    """Find again what everything names, and bring all up to date."""
    with transaction.atomic():
        lock_changes()
        every = set(Reference.objects.values_list("entry_id", flat=True))
        deals = deals_of(every)
        resolve(list(Reference.objects.order_by("pk")))
        return settle_all(deals | deals_of(every), every, source)


def _require_fitting(row: Reference, target: Entry) -> None:
    fits = row.kind in (Kind.DEAL, Kind.INVOICE) and row.entry_id != target.pk
    if not fits or target.deleted or target.object not in _MAY[row.entry.object]:
        raise errors.NotThis(
            f"{row.entry.name} cannot stand on {target.name}.",
            hint="An invoice stands on a deal, a payment on an invoice or a deal.",
        )
    if row.problem == Reference.Problem.CURRENCY:
        raise errors.NotThis(
            f"{row.entry.name} is in another currency than its invoice.",
            hint="Map the amount in the currency of the invoice.",
        )


def _require_not_paid_for(target: Entry, by: Member) -> None:
    deals = {target.pk} if target.object == DEAL else deals_of([target.pk])
    paid = Credit.objects.filter(entry_id__in=deals, closed__isnull=True)
    for payee in Payee.objects.filter(pk__in=paid.values("payee_id")):
        require_not_own(payee, by)


def _trail(
    action: str, entry: Entry, before: object, after: object, by: Member
) -> None:
    record(
        action=f"ledger.accounting.{action}",
        object_kind=entry.object,
        object_id=entry.pk,
        object_name=entry.name,
        before=before if isinstance(before, dict) else None,
        after=after if isinstance(after, dict) else None,
        by=by,
    )
