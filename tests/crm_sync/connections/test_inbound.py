"""Whoever has no CRM sends records: known by a secret, of a schema, each once."""

import json
import re
import shlex
import time
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from crm_sync.connections import schemas
from crm_sync.connections.inbound import rotate_secret
from crm_sync.connections.models import Delivery, Mapping
from crm_sync.connections.receiving import replay
from crm_sync.ledger.models import Change, Entry, Field, Payee
from crm_sync.providers.inbound.signatures import sign
from tenants.access import Member
from tenants.accounts.models import Business, Role
from tenants.jobs.services import run_all_jobs
from tests.crm_sync.connections.scene import later
from tests.crm_sync.connections.senders import DOCS, SAMPLE, Sender
from tests.people import a_member

pytestmark = pytest.mark.usefixtures("at_start")


def test_the_curl_of_the_documents_brings_a_deal_into_the_ledger(
    sender: Sender, acme: Business
) -> None:
    text = re.search(r"```sh\n(.*?)```", DOCS.read_text(), re.DOTALL)
    assert text is not None
    words = shlex.split(text[1].replace("\\\n", " "))
    at = {"$ADDRESS": sender.shown.url, "$CLIENT_ID": sender.shown.client_id}
    at["$CLIENT_SECRET"] = sender.shown.secret

    def filled(word: str) -> str:
        for name, value in at.items():
            word = word.replace(name, value)
        return word

    words = [filled(word) for word in words]
    assert words[:3] == ["curl", "-X", "POST"]
    headers = [words[n + 1] for n, word in enumerate(words) if word == "-H"]
    pairs = dict(header.split(": ", 1) for header in headers)
    body = words[words.index("--data") + 1]
    answer = Client().post(
        "/" + words[3].partition("//")[2].partition("/")[2],
        body,
        content_type=pairs.pop("Content-Type"),
        headers=pairs,
    )
    run_all_jobs()

    assert answer.status_code == 202, answer.content
    entry = Entry.objects.get()
    assert (entry.external_id, entry.name) == ("A-1", "Whitcomb Dental")
    assert entry.amount == Decimal("41250")
    assert entry.counts and entry.owner is not None
    assert entry.owner.email == "maya@acme.example"


def test_a_sample_makes_fields_with_types_under_their_own_names(
    sender: Sender,
) -> None:
    found = {f.key: f.type for f in Field.objects.filter(object="deal")}

    assert found["amount"] == "money"
    assert found["is_new"] == "yesno"
    assert found["customer_city"] == "text"
    document = Mapping.objects.get().document
    assert document["customer_city"]["source"] == "customer.city"
    assert document["won_on"]["type"] == "date"


def test_create_update_and_delete_take_effect(sender: Sender) -> None:
    sender.send()
    run_all_jobs()
    with later(1):
        sender.send(action="update", data={"amount": "20000.01"})
        run_all_jobs()
    assert Entry.objects.get().amount == Decimal("20000.01")
    change = Change.objects.order_by("-number")[0]
    assert change.words == "Delgado: amount 18,400.00 → 20,000.01"

    with later(2):
        sender.send(action="delete")
        run_all_jobs()
    assert Entry.objects.get().deleted


def test_messages_that_say_when_may_come_in_any_order(sender: Sender) -> None:
    for minute, amount in ((3, "300"), (1, "100"), (2, "200")):
        sender.send(at=f"2026-11-24T15:0{minute}:00Z", data={"amount": amount})
    run_all_jobs()

    assert Entry.objects.get().amount == Decimal("300")


def test_a_record_that_is_not_of_its_schema_is_refused_field_by_field(
    sender: Sender,
) -> None:
    answer = sender.send(data={"amount": "a lot", "colour": "red", "won_on": "soon"})
    unknown = sender.post(
        {"objectname": "refund", "id": "1", "data": {"amount": "1"}},
    )

    assert answer.status_code == unknown.status_code == 422
    assert answer.json()["problems"] == [
        "data.amount: “a lot” is not a number.",
        "data.won_on: “soon” is not a date like 2026-11-09.",
        "data.colour: is not in the schema of deal (version 1).",
    ]
    assert "“refund” has no schema. Known: deal." in unknown.json()["problems"][0]
    run_all_jobs()
    assert not Entry.objects.exists()


def take_colours(sender: Sender, by: Member | None = None) -> None:
    """Let the schema of deals know a field that it refused before."""
    fields = schemas.schemas_of(sender.connection)["deal"].fields
    schemas.save_schema(
        connection=sender.connection,
        object_="deal",
        fields=fields | {"colour": {"type": "text", "required": False}},
        sample=SAMPLE,
        by=by,
    )


def test_what_was_refused_is_replayed_after_the_schema_was_changed(
    sender: Sender, acme: Business
) -> None:
    sender.send(data={"colour": "red"})
    alice = a_member(acme, "Alice Admin", Role.ADMIN)
    take_colours(sender, by=alice)

    replay(delivery=Delivery.objects.get(), by=alice)
    run_all_jobs()

    assert Entry.objects.get().name == "Delgado"
    assert Field.objects.filter(object="deal", key="colour").exists()


def test_only_who_knows_the_secret_may_send(sender: Sender) -> None:
    wrong = [
        sender.post({}, X_Client_Secret="whsec_wrong"),
        sender.post({}, X_Client_Id="client_other"),
        sender.post({}, X_Client_Id="", X_Client_Secret=""),
        sender.post({}, webhook_signature="v1,AAAA", webhook_id="1"),
    ]

    assert [answer.status_code for answer in wrong] == [401] * 4
    assert not Delivery.objects.filter(verified=True).exists()


