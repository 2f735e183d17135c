"""What does not say its business itself is where its customer is.

Calls, tasks and notes have no field for it in most sources; they stand under a customer
who has. A deal is never guessed: its own field says, or it waits.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from crm_sync.connections.models import Home
from crm_sync.connections.readers import Reader, texts_at
from crm_sync.contract import RemoteRecord, value_at
from crm_sync.ledger.models import Revision
from crm_sync.ledger.standard import DEAL
from tenants.schema import in_business

CUSTOMERS = ("lead", "company", "customer", "account", "organization")
_NEVER = (DEAL, *CUSTOMERS)


def customers_first(records: Sequence[RemoteRecord]) -> list[RemoteRecord]:
    """Return records in an order in which whoever follows comes after its customer."""
    return sorted(records, key=lambda remote: remote.object not in CUSTOMERS)


class Following:
    """Where the customers of some records live."""

    def __init__(self, reader: Reader, records: Iterable[RemoteRecord]) -> None:
        self._reader = reader
        self._of: dict[tuple[str, str], str] = {}
        self._homes: dict[str, int | None] = {}
        self.left: list[tuple[int, str]] = []
        """Customers that have left a business: (which, the customer)."""
        if not reader.is_shared:
            return
        for remote in records:
            customer = self._customer(remote)
            if customer:
                self._of[remote.object, remote.external_id] = customer
        rows = Home.objects.filter(
            connection=reader.connection,
            object__in=CUSTOMERS,
            external_id__in=set(self._of.values()),
        )
        self._homes = dict(rows.values_list("external_id", "business_id"))

    def note(self, remote: RemoteRecord, home: int | None, target: int | None) -> None:
        """A customer of the same page lives at the target from now on."""
        if remote.object not in CUSTOMERS:
            return
        self._homes[remote.external_id] = target
        if home is not None and home != target and home in self._reader.businesses:
            self.left.append((home, remote.external_id))

    def target(self, remote: RemoteRecord) -> int | None:
        """Return the business of a record's customer, where the record follows it."""
        customer = self._of.get((remote.object, remote.external_id), "")
        return self._homes.get(customer)

    def _customer(self, remote: RemoteRecord) -> str:
        if remote.object in _NEVER or self._says_itself(remote):
            return ""
        mapping = self._reader.mapping(0, remote.object)
        row = mapping.document.get("customer") if mapping else None
        found = value_at(remote.payload, str(row.get("source", ""))) if row else None
        return found.strip() if isinstance(found, str) else ""

    def _says_itself(self, remote: RemoteRecord) -> bool:
        paths = {route.path for route in self._reader.routes}
        return any(texts_at(remote.payload, path) for path in paths)


def followers(
    reader: Reader, moved: Iterable[tuple[int, str]]
) -> list[list[RemoteRecord]]:
    """Return what stands under customers that have left a business, home by home."""
    by_home: dict[int, list[str]] = {}
    for home, customer in moved:
        by_home.setdefault(home, []).append(customer)
    found = []
    for home in sorted(by_home):
        with in_business(reader.businesses[home]):
            rows = Revision.objects.filter(
                closed__isnull=True,
                deleted=False,
                values__customer__in=by_home[home],
                entry__connection_id=reader.connection.pk,
            ).exclude(entry__object__in=_NEVER)
            found.append(
                [
                    RemoteRecord(
                        row.entry.object,
                        row.entry.external_id,
                        row.entry.version,
                        row.payload,
                    )
                    for row in rows.select_related("entry").order_by("entry_id")
                ]
            )
    return [under for under in found if under]
