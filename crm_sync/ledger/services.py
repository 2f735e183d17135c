"""Writes to payees, products, territories and refused records."""

from collections.abc import Mapping
from typing import Any

from django.db import IntegrityError, transaction

from commissions_saas.lib import clock
from crm_sync.contract import field_name
from crm_sync.ledger import errors
from crm_sync.ledger.attributes import declare_new
from crm_sync.ledger.changes import next_change
from crm_sync.ledger.identities import tell_who
from crm_sync.ledger.models import (
    Customer,
    ExternalId,
    FormerState,
    Payee,
    Product,
    RefusedRecord,
    Service,
    Territory,
)
from crm_sync.ledger.own import require_not_own
from tenants.access import Member
from tenants.audit.services import record

SYSTEM = "system"
_PAYEE_FIELDS = ("name", "email", "employee_number", "title", "user_id", "leaves_on")


def create_payee(
    *,
    name: str,
    email: str = "",
    employee_number: str = "",
    title: str = "",
    user_id: int | None = None,
    attributes: Mapping[str, str] | None = None,
    hidden: bool = False,
    by: Member | None = None,
) -> Payee:
    """Add a person who can be paid; they need no login."""
    with transaction.atomic():
        payee = Payee.objects.create(
            name=_name(name, "payee"),
            email=email.strip().lower(),
            employee_number=employee_number.strip(),
            title=title.strip(),
            user_id=user_id,
            attributes=clean_attributes(attributes or {}),
            hidden=hidden,
        )
        declare_new("payee", payee.attributes)
        tell_who(payee.pk)
        record(
            action="ledger.payee.created",
            object_kind="payee",
            object_id=str(payee.pk),
            object_name=payee.name,
            after=payee_state(payee),
            by=by or SYSTEM,
        )
    return payee


def edit_payee(*, payee: Payee, by: Member, **changes: Any) -> None:
    """Change what is known of a payee; what formulas read gets a change number."""
    before = payee_state(payee)
    if "attributes" in changes:
        changes["attributes"] = clean_attributes(changes["attributes"])
    if "name" in changes:
        changes["name"] = _name(changes["name"], "payee")
    if "email" in changes:
        changes["email"] = changes["email"].strip().lower()
    after = {**before, **{key: _plain(value) for key, value in changes.items()}}
    if after == before:
        return
    if after["attributes"] != before["attributes"]:
        require_not_own(payee, by)
    with transaction.atomic():
        if (
            after["attributes"] != before["attributes"]
            or after["name"] != before["name"]
        ):
            number = next_change(
                kind="payee",
                words=f"{payee.name}: {_differences(before, after)}",
                source=f"edited by {by.name}",
                payee_id=payee.pk,
                by_id=by.user_id,
            )
            _keep_former("payee", payee.pk, before["name"], before, number)
            declare_new("payee", after["attributes"])
        if Payee.objects.filter(pk=payee.pk).update(**changes) != 1:
            raise errors.LedgerError("This payee is not there any more.")
        tell_who(payee.pk)
        _audit("ledger.payee.edited", "payee", payee.pk, payee.name, before, after, by)
    payee.refresh_from_db()


def payee_state(payee: Payee) -> dict[str, Any]:
    """Return what an audit row keeps of a payee."""
    state = {key: _plain(getattr(payee, key)) for key in _PAYEE_FIELDS}
    return {**state, "attributes": payee.attributes}


def match_payee(
    *, payee: Payee, connection_id: int, external_id: str, by: Member | None = None
) -> ExternalId:
    """Say that a source's user is this payee, from now on and for refused records."""
    with transaction.atomic():
        # Whoever was merged away is credited through the payee they became.
        target = payee.merged_into or payee
        was = payee if payee.merged_into_id else None
        have, made = ExternalId.objects.get_or_create(
            connection_id=connection_id,
            external_id=external_id,
            defaults={"payee": target, "was": was},
        )
        if not made and have.payee_id != target.pk:
            raise errors.AlreadyMatched(
                f"This user is matched to {have.payee.name} already.",
                hint="Take that match away first, or merge the two payees.",
            )
        if made:
            _audit(
                "ledger.payee.matched",
                "payee",
                target.pk,
                target.name,
                None,
                {"connection": connection_id, "user": external_id},
                by,
            )
    return have


def unmatch_payee(*, match: ExternalId, by: Member) -> None:
    """Take a match away; entries keep the credits that they have."""
    with transaction.atomic():
        _audit(
            "ledger.payee.unmatched",
            "payee",
            match.payee_id,
            match.payee.name,
            {"connection": match.connection_id, "user": match.external_id},
            None,
            by,
        )
        ExternalId.objects.filter(pk=match.pk).delete()


def create_product(
    *, name: str, attributes: Mapping[str, str] | None = None, by: Member | None = None
) -> Product:
    """Add a product by the name that the source uses."""
    product: Product = _create(Product, "product", name, attributes or {}, by)
    return product


def create_territory(
    *, name: str, attributes: Mapping[str, str] | None = None, by: Member | None = None
) -> Territory:
    """Add a territory by the name that the source uses."""
    territory: Territory = _create(Territory, "territory", name, attributes or {}, by)
    return territory


def create_service(
    *, name: str, attributes: Mapping[str, str] | None = None, by: Member | None = None
) -> Service:
    """Add a service by the name that the source uses."""
    service: Service = _create(Service, "service", name, attributes or {}, by)
    return service