def test_a_standard_webhooks_signature_is_taken_and_its_event_once(
    sender: Sender,
) -> None:
    body = json.dumps(
        {"objectname": "deal", "id": "A-1", "action": "create", "data": SAMPLE}
    ).encode()
    stamp = int(time.time())

    def signed(stamp: int, body: bytes, secret: str = sender.shown.secret) -> Any:
        return Client().post(
            f"/{sender.path}",
            body,
            content_type="application/json",
            headers={
                "webhook-id": "msg_1",
                "webhook-timestamp": str(stamp),
                "webhook-signature": "v1,bm9uZQ== "
                + sign(secret, id="msg_1", timestamp=stamp, body=body),
            },
        )

    assert signed(stamp, body).status_code == 202
    assert signed(stamp, body).status_code == 200
    assert signed(stamp - 301, body).status_code == 401
    assert signed(stamp, body, "whsec_b3RoZXI=").status_code == 401
    run_all_jobs()
    assert Entry.objects.count() == 1


def test_the_standard_webhooks_vector_is_signed_as_published() -> None:
    signature = sign(
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        id="msg_p5jXN8AQM9LWM0D4loKWxJek",
        timestamp=1614265330,
        body=b'{"test": 2432232314}',
    )

    assert signature == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_the_old_secret_counts_for_a_day(sender: Sender, acme: Business) -> None:
    alice = a_member(acme, "Alice Admin", Role.ADMIN)
    rotate_secret(connection=sender.connection, by=alice)

    assert sender.send().status_code == 202
    with later(24 * 60 + 1):
        assert sender.send().status_code == 401


def test_several_records_are_taken_together_or_not_at_all(sender: Sender) -> None:
    good = {"objectname": "deal", "id": "A-1", "data": SAMPLE}
    bad = {"objectname": "deal", "id": "A-2", "data": SAMPLE | {"amount": "x"}}

    refused = sender.post({"records": [good, bad]})
    assert (refused.status_code, refused.json()["problems"]) == (
        422,
        ["Record 2 (id “A-2”), data.amount: “x” is not a number."],
    )
    unread = sender.post({"records": [good, good | {"id": "A-3", "action": "upsert"}]})
    assert unread.status_code == 400
    assert unread.json()["error"].startswith("Record 2 (id “A-3”): action: must be")
    run_all_jobs()
    assert not Entry.objects.exists()
    assert sender.post({"records": [good, good | {"id": "A-2"}]}).status_code == 202
    run_all_jobs()
    assert Entry.objects.count() == 2


def test_nobody_is_asked_for_what_comes_by_itself(sender: Sender) -> None:
    from crm_sync.connections.errors import NotSyncable
    from crm_sync.connections.services import start_sync, sync_what_is_due

    sender.send()
    run_all_jobs()
    assert sync_what_is_due() == 0
    with pytest.raises(NotSyncable):
        start_sync(connection=sender.connection)


def test_an_object_of_its_own_name_counts_and_credits_its_person(
    sender: Sender,
) -> None:
    sample = {"title": "Site visit", "date": "2026-11-05", "user": "theo@acme.example"}
    schemas.save_schema(
        connection=sender.connection,
        object_="visit",
        fields=schemas.fields_of_sample(sample),
        sample=sample,
        by=None,
    )
    sender.post({"objectname": "visit", "id": "V-1", "data": sample})
    run_all_jobs()

    entry = Entry.objects.get(object="visit")
    assert entry.counts and str(entry.occurred_on) == "2026-11-05"
    assert entry.owner == Payee.objects.get(email="theo@acme.example")


def test_a_delivery_says_why_its_record_is_refused(sender: Sender) -> None:
    sender.send("A-1", data={"amount": None})
    sender.send("A-2")
    run_all_jobs()

    results = dict(Delivery.objects.values_list("external_id", "result"))
    assert results == {"A-1": "Refused: Amount is blank.", "A-2": "taken"}
    sender.connection.refresh_from_db()
    assert sender.connection.last_new_data_at is not None


def test_a_page_tries_and_saves_a_sample(sender: Sender, acme: Business) -> None:
    client = Client()
    client.force_login(a_member(acme, "Alice Admin", Role.ADMIN).user)
    url = f"/b/acme/connections/{sender.connection.pk}/schemas/"
    message = json.dumps({"objectname": "visit", "data": {"title": "x", "miles": 3}})

    tried = client.post(url, {"sample": message, "try": "1"})
    saved = client.post(url, {"sample": message, "save": "1", "required": "title"})
    broken = client.post(url, {"sample": "{", "save": "1"})

    assert "has no schema. Known: deal." in tried.content.decode()
    assert saved.status_code == 302
    assert broken.status_code == 422
    schema = schemas.schemas_of(sender.connection)["visit"]
    assert schema.fields["title"] == {"type": "text", "required": True}
    assert schema.fields["miles"]["type"] == "number"


def test_the_pages_of_deliveries_show_no_secret(sender: Sender, acme: Business) -> None:
    sender.send(token="canary-0815")
    run_all_jobs()
    client = Client()
    client.force_login(a_member(acme, "Alice Admin", Role.ADMIN).user)
    row = Delivery.objects.get()
    base = f"/b/acme/connections/{sender.connection.pk}/webhook/"

    texts = [client.get(url).content.decode() for url in (base, f"{base}{row.pk}/")]
    replayed = client.post(f"{base}{row.pk}/replay/")

    assert "deal create" in texts[0]
    assert all("canary-0815" not in text for text in texts)
    assert all(sender.shown.secret not in text for text in texts)
    assert replayed.status_code == 302
    assert Delivery.objects.get().state == "waiting"
