"""A declared source sends by itself: believed as declared, then read or taken."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from django.test import Client, override_settings

from crm_sync.connections import services
from crm_sync.connections.endpoints import address_of, secrets_of
from crm_sync.connections.models import Connection, Delivery, Endpoint
from crm_sync.ledger.models import Entry
from crm_sync.providers.rest.reading import InvalidDocument, read_document
from tenants.accounts.models import Business, Role
from tenants.jobs.services import run_all_jobs, without_sending
from tests.crm_sync.clients import logged_in, page
from tests.crm_sync.rest.stand_in import StandIn, running
from tests.crm_sync.rest.test_declared import Shop, declared
from tests.people import a_member

Document = dict[str, Any]
SIGNED = {"kind": "hmac", "header": "X-Signature", "prefix": "sha256="}
HOOK: Document = {
    "verify": SIGNED,
    "events": "events",
    "event_id": "id",
    "object_id": "record",
    "object": {"path": "type", "names": {"deal": "deals", "stage": "all"}},
    "deleted": {"path": "action", "values": ["deleted"]},
}
MAP = {
    "name": "name",
    "amount": {"from": "amount", "type": "money_major"},
    "status": "stage",
}


def with_hook(**more: Any) -> Document:
    hook = {k: v for k, v in {**HOOK, **more}.items() if v is not None}
    one = {"path": "/deals/{id}", "record": "data"}
    return {**declared(map=MAP, one=one), "webhook": hook}


@dataclass
class Sending:
    """A shop that is read, and what it sends to us."""

    shop: Shop
    source: StandIn
    business: Business

    def connect(self, document: Document, secret: str = "key-of-the-test") -> None:
        assert self.business.group is not None
        self.connection: Connection = services.create_connection(
            group=self.business.group,
            business=self.business,
            kind="rest",
            name="The shop",
            secret=secret,
            base_url=self.source.url,
            options={"document": document},
        )
        services.test_connection(connection=self.connection)
        services.start_sync(connection=self.connection)
        run_all_jobs()
        self.endpoint = Endpoint.objects.get(connection=self.connection)
        self.secret = secrets_of(self.endpoint)[0]

    def send(
        self, body: Any, headers: dict[str, str] | None = None, *, work: bool = True
    ) -> int:
        raw = json.dumps(body).encode()
        if headers is None:
            mac = hmac.new(self.secret.encode(), raw, hashlib.sha256).hexdigest()
            headers = {"X-Signature": f"sha256={mac}"}
        answer = Client().post(
            f"/hooks/{self.endpoint.code}/",
            raw,
            content_type="application/json",
            headers=headers,
        )
        if work:
            run_all_jobs()
        return answer.status_code

    def names(self) -> dict[str, str]:
        rows = Entry.objects.filter(deleted=False)
        return {row.external_id: row.name for row in rows}


def event(record: str = "1", **more: Any) -> Document:
    told = {"id": f"e{record}", "type": "deal", "record": record, "action": "changed"}
    return {"events": [{**told, **more}]}


@pytest.fixture
def sending(acme: Business) -> Iterator[Sending]:
    shop = Shop()
    shop.fill(2)
    with (
        running(shop.answer) as source,
        override_settings(ALLOW_PRIVATE_SOURCES=True),
        without_sending(),
    ):
        yield Sending(shop, source, acme)


def test_a_believed_event_lets_its_record_be_read_again(sending: Sending) -> None:
    sending.connect(with_hook())
    sending.shop.put("1", name="Renamed")
    before = sending.names()["1"]
    asked = len(sending.source.requests)

    status = sending.send(event())

    assert (status, before) == (202, "Deal 1")
    assert sending.names()["1"] == "Renamed"
    paths = [one.path for one in sending.source.requests[asked:]]
    assert paths == ["/deals/1"], "that record alone"
    assert Delivery.objects.get().state == Delivery.State.DONE


def test_what_is_not_signed_so_is_refused_and_reads_nothing(sending: Sending) -> None:
    sending.connect(with_hook())
    sending.shop.put("1", name="Renamed")
    wrong = hmac.new(b"another", b"{}", hashlib.sha256).hexdigest()

    for headers in (
        {},
        {"X-Signature": ""},
        {"X-Signature": f"sha256={wrong}"},
        {"X-Signature": "sha256=ü"},
    ):
        assert sending.send(event(), headers) == 401

    assert sending.names()["1"] == "Deal 1"
    assert not Delivery.objects.filter(verified=True).exists()


def test_the_same_event_counts_once_and_can_be_replayed(sending: Sending) -> None:
    sending.connect(with_hook())
    client = logged_in(a_member(sending.business, "Ada", Role.ADMIN))
    first, second = sending.send(event()), sending.send(event())
    row = Delivery.objects.get()
    sending.shop.put("1", name="Renamed since")
    url = f"/b/acme/connections/{sending.connection.pk}/webhook/"

    text = page(client, url)
    client.post(f"{url}{row.pk}/replay/")
    run_all_jobs()

    assert (first, second, row.repeats) == (202, 200, 1)
    assert "X-Signature".lower() in text and "HMAC sha256" in text
    assert sending.names()["1"] == "Renamed since"


def test_a_deleted_record_is_looked_for_before_it_is_taken_for_gone(
    sending: Sending,
) -> None:
    sending.connect(with_hook())

    sending.send(event("1", action="deleted"))
    still = sending.names()
    del sending.shop.rows["2"]
    sending.send(event("2", action="deleted"))

    assert set(still) == {"1", "2"}, "it is there yet, whatever the event says"
    assert set(sending.names()) == {"1"}


def test_a_word_that_nobody_declared_reads_nothing_and_all_reads_everything(
    sending: Sending,
) -> None:
    sending.connect(with_hook())
    sending.shop.put("1", name="Renamed")
    asked = len(sending.source.requests)

    sending.send(event("1", type="invoice"))
    ignored = len(sending.source.requests) - asked
    sending.send(event("9", type="stage"))

    assert ignored == 0
    assert Delivery.objects.get(object="invoice").state == Delivery.State.IGNORED
    assert sending.names()["1"] == "Renamed"


def test_a_signature_with_a_moment_counts_for_five_minutes(sending: Sending) -> None:
    parts = ["timestamp", ".", "body"]
    verify = {"kind": "hmac", "header": "x-sig", "parts": parts, "timestamp": "x-at"}
    sending.connect(with_hook(verify=verify))
    raw = json.dumps(event()).encode()

    def headers(age: int) -> dict[str, str]:
        stamp = str(int(time.time()) - age)
        signed = stamp.encode() + b"." + raw
        mac = hmac.new(sending.secret.encode(), signed, hashlib.sha256).hexdigest()
        return {"X-Sig": mac, "X-At": stamp}

    assert sending.send(event(), headers(900)) == 401
    assert sending.send(event(), headers(10) | {"X-At": str(int(time.time()))}) == 401
    assert sending.send(event(), headers(10)) == 202


def test_hubspots_signature_and_standard_webhooks_are_known(sending: Sending) -> None:
    sending.connect(with_hook(verify="hubspot_v3", events=None))
    body = event()["events"]
    raw = json.dumps(body).encode()
    stamp = str(int(time.time() * 1000))
    signed = f"POST{address_of(sending.endpoint)}".encode() + raw + stamp.encode()
    mac = hmac.new(sending.secret.encode(), signed, hashlib.sha256).digest()
    v3 = {"X-HubSpot-Signature-v3": base64.b64encode(mac).decode()}

    status = sending.send(body, v3 | {"X-HubSpot-Request-Timestamp": stamp})
    document = with_hook(verify="standard")
    Connection.objects.filter(pk=sending.connection.pk).update(
        options={**sending.connection.options, "document": document}
    )
    raw, at = json.dumps(event("2")).encode(), str(int(time.time()))
    key = base64.b64decode(sending.secret.removeprefix("whsec_"))
    mac = hmac.new(key, f"m1.{at}.".encode() + raw, hashlib.sha256).digest()
    standard = {"webhook-signature": f"v1,{base64.b64encode(mac).decode()}"}
    standard |= {"webhook-id": "m1", "webhook-timestamp": at}

    assert status == 202
    assert sending.send(event("2"), standard) == 202
    assert sending.send(event("1"), standard) == 401, "of another body"


def test_the_body_itself_is_the_record_where_the_document_says_so(
    sending: Sending,
) -> None:
    sending.connect(with_hook(takes="body", record="data", object_id=None))
    row = {"id": 7, "name": "Sent", "amount": 99.10, "stage": "open"}
    late = {**row, "name": "Older", "updated_at": "2026-11-01T00:00:00Z"}
    new = {**row, "updated_at": "2026-11-20T00:00:00Z"}
    asked = len(sending.source.requests)

    sending.send(event("7", id="a", data=new))
    sending.send(event("7", id="b", data=late))
    broken = sending.send(event("8", id="c", data="nothing"))
    taken = sending.names()
    sending.send(event("7", id="d", action="deleted", data={"id": 7}))

    assert taken["7"] == "Sent", "an older version never wins"
    assert broken == 400
    assert "7" not in sending.names()
    assert len(sending.source.requests) == asked, "nothing was asked for"


def test_a_secret_of_the_source_is_one_of_its_credentials(sending: Sending) -> None:
    document = with_hook(secret="hook_key")
    sending.connect(document, '{"token": "key-of-the-test", "hook_key": "theirs"}')
    client = logged_in(a_member(sending.business, "Ada", Role.ADMIN))
    url = f"/b/acme/connections/{sending.connection.pk}/webhook/"

    assert sending.secret == "theirs"
    assert sending.send(event()) == 202
    assert "theirs" not in page(client, url)
    assert client.post(f"{url}secret/").status_code == 404, "there is none of ours"


def test_a_new_secret_is_shown_once_and_the_old_one_counts_for_a_day(
    sending: Sending,
) -> None:
    sending.connect(with_hook())
    client = logged_in(a_member(sending.business, "Ada", Role.ADMIN))
    url = f"/b/acme/connections/{sending.connection.pk}/webhook/"

    shown = client.post(f"{url}secret/").content.decode()

    assert "it is shown only once" in shown
    assert secrets_of(Endpoint.objects.get())[0] in shown
    assert sending.send(event()) == 202, "signed with the one before"


def test_charlie_and_a_rep_see_no_delivery(
    sending: Sending, globex: Business, bob: Any, charlie: Any
) -> None:
    sending.connect(with_hook())
    sending.send(event())
    url = f"/b/acme/connections/{sending.connection.pk}/webhook/"

    assert logged_in(charlie).get(url).status_code == 404
    assert logged_in(bob).get(url).status_code == 403


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ({"verify": "md5"}, "is not one of"),
        ({"verify": {"kind": "hmac"}}, "verify.header: This is missing"),
        ({"verify": {**SIGNED, "parts": ["timestamp"]}}, "The body must be signed"),
        ({"verify": {**SIGNED, "timestamp": "x-at"}}, "sign it among the parts"),
        ({"verify": "none", "takes": "body"}, "What nobody has signed"),
        ({"object_id": None}, "Say where the id of the record is"),
        ({"object": "invoices"}, "Name the stream"),
        ({"object": {"path": "type", "names": {"x": "y"}}}, "no stream “y”"),
        ({"secrets": "x"}, "Did you mean secret?"),
    ],
)
def test_what_is_wrong_in_the_block_is_said_with_its_place(
    more: Document, says: str
) -> None:
    with pytest.raises(InvalidDocument) as refused:
        read_document(with_hook(**more))

    assert any(says in str(one) for one in refused.value.problems)
    assert all("webhook" in one.path for one in refused.value.problems)
