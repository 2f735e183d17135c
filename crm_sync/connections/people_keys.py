"""People whom records name by their e-mail or their name instead of by an id."""

from __future__ import annotations

from collections.abc import Sequence

from django.db.models import Q, QuerySet

from crm_sync.connections.readers import Reader
from crm_sync.contract import RemoteRecord
from crm_sync.ledger import services as ledger
from crm_sync.ledger.models import ExternalId, Payee
from crm_sync.ledger.standard import PEOPLE_KEYS, people_in
from tenants.access import Member
from tenants.schema import in_business


def know_people(
    reader: Reader, records: Sequence[RemoteRecord], by: Member | None = None
) -> None:
    """Know the payees that records name; whoever is named twice here is left open."""
    homes: dict[int, list[RemoteRecord]] = {}
    for record in records:
        business_id = None if record.deleted else reader.business_of(record.payload)
        if business_id is not None and business_id in reader.businesses:
            homes.setdefault(business_id, []).append(record)
    for business_id, own in sorted(homes.items()):
        with in_business(reader.businesses[business_id]):
            _know(reader, business_id, own, by)


def _know(
    reader: Reader,
    business_id: int,
    records: Sequence[RemoteRecord],
    by: Member | None,
) -> None:
    connection = reader.connection
    names = {
        user
        for incoming in (reader.read(remote, business_id) for remote in records)
        for key in PEOPLE_KEYS
        for user in people_in(incoming.values.get(key))
    }
    known = ExternalId.objects.filter(
        connection_id=connection.pk, external_id__in=names
    ).values_list("external_id", flat=True)
    for name in sorted(names - set(known)):
        found = payees_called(name)[:2]
        if len(found) == 1:
            ledger.match_payee(
                payee=found[0],
                connection_id=connection.pk,
                external_id=name[:200],
                by=by,
            )


def payees_called(name: str) -> QuerySet[Payee]:
    """Return the payees who have this e-mail, or are called so."""
    same = Q(email=name.lower()) if "@" in name else Q(name__iexact=name)
    return Payee.objects.filter(same, merged_into__isnull=True)
