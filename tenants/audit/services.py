"""Writing the trail: one row in the transaction of the change, sealed a little later."""

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from commissions_saas.lib import clock
from tenants.access import Member
from tenants.accounts.models import Business, Group, User
from tenants.audit.context import cause
from tenants.audit.models import AuditRow
from tenants.schema import connection


class OutsideTransaction(Exception):
    """A change was recorded apart from the change itself: our fault."""


def record(
    *,
    action: str,
    object_kind: str,
    object_id: object,
    object_name: str,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    by: Member | User | str,
    business: Business | None = None,
    group: Group | None = None,
) -> AuditRow:
    """Write who did what to which object, in the transaction of the change.

    The business that is entered is the place, unless another is named. Values become
    text, so that money keeps its digits.
    """
    if not connection.in_atomic_block:
        raise OutsideTransaction(action)
    business = business or _business_in_force()
    group_id = group.pk if group else business.group_id if business else None
    user_id, name = _who(by)
    return AuditRow.objects.create(
        business_time=clock.now(),
        group_id=group_id,
        business_id=business.pk if business else None,
        user_id=user_id,
        by=name[:200],
        action=action,
        object_kind=object_kind,
        object_id=str(object_id),
        object_name=object_name[:200],
        before=as_text(before),
        after=as_text(after),
        request_id=cause().request_id,
        address=cause().address,
    )


def as_text(value: Any) -> Any:
    """Return the value as JSON can hold it without losing a digit."""
    if isinstance(value, Mapping):
        return {str(key): as_text(part) for key, part in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [as_text(part) for part in value]
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, date | datetime):
        return value.isoformat()
    if value is None or isinstance(value, bool | int | str):
        return value
    return str(value)


def _business_in_force() -> Business | None:
    tenant = connection.tenant
    return tenant if isinstance(tenant, Business) else None


def _who(by: Member | User | str) -> tuple[int | None, str]:
    if isinstance(by, str):
        return None, by
    if isinstance(by, Member):
        return by.user_id, by.name
    return by.pk, str(by)
