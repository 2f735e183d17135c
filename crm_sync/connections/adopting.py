"""People of a source become payees by themselves, where a connection says so."""

from __future__ import annotations

from collections.abc import Callable

from django.db import transaction

from crm_sync.connections.models import Connection, SourceUser
from crm_sync.connections.readers import Reader
from crm_sync.connections.retrying import retry_refused
from crm_sync.connections.strangers import adopt, known_users, named_by
from crm_sync.contract import RemoteRecord
from crm_sync.ledger.models import RefusedRecord
from crm_sync.ledger.standard import PEOPLE_KEYS
from tenants.accounts.models import Business
from tenants.schema import in_business

_MOST = 5000


def adopt_directory(
    connection: Connection, reader: Reader, check: Callable[[], None]
) -> int:
    """Make payees of everyone active in the directory of a source of one business.

    Who has left becomes one only if something of theirs comes; so does everyone of a
    shared source, since it is not said which business they sell for.
    """
    if connection.business_id is None:
        return 0
    business = reader.businesses.get(connection.business_id)
    if business is None:
        return 0
    rows = SourceUser.objects.filter(connection=connection, active=True)
    users = list(rows.order_by("id").values_list("external_id", flat=True)[:_MOST])
    with in_business(business), transaction.atomic():
        check()
        return sum(adopt(reader, user) for user in users)


def adopt_owners(reader: Reader, check: Callable[[], None]) -> int:
    """Make payees of those for whom records wait, and try the records again."""
    made = 0
    for business in reader.businesses.values():
        # One record may name several people, and is refused for one at a time.
        for _ in PEOPLE_KEYS:
            users = _waited_for(reader, business)
            if not users:
                break
            with in_business(business), transaction.atomic():
                check()
                made += sum(adopt(reader, user, who) for user, who in users.items())
            retry_refused(reader=reader, business=business, check=check)
    return made


def _waited_for(reader: Reader, business: Business) -> dict[str, tuple[str, str]]:
    with in_business(business):
        rows = RefusedRecord.objects.filter(
            connection_id=reader.connection.pk,
            state=RefusedRecord.State.WAITING,
            code="unknown_owner",
        )
        found = named_by(
            reader.read(
                RemoteRecord(
                    row.object, row.external_id, row.version, payload=row.payload
                ),
                business.pk,
            )
            for row in rows.order_by("id")[:_MOST]
        )
        known = known_users(reader, found)
    return {user: who for user, who in found.items() if user not in known}
