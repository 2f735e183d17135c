"""What a source knows of its people beside their names: who has left, who may log in."""

from __future__ import annotations

from collections.abc import Callable

from django.db import transaction

from commissions_saas.lib import clock
from commissions_saas.lib.errors import ProductError
from crm_sync.connections.models import Connection, SourceUser
from crm_sync.connections.readers import Reader
from crm_sync.ledger.identities import tell_who
from crm_sync.ledger.models import ExternalId, Payee
from tenants.accounts.invitations import bring_in
from tenants.accounts.models import Business, Group, Role, User
from tenants.audit.services import record
from tenants.schema import in_business

_MOST = 1000


def note_leavers(reader: Reader, check: Callable[[], None]) -> int:
    """Note a last day for payees who are past members there; trailing pay goes on.

    Somebody who is known by another user who is still there has not left.
    """
    users = SourceUser.objects.filter(connection=reader.connection)
    gone = set(users.filter(active=False).values_list("external_id", flat=True))
    if not gone:
        return 0
    count = 0
    for business in reader.businesses.values():
        with in_business(business), transaction.atomic():
            check()
            known = ExternalId.objects.filter(connection_id=reader.connection.pk)
            staying = known.exclude(external_id__in=gone).values("payee_id")
            left = Payee.objects.filter(
                pk__in=known.filter(external_id__in=gone).values("payee_id"),
                leaves_on__isnull=True,
                merged_into__isnull=True,
            ).exclude(pk__in=staying)
            for payee in left[:_MOST]:
                count += _leave(payee, business)
    return count


def _leave(payee: Payee, business: Business) -> int:
    day = clock.today(business.time_zone)
    rows = Payee.objects.filter(pk=payee.pk, leaves_on__isnull=True)
    if rows.update(leaves_on=day) != 1:
        return 0
    record(
        action="ledger.payee.left",
        object_kind="payee",
        object_id=str(payee.pk),
        object_name=payee.name,
        after={"leaves_on": day.isoformat(), "why": "a past member in the source"},
        by="system",
    )
    return 1


def bring_in_members(reader: Reader, check: Callable[[], None]) -> list[str]:
    """Give payees of a source a log-in as reps, where the connection says so.

    An administrator there is one here only if that was asked for as well. Returns whom
    it could not bring in, and why.
    """
    connection = reader.connection
    asked = connection.options.get("members")
    by = User.objects.filter(pk=connection.created_by_id or 0).first()
    if not asked or by is None:
        return []
    problems: list[str] = []
    active = SourceUser.objects.filter(connection=connection, active=True)
    users = {user.external_id: user for user in active.exclude(email="")}
    for business in reader.businesses.values():
        with in_business(business):
            known = ExternalId.objects.filter(
                connection_id=connection.pk,
                external_id__in=list(users),
                payee__user_id__isnull=True,
                payee__merged_into__isnull=True,
            )
            for row in known.select_related("payee")[:_MOST]:
                user = users[row.external_id]
                role = Role.REP
                if asked == "with rights" and user.role == "admin":
                    role = Role.ADMIN
                problems += _bring_in(
                    connection, business, row.payee, user, role, by, check
                )
    return problems


def _bring_in(
    connection: Connection,
    business: Business,
    payee: Payee,
    user: SourceUser,
    role: Role,
    by: User,
    check: Callable[[], None],
) -> list[str]:
    try:
        with transaction.atomic():
            check()
            grant = bring_in(
                email=user.email,
                name=user.name,
                role=role,
                group=Group.objects.get(pk=connection.group_id),
                business=business,
                by=by,
            )
            Payee.objects.filter(pk=payee.pk, user_id__isnull=True).update(
                user_id=grant.member.user_id
            )
            tell_who(payee.pk)
    except ProductError as problem:
        return [f"{user.email}: {problem.message}"]
    return []
