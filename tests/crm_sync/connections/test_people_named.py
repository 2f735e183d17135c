"""Whoever a record names is known before the record is taken, whether it counts or not."""

from __future__ import annotations

import pytest

from crm_sync.connections.models import Connection, Mapping
from crm_sync.ledger.models import Credit, Entry, Payee, RefusedRecord, Revision
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


def a_field(scene: Scene, name: str, type: str, *, multiple: bool = False) -> str:
    """A custom field of the first day: it is mapped by itself."""
    Mapping.objects.filter(connection=scene.connection).delete()
    return scene.account.add_custom_field(name, type, multiple=multiple)


@pytest.mark.parametrize("adopts", [False, True])
def test_each_of_several_users_in_one_field_is_credited(
    scene: Scene, adopts: bool
) -> None:
    overlay = a_field(scene, "Overlay", "user", multiple=True)
    if adopts:
        adopting(scene)
        ann = scene.account.add_user(name="Ann Reed", email="ann@acme.example")
    else:
        ann = scene.theo
    deal = scene.deal(custom={overlay: [scene.maya, ann, ann]})

    scene.sync()

    credits = Credit.objects.filter(closed__isnull=True, role="overlay")
    names = Payee.objects.filter(pk__in=credits.values("payee_id"))
    assert set(names.values_list("name", flat=True)) == {
        "Maya Okafor",
        "Ann Reed" if adopts else "Theo Brandt",
    }
    assert [credit.share for credit in credits] == [1, 1]
    shown = Revision.objects.get(entry__external_id=deal, closed=None).values["overlay"]
    assert shown == "Maya Okafor, " + ("Ann Reed" if adopts else "Theo Brandt")


def test_a_deal_split_with_two_people_at_once_is_refused(scene: Scene) -> None:
    adopting(scene)
    partner = a_field(scene, "Split with", "user", multiple=True)
    share = a_field(scene, "Split percent", "number")
    scene.deal(custom={partner: [scene.maya, scene.theo], share: 40})

    scene.sync()

    assert RefusedRecord.objects.get().reason == (
        "Split with names 2 people, and it can be one only."
    )
    assert not Payee.objects.filter(name__contains=",").exists()