def create_customer(
    *, name: str, attributes: Mapping[str, str] | None = None, by: Member | None = None
) -> Customer:
    """Add a customer by the name that the source uses."""
    customer: Customer = _create(Customer, "customer", name, attributes or {}, by)
    return customer


def edit_named(
    *,
    row: Product | Territory | Service | Customer,
    attributes: Mapping[str, str],
    active: bool,
    by: Member,
) -> None:
    """Change a thing's attributes, under a change number; its name is the source's."""
    kind = row._meta.model_name or ""
    before = {"attributes": row.attributes, "active": row.active}
    after = {"attributes": clean_attributes(attributes), "active": active}
    if before == after:
        return
    with transaction.atomic():
        if after["attributes"] != before["attributes"]:
            _number_thing(kind, row.pk, row.name, before, after, by)
        type(row).objects.filter(pk=row.pk).update(**after)
        _audit(f"ledger.{kind}.edited", kind, row.pk, row.name, before, after, by)
    row.refresh_from_db()


def ignore_refused(*, refused: RefusedRecord, reason: str, by: Member) -> None:
    """Leave a refused record aside, with a reason; a newer version comes back."""
    if not reason.strip():
        raise errors.NeedsReason
    _move_refused(
        refused,
        RefusedRecord.State.WAITING,
        RefusedRecord.State.IGNORED,
        reason.strip(),
        by,
    )


def undo_ignore(*, refused: RefusedRecord, by: Member) -> None:
    """Take a refused record back among those that wait."""
    _move_refused(
        refused, RefusedRecord.State.IGNORED, RefusedRecord.State.WAITING, "", by
    )


def _move_refused(
    refused: RefusedRecord, start: str, end: str, reason: str, by: Member
) -> None:
    with transaction.atomic():
        moved = RefusedRecord.objects.filter(pk=refused.pk, state=start).update(
            state=end,
            ignored_because=reason,
            ignored_by_id=by.user_id if reason else None,
            last_seen=clock.now(),
        )
        if moved != 1:
            raise errors.LedgerError(
                "This record has changed meanwhile.", hint="Look at it again."
            )
        _audit(
            f"ledger.refused.{end}",
            "refused record",
            refused.pk,
            refused.name or refused.external_id,
            {"state": start},
            {"state": end, "reason": reason},
            by,
        )


def clean_attributes(attributes: Mapping[str, Any]) -> dict[str, str]:
    """Return attributes under names that formulas can use, without empty ones."""
    cleaned: dict[str, str] = {}
    for label, value in attributes.items():
        if not str(label).strip() or not str(value).strip():
            continue
        key = field_name(str(label))
        if key in cleaned:
            raise errors.BadAttribute(f"“{label}” is there twice.")
        cleaned[key] = str(value).strip()
    return cleaned


def _create(
    model: Any,
    kind: str,
    name: str,
    attributes: Mapping[str, str],
    by: Member | None,
) -> Any:
    name = _name(name, kind)
    try:
        with transaction.atomic():
            given = clean_attributes(attributes)
            row = model.objects.create(name=name, attributes=given)
            if given:
                empty: dict[str, Any] = {"attributes": {}}
                _number_thing(kind, row.pk, name, empty, {"attributes": given}, by)
            _audit(
                f"ledger.{kind}.created",
                kind,
                row.pk,
                name,
                None,
                {"attributes": row.attributes},
                by,
            )
    except IntegrityError:
        raise errors.NameTaken(kind, name) from None
    return row


def _number_thing(
    kind: str,
    id_: int,
    name: str,
    before: Mapping[str, Any],
    after: Mapping[str, Any],
    by: Member | None,
) -> None:
    """Number a change of attributes that formulas may read, and keep what was known."""
    named = {"name": name}
    number = next_change(
        kind="thing",
        words=f"{name}: {_differences({**named, **before}, {**named, **after})}",
        source=f"edited by {by.name}" if by else "",
        by_id=by.user_id if by else None,
    )
    _keep_former(kind, id_, name, before, number)
    declare_new(kind, after["attributes"])


def _keep_former(
    kind: str, id_: int, name: str, before: Mapping[str, Any], number: int
) -> None:
    FormerState.objects.create(
        kind=kind,
        subject_id=id_,
        name=name,
        attributes=before["attributes"],
        closed=number,
    )


def _name(name: str, kind: str) -> str:
    cleaned = " ".join(name.split())
    if not cleaned:
        raise errors.LedgerError(f"A {kind} needs a name.")
    return cleaned[:200]


def _plain(value: Any) -> Any:
    return value.isoformat() if hasattr(value, "isoformat") else value


def _differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> str:
    if before["name"] != after["name"]:
        return f"name {before['name']} → {after['name']}"
    old, new = before["attributes"], after["attributes"]
    return "; ".join(
        f"{key} {old.get(key, 'empty')} → {new.get(key, 'empty')}"
        for key in sorted({*old, *new})
        if old.get(key) != new.get(key)
    )


def _audit(
    action: str,
    kind: str,
    id_: int,
    name: str,
    before: Mapping[str, Any] | None,
    after: Mapping[str, Any] | None,
    by: Member | None,
) -> None:
    record(
        action=action,
        object_kind=kind,
        object_id=str(id_),
        object_name=name,
        before=before,
        after=after,
        by=by or SYSTEM,
    )
