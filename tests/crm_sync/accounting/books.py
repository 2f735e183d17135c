"""Invoices and payments as an accounting source sends them, and deals as a CRM does."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from crm_sync.ledger import services
from crm_sync.ledger.facts import Value
from crm_sync.ledger.models import Entry, Payee, Revision
from crm_sync.ledger.reading import Incoming
from crm_sync.ledger.recording import Origin, Outcome, record

CLOSE = Origin(connection_id=1, source="Close")
BOOKS = Origin(connection_id=2, source="Books")
MAPPED = frozenset({"name", "amount", "won_on", "status_type", "owner", "product"})


def a_payee(name: str, user: str) -> Payee:
    payee = services.create_payee(name=name)
    services.match_payee(payee=payee, connection_id=1, external_id=user)
    return payee


def a_deal(id_: str = "d1", version: str = "1", **values: Any) -> Incoming:
    given = {
        "name": id_.capitalize(),
        "amount": "1000",
        "currency": "USD",
        "won_on": date(2026, 11, 9),
        "status": "Won",
        "status_type": "won",
        "owner": "user_maya",
        "product": "System replacement",
    }
    return _incoming("deal", id_, version, given | values, MAPPED)


def an_invoice(id_: str = "i1", amount: str = "1000", **values: Any) -> Incoming:
    given = {
        "name": f"INV-{id_}",
        "amount": amount,
        "currency": "USD",
        "occurred_on": date(2026, 11, 10),
        "due_on": date(2026, 12, 10),
        "status": "sent",
        "deal": "d1",
    }
    version = values.pop("version", "1")
    return _incoming("invoice", id_, version, given | values)


def a_payment(id_: str = "p1", amount: str = "1000", **values: Any) -> Incoming:
    given = {
        "name": f"PAY-{id_}",
        "amount": amount,
        "currency": "USD",
        "occurred_on": date(2026, 11, 20),
        "invoice": "i1",
    }
    version = values.pop("version", "1")
    return _incoming("payment", id_, version, given | values)


def _incoming(
    object_: str,
    id_: str,
    version: str,
    given: Mapping[str, Any],
    mapped: frozenset[str] = frozenset(),
) -> Incoming:
    deleted = bool(given.get("deleted"))
    values: dict[str, Value] = {
        key: Decimal(value)
        if key in ("amount", "tax") and isinstance(value, str)
        else value
        for key, value in given.items()
        if value is not None and key != "deleted"
    }
    return Incoming(
        object=object_,
        external_id=id_,
        version=version,
        values={} if deleted else values,
        payload={"id": id_, "version": version, "said": str(sorted(given))},
        mapped=mapped or frozenset(given),
        deleted=deleted,
    )


def save(*records: Incoming) -> Outcome:
    """Bring records in one after the other, each from the source that it is of."""
    total = Outcome()
    for one in records:
        origin = CLOSE if one.object == "deal" else BOOKS
        total.add(record(records=[one], origin=origin))
    return total


def entry(id_: str) -> Entry:
    return Entry.objects.get(external_id=id_)


def says(id_: str) -> dict[str, str]:
    """What an entry says now, by the names that formulas use."""
    revision = Revision.objects.get(entry=entry(id_), closed__isnull=True)
    values: dict[str, str] = revision.values
    return values


def account(id_: str = "d1") -> dict[str, str]:
    """What invoices and payments say of a deal."""
    keys = ["invoiced", "invoiced_net", "paid", "paid_net", "unpaid", "paid_share"]
    keys += ["invoiced_on", "due_on", "paid_on"]
    return {key: text for key, text in says(id_).items() if key in keys}


def credits(id_: str) -> dict[str, tuple[str, str]]:
    """Who is credited for an entry: name to role and share."""
    revision = Revision.objects.get(entry=entry(id_), closed__isnull=True)
    names = dict(Payee.objects.values_list("pk", "name"))
    return {names[c["payee"]]: (c["role"], c["share"]) for c in revision.credits}
