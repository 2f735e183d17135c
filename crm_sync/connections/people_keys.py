"""People whom records name by their e-mail or their name instead of by an id."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from crm_sync.connections.readers import Reader
from crm_sync.connections.strangers import known_users, named_by
from crm_sync.contract import RemoteRecord
from crm_sync.ledger import services as ledger
from crm_sync.ledger.models import Payee
from crm_sync.ledger.reading import Incoming
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
            know_named(reader, [reader.read(one, business_id) for one in own], by)


def know_named(
    reader: Reader, records: Sequence[Incoming], by: Member | None = None
) -> None:
    """Know the payees whom records of the business at hand name."""
    names = set(named_by(records))
    unknown = names - known_users(reader, names)
    for name, payees in sorted(payees_called(unknown).items()):
        if len(payees) == 1:
            ledger.match_payee(
                payee=payees[0],
                connection_id=reader.connection.pk,
                external_id=name,
                by=by,
            )


def payees_called(names: Collection[str]) -> dict[str, list[Payee]]:
    """Return whom each of these e-mails or names means, where it means somebody."""
    if not names:
        return {}
    by_email: dict[str, list[Payee]] = {}
    by_name: dict[str, list[Payee]] = {}
    for payee in Payee.objects.filter(merged_into__isnull=True):
        by_email.setdefault(_plain(payee.email), []).append(payee)
        by_name.setdefault(_plain(payee.name), []).append(payee)
    found = {
        name: (by_email if "@" in name else by_name).get(_plain(name), [])
        for name in names
    }
    return {name: payees for name, payees in found.items() if payees}


def _plain(name: str) -> str:
    """Return a name as it is compared: spaces of any kind and number are one."""
    return " ".join(name.split()).casefold()
