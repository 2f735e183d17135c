"""What is pressed twice is done once, and what was begun by somebody else is left."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client

from crm_sync.connections import matching, schemas, services
from crm_sync.connections.endpoints import new_client_secret
from crm_sync.connections.errors import NotSyncable
from crm_sync.connections.inbound import rotate_secret
from crm_sync.connections.models import (
    Connection,
    Delivery,
    Endpoint,
    Mapping,
    ObjectSchema,
)
from crm_sync.ledger.models import Entry, ExternalId, Payee
from tenants.access import Member
from tenants.accounts.models import Business
from tenants.audit.models import AuditRow
from tenants.jobs.models import Job
from tenants.jobs.services import run_all_jobs, without_sending
from tests.crm_sync.connections.scene import Scene, later
from tests.crm_sync.connections.senders import Sender
from tests.crm_sync.connections.test_inbound import take_colours

pytestmark = pytest.mark.usefixtures("at_start")


def test_a_refused_delivery_is_taken_once_more_and_not_twice(
    sender: Sender, admin: Client
) -> None:
    sender.send(data={"colour": "red"}, at="2026-11-24T15:00:00Z")
    take_colours(sender)
    url = f"/b/acme/connections/{sender.connection.pk}/webhook/"
    url += f"{Delivery.objects.get().pk}/"

    assert "Replay" in admin.get(url).content.decode()
    said = [admin.post(f"{url}replay/", follow=True).content.decode() for _ in range(2)]
    run_all_jobs()

    assert "is taken once more." in said[0]
    assert "was taken once more already." in said[1]
    assert "Replay</button>" not in said[1]
    assert Delivery.objects.count() == 2
    assert Entry.objects.get().name == "Delgado"


def test_a_delivery_that_was_given_up_is_taken_when_it_is_replayed(
    sender: Sender, admin: Client
) -> None:
    sender.send()
    Delivery.objects.update(state="failed", tries=20)
    url = f"/b/acme/connections/{sender.connection.pk}/webhook/"

    for _ in range(2):
        admin.post(f"{url}{Delivery.objects.get().pk}/replay/")
    assert Job.objects.filter(kind="deliveries", state="queued").count() == 1
    run_all_jobs()

    assert Delivery.objects.get().state == "done"
    assert Entry.objects.count() == 1


def test_a_source_is_connected_once(
    scene: Scene, admin: Client, alice: Member, settings: Any
) -> None:
    settings.DEMO = True
    given = {
        "name": "Close",
        "objects": ["deal"],
        "base_url": scene.source.server.url,
        "secret": scene.source.key,
    }

    answer = admin.post("/b/acme/connections/new/", given)
    assert answer.status_code == 422
    assert "reads this source with this key already" in answer.content.decode()
    assert Connection.objects.count() == 1

    services.disconnect(connection=scene.connection, reason="Anew.", by=alice)
    assert admin.post("/b/acme/connections/new/", given).status_code == 302
    assert admin.post("/b/acme/connections/new/", given).status_code == 422
    assert Connection.objects.exclude(state="removed").count() == 1


def test_a_webhook_of_one_name_is_made_once(sender: Sender, admin: Client) -> None:
    answer = admin.post("/b/acme/connections/new/webhook/", {"name": "Webhook"})

    assert answer.status_code == 422
    assert "Webhook is here already." in answer.content.decode()
    assert Connection.objects.count() == 1


def test_the_same_mapping_and_the_same_schema_make_no_new_version(
    scene: Scene, admin: Client, sender: Sender
) -> None:
    scene.deal()
    scene.sync()
    first = Mapping.objects.filter(connection=scene.connection).get()
    other = first.document | {"amount": {"source": "expected_value", "type": "money"}}
    services.save_mapping(
        connection=scene.connection,
        object_="deal",
        document=other,
        business=scene.business,
    )
    url = f"/b/acme/connections/{scene.connection.pk}/map/{first.pk}/revert/"
    for _ in range(2):
        assert admin.post(url).status_code == 302

    mine = Mapping.objects.filter(
        connection=scene.connection, business_id=scene.business.pk
    )
    assert list(mine.order_by("pk").values_list("version", flat=True)) == [1, 2]
    saved = AuditRow.objects.filter(action="connections.mapping_saved")
    assert saved.filter(object_id=str(scene.connection.pk)).count() == 2

    schema = ObjectSchema.objects.get()
    again = schemas.save_schema(
        connection=sender.connection,
        object_="deal",
        fields=json.loads(json.dumps(schema.fields)),
        sample=schema.sample,
        by=None,
    )
    assert again == schema


def test_a_secret_that_is_made_twice_locks_no_sender_out(
    sender: Sender, alice: Member
) -> None:
    for _ in range(2):
        shown = rotate_secret(connection=sender.connection, by=alice)

    assert sender.send().status_code == 202
    sender.shown = shown
    assert sender.send("A-2").status_code == 202


def test_a_secret_that_was_in_use_counts_for_a_day_after_the_next(
    sender: Sender, alice: Member
) -> None:
    sender.shown = rotate_secret(connection=sender.connection, by=alice)
    with later(11):
        new_client_secret(Endpoint.objects.get())

        assert sender.send().status_code == 202


def test_what_is_disconnected_stays_so_and_keeps_no_key(
    scene: Scene, alice: Member
) -> None:
    for _ in range(2):
        services.disconnect(connection=scene.connection, reason="Moved.", by=alice)
    with pytest.raises(NotSyncable):
        services.replace_key(connection=scene.connection, secret="late", by=alice)

    scene.connection.refresh_from_db()
    assert bytes(scene.connection.secret) == b""
    assert AuditRow.objects.filter(action="connections.removed").count() == 1


def test_a_user_becomes_one_payee_however_often_it_is_said(
    scene: Scene, admin: Client, acme: Business
) -> None:
    ito = scene.account.add_user(name="Kenji Ito", email="k.ito@acme.example")
    scene.sync()
    user = scene.connection.users.get(external_id=ito)

    said = [
        admin.post(f"/b/acme/people/users/{user.pk}/match/", {"new": "1"}, follow=True)
        for _ in range(2)
    ]
    with without_sending():
        matching.payees_from_users(business=acme, users=[user])

    assert "Kenji Ito is Kenji Ito" in said[0].content.decode()
    assert "matched to Kenji Ito already" in said[1].content.decode()
    assert Payee.objects.filter(name="Kenji Ito").count() == 1
    assert ExternalId.objects.filter(external_id=ito).count() == 1
