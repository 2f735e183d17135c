"""Where each record of a shared connection lives, and which of them live nowhere."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from commissions_saas.lib import clock
from crm_sync.connections.models import Connection, Home, UnroutedRecord
from crm_sync.connections.readers import Reader, Route, texts_at
from crm_sync.contract import RefusedRow, RemoteRecord

Key = tuple[str, str]
SEVERAL = "It names several businesses"


@dataclass(slots=True)
class Settled:
    """What a page says of where its records live."""

    homes: dict[Key, tuple[int | None, str, str]] = field(default_factory=dict)
    """(business or None, version, the value that routes it)."""
    unrouted: list[RemoteRecord] = field(default_factory=list)

    def note(self, remote: RemoteRecord, target: int | None, value: str) -> None:
        """A record lives there from now on; one that lives nowhere waits."""
        key = (remote.object, remote.external_id)
        self.homes[key] = (target, remote.version, value)
        if target is None and not remote.deleted:
            self.unrouted.append(remote)


def homes_of(
    reader: Reader, records: Sequence[RemoteRecord]
) -> dict[Key, tuple[int, str]]:
    """Return where these records live now, with the version that says so."""
    if not reader.is_shared:
        return {}
    rows = Home.objects.filter(
        connection=reader.connection,
        object__in={remote.object for remote in records},
        external_id__in=[remote.external_id for remote in records],
    )
    return {
        (row.object, row.external_id): (row.business_id, row.version) for row in rows
    }


def settle(reader: Reader, settled: Settled) -> None:
    """Remember where each record lives now, and which of them live nowhere."""
    if not reader.is_shared:
        return
    Home.objects.bulk_create(
        (
            Home(
                connection=reader.connection,
                object=object_,
                external_id=external_id,
                business_id=business_id,
                version=version,
                value=value,
            )
            for (object_, external_id), (
                business_id,
                version,
                value,
            ) in settled.homes.items()
            if business_id is not None
        ),
        update_conflicts=True,
        unique_fields=["connection", "object", "external_id"],
        update_fields=["business_id", "version", "value"],
    )
    nowhere = [key for key, (home, *_) in settled.homes.items() if home is None]
    housed = [key for key, (home, *_) in settled.homes.items() if home is not None]
    _forget(Home, reader.connection, nowhere)
    _forget(UnroutedRecord, reader.connection, housed)
    wait = {(remote.object, remote.external_id) for remote in settled.unrouted}
    _forget(
        UnroutedRecord, reader.connection, [key for key in nowhere if key not in wait]
    )
    _keep([_unrouted(reader, remote) for remote in settled.unrouted])


def keep_unreadable(reader: Reader, row: RefusedRow, external_id: str) -> None:
    """Let a row that no business can be named for wait with the unrouted."""
    now = clock.now()
    _keep(
        [
            UnroutedRecord(
                connection=reader.connection,
                object=row.object,
                external_id=external_id,
                payload=row.payload,
                reason=row.reason,
                first_seen=now,
                last_seen=now,
            )
        ]
    )


def tell_why(reader: Reader, rows: Iterable[UnroutedRecord]) -> None:
    """Say anew why records live nowhere: other routes leave them so for another
    reason."""
    for row in rows:
        remote = RemoteRecord(row.object, row.external_id, row.version, row.payload)
        why = _why_unrouted(reader, remote)
        if why != row.reason:
            UnroutedRecord.objects.filter(pk=row.pk).update(reason=why)


def _keep(rows: Sequence[UnroutedRecord]) -> None:
    UnroutedRecord.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["connection", "object", "external_id"],
        update_fields=[
            *("version", "payload", "reason", "name", "amount", "currency"),
            "last_seen",
        ],
    )


def _unrouted(reader: Reader, remote: RemoteRecord) -> UnroutedRecord:
    name, amount, currency = reader.worth(remote)
    now = clock.now()
    return UnroutedRecord(
        connection=reader.connection,
        object=remote.object,
        external_id=remote.external_id,
        version=remote.version,
        payload=remote.payload,
        reason=_why_unrouted(reader, remote),
        name=name[:300],
        amount=amount,
        currency=currency[:3],
        first_seen=now,
        last_seen=now,
    )


def _forget(
    model: type[Home] | type[UnroutedRecord], connection: Connection, keys: list[Key]
) -> None:
    for object_ in {object_ for object_, _ in keys}:
        model.objects.filter(
            connection=connection,
            object=object_,
            external_id__in=[id_ for kind, id_ in keys if kind == object_],
        ).delete()


def _why_unrouted(reader: Reader, remote: RemoteRecord) -> str:
    named = {route.business_id: route for route in reader.routes_named(remote.payload)}
    if len(named) > 1:
        values = " and ".join(_with_business(reader, one) for one in named.values())
        return f"{SEVERAL}: {values}. Leave one of them there."
    for path in dict.fromkeys(route.path for route in reader.routes):
        texts = texts_at(remote.payload, path)
        if texts:
            return f"No business is named for “{'”, “'.join(texts)}”."
    return "The field that names the business is blank."


def _with_business(reader: Reader, route: Route) -> str:
    business = reader.businesses.get(route.business_id)
    name = business.name if business else "not ready"
    return f"“{route.value}”" if name == route.value else f"“{route.value}” ({name})"
