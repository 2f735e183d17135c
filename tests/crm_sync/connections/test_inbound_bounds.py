"""What a sender may not say: endless names, moments, ids and objects."""

import pytest

from crm_sync.connections import schemas
from crm_sync.connections.errors import BadSchema
from crm_sync.ledger.models import Entry
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
