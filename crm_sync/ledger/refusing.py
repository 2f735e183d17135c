"""Refused records: kept with their reason until they pass, or somebody ignores them."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from django.db.models import Q, QuerySet
from django.db.models.expressions import RawSQL

from commissions_saas.lib import clock
from crm_sync.ledger.copying import json_text
from crm_sync.ledger.held_up import held_up
from crm_sync.ledger.models import RefusedRecord
from crm_sync.ledger.reading import Incoming, Refusal
from crm_sync.ledger.standard import DEAL

WAITING_OR_IGNORED = (RefusedRecord.State.WAITING, RefusedRecord.State.IGNORED)


def refuse(refused: Sequence[tuple[Incoming, Refusal]], connection_id: int) -> None:
    """Keep refused records; one that was ignored stays so until a newer version."""
    if not refused:
        return
    now = clock.now()
    have = {
        (row.object, row.external_id): row
        for row in RefusedRecord.objects.filter(
            connection_id=connection_id,
            external_id__in=[incoming.external_id for incoming, _ in refused],
        )
    }
    rows = []
    for incoming, refusal in refused:
        row = have.get((incoming.object, incoming.external_id))
        if row is not None and row.version > incoming.version:
            continue
        rows.append(_row(incoming, refusal, connection_id, row))
        rows[-1].last_seen = now
        rows[-1].first_seen = row.first_seen if row else now
    RefusedRecord.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["connection_id", "object", "external_id"],
        update_fields=[
            "version",
            "name",
            "code",
            "field",
            "reason",
            "detail",
            "payload",
            "amount",
            "currency",
            "occurred_on",
            "held_up",
            "state",
            "tries",
            "last_seen",
        ],
    )


def _row(
    incoming: Incoming,
    refusal: Refusal,
    connection_id: int,
    before: RefusedRecord | None,
) -> RefusedRecord:
    amount = incoming.values.get("amount")
    amount = amount if isinstance(amount, Decimal) else None
    currency = str(incoming.values.get("currency", ""))
    state = RefusedRecord.State.WAITING
    if (
        before is not None
        and before.state == RefusedRecord.State.IGNORED
        and before.version == incoming.version
    ):
        state = RefusedRecord.State.IGNORED
    return RefusedRecord(
        connection_id=connection_id,
        object=incoming.object,
        external_id=incoming.external_id,
        version=incoming.version,
        name=str(incoming.values.get("name", ""))[:300],
        code=refusal.code[:30],
        field=refusal.field[:60],
        reason=refusal.reason,
        detail=refusal.detail[:200],
        payload=dict(incoming.payload),
        amount=amount,
        currency=currency[:3],
        occurred_on=_day(incoming),
        held_up=held_up(incoming.object, amount, currency, incoming.values),
        state=state,
        tries=before.tries + 1 if before else 1,
    )


def _day(incoming: Incoming) -> date | None:
    for key in ("won_on", "occurred_on", "held_on"):
        value = incoming.values.get(key)
        if isinstance(value, date):
            return value
    return None


def blocking(until: date) -> QuerySet[RefusedRecord]:
    """Return the records that may belong to a period that ends on this day, or before.

    Those that hold up no money and are no deals block nothing; one whose day could not
    be read may be of any period. Whoever ignores a record says why it may be left out.
    """
    waiting = RefusedRecord.objects.filter(state=RefusedRecord.State.WAITING)
    money = waiting.filter(Q(object=DEAL) | Q(held_up__gt=0))
    return money.filter(Q(occurred_on__lte=until) | Q(occurred_on__isnull=True))


def resolve(accepted: Sequence[Incoming], connection_id: int) -> None:
    """Records that passed are no longer held up; an older version proves nothing."""
    passed = {
        (incoming.object, incoming.external_id): incoming.version
        for incoming in accepted
    }
    waiting = RefusedRecord.objects.filter(
        connection_id=connection_id,
        external_id__in=RawSQL(
            "SELECT jsonb_array_elements_text(%s::jsonb)",
            [json_text([external_id for _, external_id in passed])],
        ),
    ).exclude(state=RefusedRecord.State.RESOLVED)
    ids = [
        row.pk
        for row in waiting
        if row.version <= passed.get((row.object, row.external_id), "")
    ]
    if ids:
        RefusedRecord.objects.filter(pk__in=ids).update(
            state=RefusedRecord.State.RESOLVED, last_seen=clock.now()
        )
