"""Which payee a source's user is: said once, and refused records pass by it."""

from collections.abc import Sequence

from django.db import transaction

from crm_sync.connections.models import Connection, SourceUser
from crm_sync.connections.readers import reader_of
from crm_sync.connections.retrying import retry_refused
from crm_sync.ledger import services as ledger
from crm_sync.ledger.models import ExternalId, Payee
from crm_sync.ledger.own import require_not_own
from tenants.access import Member
from tenants.accounts.models import Business
from tenants.schema import in_business


def match_user(
    *, connection: Connection, business: Business, user: SourceUser, payee: Payee,
    by: Member | None = None,
) -> None:  # fmt: skip
    """Say which payee a source's user is, and try what waited for that."""
    with in_business(business):
        # By hand only: an address that is the same in both is nobody's choice.
        require_not_own(payee, by)
        ledger.match_payee(
            payee=payee,
            connection_id=connection.pk,
            external_id=user.external_id,
            by=by,
        )
    retry_refused(reader=reader_of(connection), business=business)


def accept_exact_matches(
    *, connection: Connection, business: Business, by: Member | None = None
) -> int:
    """Match every user whose e-mail is exactly one payee's; return how many."""
    matched = 0
    users = SourceUser.objects.filter(connection=connection).exclude(email="")
    with in_business(business):
        taken = set(
            ExternalId.objects.filter(connection_id=connection.pk).values_list(
                "external_id", flat=True
            )
        )
        for user in users.order_by("id"):
            payees = Payee.objects.filter(
                email=user.email.lower(), merged_into__isnull=True
            )[:2]
            if user.external_id in taken or len(payees) != 1:
                continue
            ledger.match_payee(
                payee=payees[0],
                connection_id=connection.pk,
                external_id=user.external_id,
                by=by,
            )
            matched += 1
    if matched:
        retry_refused(reader=reader_of(connection), business=business)
    return matched


def payees_from_users(
    *, business: Business, users: Sequence[SourceUser], by: Member | None = None
) -> int:
    """Add each of these users as a payee, unless they are one; return how many."""
    made = 0
    sources: dict[int, Connection] = {}
    with in_business(business), transaction.atomic():
        _hold(users)
        for user in users:
            sources[user.connection_id] = user.connection
            known = ExternalId.objects.filter(
                connection_id=user.connection_id, external_id=user.external_id
            )
            if known.exists():
                continue
            payee = ledger.create_payee(
                name=user.name or user.email or user.external_id,
                email=user.email,
                by=by,
            )
            ledger.match_payee(
                payee=payee,
                connection_id=user.connection_id,
                external_id=user.external_id,
                by=by,
            )
            made += 1
    if made:
        for connection in sources.values():
            retry_refused(reader=reader_of(connection), business=business)
    return made


def _hold(users: Sequence[SourceUser]) -> None:
    """Whoever makes payees of the same users at once waits, and then finds them made."""
    rows = SourceUser.objects.filter(pk__in=[user.pk for user in users])
    list(rows.select_for_update().order_by("pk").values_list("pk"))


def payee_from_user(
    *, connection: Connection, business: Business, user: SourceUser,
    by: Member | None = None,
) -> Payee:  # fmt: skip
    """Add a source's user as a payee of their own."""
    with in_business(business), transaction.atomic():
        payee = ledger.create_payee(
            name=user.name or user.email or user.external_id, email=user.email, by=by
        )
        match_user(
            connection=connection, business=business, user=user, payee=payee, by=by
        )
    return payee
