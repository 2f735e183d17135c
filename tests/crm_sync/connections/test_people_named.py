"""Whoever a record names is known before the record is taken, whether it counts or not."""

from __future__ import annotations

import pytest

from crm_sync.connections.models import Connection
from crm_sync.ledger.models import Credit, Entry, Payee, RefusedRecord
from tests.crm_sync.connections.scene import Scene

pytestmark = pytest.mark.usefixtures("at_start")


def adopting(scene: Scene) -> None:
    options = {**scene.connection.options, "people": "payees"}
    Connection.objects.filter(pk=scene.connection.pk).update(options=options)
    scene.connection.refresh_from_db()


def owner_of(deal: str) -> str:
    credit = Credit.objects.filter(
        entry_id=Entry.objects.get(external_id=deal).pk, closed__isnull=True
    ).first()
    return Payee.objects.get(pk=credit.payee_id).name if credit else ""


def test_an_open_deal_of_somebody_who_has_left_has_its_owner_at_once(
    scene: Scene,
) -> None:
    adopting(scene)
    gone = scene.account.add_user(
        name="Dan Gone", email="dan@acme.example", active=False
    )
    deal = scene.deal(user=gone, status=scene.open)

    scene.sync()

    assert owner_of(deal) == "Dan Gone"
    assert Payee.objects.get(name="Dan Gone").email == "dan@acme.example"


def test_a_won_deal_of_somebody_who_has_left_is_never_refused(scene: Scene) -> None:
    adopting(scene)
    gone = scene.account.add_user(
        name="Dan Gone", email="dan@acme.example", active=False
    )
    deal = scene.deal(user=gone)

    job = scene.sync()

    assert owner_of(deal) == "Dan Gone"
    assert job.result["new"] == 1
    assert not RefusedRecord.objects.exists()


def test_nobody_becomes_a_payee_where_an_admin_matches_people(scene: Scene) -> None:
    gone = scene.account.add_user(
        name="Dan Gone", email="dan@acme.example", active=False
    )
    deal = scene.deal(user=gone, status=scene.open)

    scene.sync()

    assert owner_of(deal) == ""
    assert not Payee.objects.filter(name="Dan Gone").exists()
