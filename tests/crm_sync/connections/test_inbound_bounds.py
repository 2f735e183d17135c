"""What a sender may not say: endless names, moments, ids and objects."""

import json
import time
from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client

from crm_sync.connections import schemas
from crm_sync.connections.errors import BadSchema
from crm_sync.ledger.models import Entry
from crm_sync.providers.inbound.signatures import sign
from tenants.jobs.services import run_all_jobs
from tests.crm_sync.connections.senders import SAMPLE, Sender

pytestmark = pytest.mark.usefixtures("at_start")


def test_what_is_no_message_is_answered_with_what_it_should_be(
    sender: Sender,
) -> None:
    answers = [
        sender.post(b"not json"),
        sender.post({"objectname": "deal", "id": "A-1", "action": "eat", "data": {}}),
        sender.post({"objectname": "deal", "data": SAMPLE}),
        sender.post({"records": []}),
        sender.post(b'{"objectname": "deal", "id": "1", "data": {"a": 1, "a": 2}}'),
    ]

    assert [answer.status_code for answer in answers] == [400] * 5
    assert "“a” is there twice, with two values." in str(answers[4].json()["error"])
    assert "action: must be one of create, update, delete." in str(
        answers[1].json()["error"]
    )


def test_a_name_that_no_formula_could_use_is_no_object(sender: Sender) -> None:
    with pytest.raises(BadSchema, match="is no name for an object"):
        schemas.save_schema(
            connection=sender.connection,
            object_="Site Visit!",
            fields={"a": {"type": "text"}},
            sample={},
            by=None,
        )


def test_records_are_told_apart_however_long_the_id_of_their_event(
    sender: Sender,
) -> None:
    rows = [
        {"objectname": "deal", "id": f"A-{n}", "action": "create", "data": SAMPLE}
        for n in range(5)
    ]
    long = "e" * 99

    first = sender.post({"records": rows}, X_Event_Id=f"{long}1")
    again = sender.post({"records": rows}, X_Event_Id=f"{long}1")
    other = sender.send("A-9")
    longer = [
        sender.post({**rows[0], "id": f"B-{n}"}, X_Event_Id=f"{long}{long}{n}").json()
        for n in range(2)
    ]
    run_all_jobs()

    assert first.json() == {"taken": 5, "known": 0}
    assert again.json() == {"taken": 0, "known": 5}
    assert other.status_code == 202
    assert longer == [{"taken": 1, "known": 0}] * 2
    assert Entry.objects.count() == 8


def test_whoever_changed_a_record_has_no_endless_name(sender: Sender) -> None:
    answer = sender.send(by="x" * 101)

    assert answer.status_code == 400
    assert "by: must be" in answer.json()["error"]
    assert sender.send(by="x" * 100).status_code == 202


@pytest.mark.parametrize(
    "at",
    [
        "9999-12-31T23:59:59-12:00",
        "0001-01-01T00:00:00+12:00",
        "9999-12-31T23:59:59Z",
        "0001-01-01T00:00:00Z",
    ],
)
def test_a_moment_at_the_end_of_time_is_none(sender: Sender, at: str) -> None:
    answer = sender.send(at=at)

    assert answer.status_code == 400
    assert "at: must be a moment" in answer.json()["error"]


def test_two_objects_may_have_one_id_at_one_moment(sender: Sender) -> None:
    schemas.save_schema(
        connection=sender.connection,
        object_="visit",
        fields=schemas.fields_of_sample(SAMPLE),
        sample=SAMPLE,
        by=None,
    )
    row = {"id": "A-1", "at": "2026-11-24T15:00:00Z", "data": SAMPLE}

    answer = sender.post(
        {"records": [row | {"object": "deal"}, row | {"object": "visit"}]}
    )

    assert answer.json() == {"taken": 2, "known": 0}


def test_a_sender_is_told_what_to_change(sender: Sender) -> None:
    said = {
        b"[1]": 'Send several as {"records":',
        b"objectname=deal&id=1": "It came as a form. Choose JSON",
        '{"é": 1}'.encode("latin-1"): "not written in UTF-8.",
        b"[" * 100_000: "nested too deeply.",
    }
    for body, words in said.items():
        answer = sender.post(body)
        assert answer.status_code == 400
        assert words in answer.json()["error"]

    ahead = sender.send(at=(datetime.now(UTC) + timedelta(days=60)).isoformat())

    assert ahead.json()["error"].startswith("at: is more than a day ahead of now.")


def test_texts_of_a_form_are_told_apart_by_what_they_should_be(sender: Sender) -> None:
    wrong = sender.send(data={"amount": "1,234.50", "is_new": "maybe", "won_on": "x"})
    right = sender.send(data={"amount": "1234.50", "is_new": "true"})

    assert wrong.json()["problems"] == [
        "data.amount: “1,234.50” is not a number.",
        "data.won_on: “x” is not a date like 2026-11-09.",
        "data.is_new: “maybe” is neither yes nor no.",
    ]
    assert right.status_code == 202


def test_a_signature_may_stand_under_the_senders_own_name(sender: Sender) -> None:
    body = json.dumps({"objectname": "deal", "id": "A-1", "data": SAMPLE}).encode()
    stamp = int(time.time())
    signature = sign(sender.shown.secret, id="msg_1", timestamp=stamp, body=body)
    headers = {"svix-id": "msg_1", "svix-timestamp": str(stamp)}

    answers = [
        Client().post(
            f"/{sender.path}",
            body,
            content_type="application/json",
            headers={**headers, "svix-signature": one},
        )
        for one in (signature, signature, "v1,bm9uZQ==")
    ]

    assert [answer.status_code for answer in answers] == [202, 200, 401]


def test_whoever_sends_far_too_much_is_heard_out_and_told(sender: Sender) -> None:
    assert sender.post(b" " * 12_000_000).status_code == 413
