"""People of a source become payees by themselves, where a connection says so."""

from __future__ import annotations

from collections.abc import Callable

from django.db import transaction

from crm_sync.connections.models import Connection, SourceUser
from crm_sync.connections.readers import Reader
from crm_sync.connections.retrying import retry_refused
from crm_sync.contract import RemoteRecord
from crm_sync.ledger import services as ledger
from crm_sync.ledger.models import ExternalId, Payee, RefusedRecord
from crm_sync.ledger.standard import PEOPLE_KEYS
from tenants.accounts.models import Business
from tenants.schema import in_business

_MOST = 5000


def adopts_people(connection: Connection) -> bool:
    """Say whether users of the source need nobody to match them."""
    return bool(connection.options.get("people") == "payees")


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
        return sum(_adopt(reader, user) for user in users)


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
                made += sum(_adopt(reader, user, who) for user, who in users.items())
            retry_refused(reader=reader, business=business, check=check)
    return made


def _waited_for(reader: Reader, business: Business) -> dict[str, tuple[str, str]]:
    with in_business(business):
        rows = RefusedRecord.objects.filter(
            connection_id=reader.connection.pk,
            state=RefusedRecord.State.WAITING,
            code="unknown_owner",
        )
        found: dict[str, tuple[str, str]] = {}
        for row in rows.order_by("id")[:_MOST]:
            remote = RemoteRecord(
                row.object, row.external_id, row.version, payload=row.payload
            )
            values = reader.read(remote, business.pk).values
            for key in PEOPLE_KEYS:
                user = str(values.get(key, "")).strip()
                if user:
                    # A source without a directory may say it on the record itself.
                    name, email = values.get(f"{key}_name"), values.get(f"{key}_email")
                    found.setdefault(user, (str(name or ""), str(email or "")))
        known = set(
            ExternalId.objects.filter(
                connection_id=reader.connection.pk, external_id__in=list(found)
            ).values_list("external_id", flat=True)
        )
    return {user: who for user, who in found.items() if user not in known}


def _adopt(reader: Reader, user: str, who: tuple[str, str] = ("", "")) -> int:
    """Say who a user is: by e-mail, then by a name that one payee has, else new."""
    connection_id = reader.connection.pk
    if ExternalId.objects.filter(
        connection_id=connection_id, external_id=user
    ).exists():
        return 0
    name, email = reader.directory.get(user, who)
    email = (email or (user if "@" in user else "")).strip().lower()
    name = name or email or user
    live = Payee.objects.filter(merged_into__isnull=True)
    # The source's directory says who is who; a name alone may be anybody's.
    same = list(live.filter(email=email)[:2]) if email else []
    if not same:
        by_name = live.filter(name__iexact=name)
        same = list((by_name.filter(email="") if email else by_name)[:2])
    payee = same[0] if len(same) == 1 else ledger.create_payee(name=name, email=email)
    ledger.match_payee(payee=payee, connection_id=connection_id, external_id=user)
    return 1
