"""Invoices and payments come by the same way as deals: read, mapped, kept, worked out."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from commissions.plans.models import Plan
from commissions.statements.recalculate import recalculate
from commissions_saas.lib import clock
from crm_sync.connections import services
from crm_sync.connections.models import Connection
from crm_sync.contract import value_at
from crm_sync.ledger.models import Entry, Payee, RefusedRecord
from tenants.accounts.models import Business
from tenants.jobs.services import run_now
from tests.commissions.statements import world
from tests.crm_sync.accounting.books import a_deal, account, credits, save
from tests.crm_sync.rest.stand_in import Reply, Request, StandIn, running

AS_PAID = """
plan: As the customer pays
currency: USD
components:
  - key: as_paid
    object: payment
    base: payment.net * payment.share
    amount: base * 10%
"""
DOCUMENT: dict[str, Any] = {
    "source": {"name": "Books", "auth": {"kind": "bearer"}},
    "streams": {
        object_: {
            "path": f"/{object_}s",
            "records": "data",
            "object": object_,
            "one": {"path": f"/{object_}s/{{id}}", "record": "data"},
            "page": {"kind": "offset", "size_param": "limit", "size": 2},
        }
        for object_ in ("invoice", "payment")
    },
}
INVOICE = {
    "id": "inv-1",
    "number": "2026-0042",
    "issue_date": "2026-11-10",
    "due_date": "2026-12-10",
    "total": "1190.00",
    "total_tax": 190.00,
    "currency_code": "USD",
    "status": "AUTHORISED",
    "customer_id": "C-17",
    "deal_id": "d1",
    "updated_at": "2026-11-10T10:00:00Z",
}
PAYMENT = {
    "id": "pay-1",
    "payment_date": "2026-11-20",
    "amount": 595.0,
    "currency_code": "USD",
    "invoice_id": "inv-1",
    "updated_at": "2026-11-20T10:00:00Z",
}


IN_PARTS: dict[str, Any] = {
    "invoice": {
        "name": {"from": "number", "type": "text"},
        "amount": {"from": "total", "type": "money_major", "currency": "USD"},
        "occurred_on": {"from": "issue_date", "type": "date"},
        "deal": {"from": "lines[*].deal", "type": "text"},
        "deal_amounts": {"from": "lines[*].amount", "type": "text"},
    },
    "payment": {
        "amount": {"from": "amount", "type": "money_major", "currency": "USD"},
        "occurred_on": {"from": "payment_date", "type": "date"},
        "invoice": {"from": "parts[*].invoice", "type": "text"},
        "invoice_amounts": {"from": "parts[*].amount", "type": "text"},
    },
}


class Books:
    """What the accounting system has."""

    def __init__(self) -> None:
        self.rows: dict[str, list[dict[str, Any]]] = {
            "/invoices": [INVOICE],
            "/payments": [PAYMENT],
        }

    def answer(self, request: Request) -> Reply:
        if request.path in self.rows:
            at = int(request.query.get("offset") or 0)
            return Reply({"data": self.rows[request.path][at : at + 2]})
        kind, _, id_ = request.path.rpartition("/")
        found = [row for row in self.rows.get(kind, ()) if row["id"] == id_]
        return Reply({"data": found[0]}) if found else Reply({}, 404)


@pytest.fixture
def books() -> Books:
    return Books()


@pytest.fixture
def source(books: Books) -> Iterator[StandIn]:
    with running(books.answer) as server:
        yield server


def connected(
    business: Business, source: StandIn, document: dict[str, Any] | None = None
) -> Connection:
    assert business.group is not None
    connection = services.create_connection(
        group=business.group,
        business=business,
        kind="rest",
        name="Books",
        secret="key-of-the-test",
        base_url=source.url,
        objects=["invoice", "payment"],
        options={"document": document or DOCUMENT, "allow_loopback": True},
    )
    services.test_connection(connection=connection)
    return connection


def read(connection: Connection) -> None:
    run_now(services.start_sync(connection=connection))


def test_records_of_accounting_become_pay(
    acme: Business, maya: Payee, source: StandIn, books: Books
) -> None:
    connection = connected(acme, source)
    plan = Plan.objects.create(name="Seller", slug="seller")
    save(a_deal())
    read(connection)
    world.publish(plan, AS_PAID, date(2026, 7, 1))
    world.assign(maya, plan, date(2026, 7, 1))
    world.catch_up()

    found = account()
    assert (found["invoiced"], found["paid"]) == ("1190.00", "595.0")
    assert (found["paid_net"], found["due_on"]) == ("500.00", "2026-12-10")
    assert credits("pay-1") == {"Maya Okafor": ("owner", "1")}
    assert world.statement(maya, "2026-11").total == Decimal("50.00")

    second = {**PAYMENT, "id": "pay-2", "updated_at": "2026-11-23T10:00:00Z"}
    books.rows["/payments"] = [PAYMENT, second]
    with clock.at(datetime(2026, 11, 24, 18, 0, tzinfo=UTC)):
        read(connection)
    world.catch_up()

    assert account()["paid_on"] == "2026-11-20"
    assert world.statement(maya, "2026-11").total == Decimal("100.00")
    assert recalculate(everything=True).opened == 0


def test_lines_of_an_invoice_and_parts_of_a_payment_are_read_side_by_side(
    acme: Business, maya: Payee, theo: Payee, source: StandIn, books: Books
) -> None:
    shared = {
        **INVOICE,
        "lines": [
            {"deal": "d1", "amount": 600},
            {"amount": 100},
            {"deal": "d2", "amount": 300},
        ],
    }
    paid = {
        **PAYMENT,
        "amount": "1190.00",
        "parts": [{"invoice": "inv-1", "amount": "1190.00"}],
    }
    books.rows = {"/invoices": [shared], "/payments": [paid]}
    document = {
        **DOCUMENT,
        "streams": {
            name: {**stream, "map": IN_PARTS[name]}
            for name, stream in DOCUMENT["streams"].items()
        },
    }
    save(a_deal("d1"), a_deal("d2", owner="user_theo"))

    read(connected(acme, source, document))

    one, two = account("d1"), account("d2")
    # The line without a deal is nobody's: 119.00 of 1,190.00.
    assert (one["invoiced"], two["invoiced"]) == ("714.00", "357.00")
    assert (one["paid"], two["paid"]) == ("714.00", "357.00")
    assert one["paid_on"] == two["paid_on"] == "2026-11-20"
    assert credits("pay-1")["Theo Brandt"] == ("owner", "0.30")


def test_an_invoice_without_an_amount_is_refused_with_the_field_that_is_missing(
    acme: Business, maya: Payee, source: StandIn, books: Books
) -> None:
    books.rows["/invoices"] = [{**INVOICE, "total": None}]

    read(connected(acme, source))

    refused = RefusedRecord.objects.get()
    assert (refused.object, refused.reason) == ("invoice", "Amount is blank.")
    assert not Entry.objects.filter(object="invoice").exists()


def test_a_path_with_a_star_keeps_the_place_of_what_is_missing() -> None:
    payload = {"lines": [{"a": {"b": "1"}}, {}, {"a": {"b": "3"}}], "x.*.y": "own"}

    assert value_at(payload, "lines.*.a.b") == ["1", "", "3"]
    assert value_at(payload, "x.*.y") == "own"
    assert value_at(payload, "nothing.*.a") is None
    assert value_at(payload, "lines.*") is None
