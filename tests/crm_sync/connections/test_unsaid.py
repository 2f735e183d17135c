"""What a source does with a customer's records and says of the customer alone."""

from datetime import timedelta

import pytest

from commissions_saas.demo.close_server.values import stamp
from crm_sync.connections.comparing import forget_refused
from crm_sync.connections.models import UnroutedRecord
from crm_sync.connections.opening import open_connection
from crm_sync.connections.readers import reader_of
from crm_sync.contract import RemoteRecord
from crm_sync.ledger.models import Entry, RefusedRecord, Revision
from crm_sync.providers.close import changes
from tests.crm_sync.connections.office import Office
from tests.crm_sync.connections.scene import START, Scene, at, later, tick

pytestmark = pytest.mark.usefixtures("at_start")

UNDER = ("deal", "contact", "meeting", "call", "email", "sms", "note", "task")


def customer_of(external_id: str) -> str:
    revision = Revision.objects.get(entry__external_id=external_id, closed=None)
    return str(revision.values["customer"])


def test_all_that_moves_with_a_merged_lead_moves_though_no_event_says_so(
    office: Office,
) -> None:
    other = office.account.add_lead("Delgado residence")
    office.sync()
    with later(16):
        office.account.merge_leads(office.ids["lead"], other, quietly=True)
    with later(17):
        office.sync()

    for kind in (*UNDER, "site_visit", "policy"):
        assert customer_of(office.ids[kind]) == other, kind
    assert Entry.objects.get(external_id=office.ids["lead"]).deleted


def test_all_that_goes_with_a_deleted_lead_goes_though_no_event_says_so(
    office: Office,
) -> None:
    stays = office.account.add_record("call", lead=office.account.add_lead("Other"))
    office.sync()
    with later(16):
        office.account.delete_lead(office.ids["lead"], quietly=True)
    with later(17):
        office.sync()

    gone = Entry.objects.filter(external_id__in=office.ids.values())
    assert not gone.filter(deleted=False).exists()
    assert not Entry.objects.get(external_id=stays).deleted


def test_a_customer_and_a_pipeline_give_their_new_names_to_deals(
    office: Office,
) -> None:
    office.sync()
    store, deal = office.account.store, office.ids["deal"]
    with later(16):
        office.account.edit(office.ids["lead"], {"name": "Delgado & daughters"})
        office.sync()
    renamed = Entry.objects.get(external_id=deal).name
    [pipeline] = store.docs("pipeline", office.account.id)
    with later(32):
        store.replace(pipeline | {"name": "Field sales"}, updated=stamp(tick()))
        office.sync()

    values = Revision.objects.get(entry__external_id=deal, closed=None).values
    assert renamed == "Delgado & daughters"
    assert values["pipeline"] == "Field sales"


def test_many_customers_with_new_names_let_all_deals_be_read_again(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(changes, "_MOST_LEADS", 0)
    office.sync()
    with later(16):
        office.account.edit(office.ids["lead"], {"name": "Delgado & daughters"})
        office.sync()
    with later(32):
        office.sync()

    name = Entry.objects.get(external_id=office.ids["deal"]).name
    assert name == "Delgado & daughters"


def changed_quietly(office: Office, kind: str, **values: str) -> None:
    """Change what a record shows without moving when it was last changed."""
    store, id = office.source.server.store, office.ids[kind]
    store.replace(store.doc(id) | values, updated=store.row(id)["updated"])


def test_a_status_of_leads_gives_its_new_name_to_all_of_them(office: Office) -> None:
    store, at_start = office.source.server.store, stamp(tick())
    status = {"id": "stat_new", "label": "Potential"}
    store.insert(
        "lead_status", office.account.id, status, created=at_start, updated=at_start
    )
    changed_quietly(office, "lead", status_label="Potential")
    office.sync()
    with later(16):
        store.replace(status | {"label": "Prospect"}, updated=stamp(tick()))
        changed_quietly(office, "lead", status_label="Prospect")
        office.sync()
    office.source.server.requests.clear()
    with later(32):
        office.sync()

    assert Entry.objects.get(external_id=office.ids["lead"]).status == "Prospect"
    asked = office.source.server.requests
    assert not [one for one in asked if one.startswith("GET lead/?_limit=5&")]


def test_a_contact_of_another_name_lets_the_deals_of_its_lead_be_read(
    office: Office,
) -> None:
    office.sync()
    office.source.server.requests.clear()
    with later(26):
        office.account.edit(office.ids["contact"], {"name": "Ann Delgado"})
        office.sync()

    deals = f"GET opportunity/?lead_id={office.ids['lead']}"
    assert [one for one in office.source.server.requests if one.startswith(deals)]


def test_what_is_written_after_the_clock_was_put_back_is_read(office: Office) -> None:
    store, account, ids = office.source.server.store, office.account, office.ids
    store.skew = timedelta(hours=2)
    office.sync()
    store.skew = timedelta(0)
    with later(16):
        for kind in ("lead", "contact", "call", "task", "policy"):
            name = {"call": "note", "task": "text"}.get(kind, "name")
            account.edit(ids[kind], {name: "Edited"})
        account.delete(ids["note"])
        first = account.add_record("task", lead=ids["lead"], text="New")
    with later(17):
        office.sync()
    with later(32):
        second = account.add_record("call", lead=ids["lead"], note="New", duration=1)
    with later(33):
        office.sync()

    here = dict(Entry.objects.filter(deleted=False).values_list("external_id", "name"))
    for kind in ("lead", "contact", "call", "task", "policy"):
        assert here[ids[kind]] == "Edited", kind
    assert ids["note"] not in here
    assert (here[first], here[second]) == ("New", "New")


def test_a_record_that_is_gone_takes_no_other_of_its_number_with_it(
    scene: Scene,
) -> None:
    deal = scene.deal(custom={scene.product: None})
    scene.sync()
    UnroutedRecord.objects.create(
        connection=scene.connection,
        object="deal",
        external_id=deal,
        version="2026",
        payload={},
        first_seen=START,
        last_seen=START,
    )
    provider = open_connection(scene.connection)
    reader = reader_of(scene.connection, provider)

    def end(object: str) -> RemoteRecord:
        return RemoteRecord(object, deal, "2026", {}, deleted=True)

    forget_refused(reader, [end("contact")])
    assert RefusedRecord.objects.get().state == RefusedRecord.State.WAITING
    assert UnroutedRecord.objects.count() == 1

    forget_refused(reader, [end("deal")])
    assert RefusedRecord.objects.get().state == RefusedRecord.State.RESOLVED
    assert not UnroutedRecord.objects.exists()


def test_what_a_key_sees_now_is_said_after_each_sync(scene: Scene) -> None:
    store, admin = scene.source.server.store, scene.source.admin
    scene.sync()
    assert scene.connection.warnings == []
    whole = store.doc(admin)

    store.replace(whole | {"permissions": []}, updated=at["now"].isoformat())
    with later(16):
        scene.sync()
    assert "cannot see all leads" in scene.connection.warnings[0]

    store.replace(whole, updated=START.isoformat())
    with later(32):
        scene.sync()
    assert scene.connection.warnings == []
