"""A sync against a real HTTP stand-in for Close: what is here is what is there."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from commissions_saas.lib import clock
from crm_sync.connections import matching, services, syncing
from crm_sync.connections.errors import CannotOpenSecret
from crm_sync.connections.models import Connection, SyncRun
from crm_sync.connections.readers import reader_of
from crm_sync.connections.sealing import open_sealed
from crm_sync.contract import ConfigurationProblem
from crm_sync.ledger.models import Change, Entry, RefusedRecord, Revision
from crm_sync.ledger.services import create_payee
from tenants.accounts.models import Business
from tenants.jobs.lease import Lease
from tenants.jobs.models import Job
from tenants.jobs.services import claim, run_now
from tests.crm_sync.connections.scene import (
    START,
    Scene,
    later,
    ledger_of,
    source_of,
)

pytestmark = pytest.mark.usefixtures("at_start")


def test_a_first_sync_brings_the_ledger_to_what_the_source_has(scene: Scene) -> None:
    for number in range(25):
        scene.deal(f"Lead {number}", value=100 * number + 1)
    scene.deal("Still open", status=scene.open)

    job = scene.sync()

    assert job.state == Job.State.DONE, job.problem
    assert ledger_of(scene) == source_of(scene)
    run = SyncRun.objects.get()
    assert (run.kind, run.state, run.read, run.new) == ("first", "done", 26, 26)
    assert scene.connection.last_success_at == START


def test_value_is_cents_and_becomes_exact_money(scene: Scene) -> None:
    scene.deal(value=4_125_001)

    scene.sync()

    assert Entry.objects.get().amount == Decimal("41250.0100")
    assert Revision.objects.get().values["amount"] == "41250.01"


def test_a_second_sync_changes_nothing(scene: Scene) -> None:
    scene.deal()
    scene.sync()
    changes = Change.objects.count()

    with later(16):
        job = scene.sync()

    assert job.result["changed"] == 0
    assert Change.objects.count() == changes


def test_an_edit_names_its_field_and_its_editor(scene: Scene) -> None:
    deal = scene.deal()
    priya = scene.account.add_user(name="Priya Nair", email="priya@acme.example")
    scene.sync()

    with later(10):
        scene.account.edit(deal, {"value": 4_125_000}, by=priya)
        scene.sync()

    change = Change.objects.order_by("-number").first()
    assert change is not None
    assert change.words == "Whitcomb Dental: amount 43,750.00 → 41,250.00"
    assert change.source == "edited in Close by Priya Nair"


def test_edits_inserts_and_ties_between_pages_are_not_missed(scene: Scene) -> None:
    for number in range(35):
        scene.deal(f"Lead {number}", value=number)
    faults = scene.source.server.faults
    faults.change({"edits": 3, "inserts": 2, "ties": 2, "deletes": 1, "seed": 7})

    scene.sync()
    with later(16):
        scene.sync()

    assert ledger_of(scene) == source_of(scene)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_errors_limits_and_cut_answers_are_survived(scene: Scene, seed: int) -> None:
    for number in range(30):
        scene.deal(f"Lead {number}", value=number)
    scene.source.server.faults.change(
        {"seed": seed, "error": 10, "limit": 10, "cut": 5, "repeat": 10}
    )

    job = scene.sync()

    assert job.state == Job.State.DONE, job.problem
    assert ledger_of(scene) == source_of(scene)


class DyingLease(Lease):
    """A worker that is killed before it can open its sixth transaction."""

    transactions = 0

    @contextmanager
    def transaction(self) -> Iterator[None]:
        self.transactions += 1
        if self.transactions == 6:
            raise KeyboardInterrupt
        with super().transaction():
            yield


def test_a_sync_that_dies_between_pages_goes_on_from_the_last_page(
    scene: Scene, settings: Any
) -> None:
    settings.PAGES_AT_ONCE = 1
    for number in range(30):
        scene.deal(f"Lead {number}", value=number)
    job = services.start_sync(connection=scene.connection)
    claimed = claim(job.pk)
    assert claimed is not None

    with pytest.raises(KeyboardInterrupt):
        syncing.sync(DyingLease(claimed, scene.business, is_kept=False))
    half = Entry.objects.count()
    Job.objects.filter(pk=job.pk).update(state=Job.State.QUEUED)
    run_now(job)

    assert 0 < half < 30
    assert ledger_of(scene) == source_of(scene)
    run = SyncRun.objects.get()
    assert (run.state, run.new) == ("done", 30)


def test_a_deal_deleted_at_the_source_stops_to_count_here(scene: Scene) -> None:
    deal = scene.deal()
    scene.deal("Stays")
    scene.sync()

    with later(10):
        scene.account.delete(deal, by=scene.theo)
        scene.sync()

    entry = Entry.objects.get(external_id=deal)
    assert (entry.deleted, entry.counts) == (True, False)
    change = Change.objects.order_by("-number").first()
    assert change is not None
    assert change.source == "deleted in Close by Theo Brandt"


def test_a_reopened_deal_stops_to_count_though_its_date_stays(scene: Scene) -> None:
    deal = scene.deal()
    scene.sync()

    with later(10):
        scene.account.edit(deal, {"status_id": scene.open})
        scene.sync()

    entry = Entry.objects.get()
    assert not entry.counts
    assert Revision.objects.get(closed=None).values["won_on"] == "2026-11-09"


def test_a_deal_of_an_unknown_user_is_refused_until_the_user_is_matched(
    scene: Scene,
) -> None:
    ito = scene.account.add_user(name="Kenji Ito", email="k.ito@acme.example")
    scene.deal(user=ito)
    scene.sync()
    refused = RefusedRecord.objects.get()
    kenji = create_payee(name="Kenji Ito")

    matching.match_user(
        connection=scene.connection,
        business=scene.business,
        user=scene.connection.users.get(external_id=ito),
        payee=kenji,
    )

    assert refused.reason == "No payee for Close user k.ito@acme.example."
    refused.refresh_from_db()
    assert refused.state == RefusedRecord.State.RESOLVED
    assert Entry.objects.get().owner == kenji


def test_a_deal_without_a_product_passes_when_close_has_one(scene: Scene) -> None:
    deal = scene.deal(custom={scene.product: None})
    scene.sync()
    refused = RefusedRecord.objects.get()

    with later(10):
        scene.account.edit(deal, {f"custom.{scene.product}": "Air quality"})
        scene.sync()

    assert refused.reason == "Product is blank."
    refused.refresh_from_db()
    assert refused.state == RefusedRecord.State.RESOLVED
    assert Entry.objects.get().product == "Air quality"


def test_a_refused_key_is_said_and_the_past_stays(scene: Scene) -> None:
    scene.deal()
    scene.sync()
    scene.account.revoke_key(scene.source.key)

    job = scene.sync()

    assert job.state == Job.State.FAILED
    assert scene.connection.state == Connection.State.REFUSED
    assert scene.connection.problem == "Close refused the key (401)."
    assert Entry.objects.count() == 1
    assert scene.connection.last_success_at == START


def test_the_key_is_sealed_and_of_no_use_in_another_group(scene: Scene) -> None:
    sealed = bytes(scene.connection.secret)
    group = scene.connection.group_id

    assert scene.source.key.encode() not in sealed
    assert open_sealed(sealed, group_id=group) == scene.source.key
    with pytest.raises(CannotOpenSecret):
        open_sealed(sealed, group_id=group + 1)


def test_a_wrong_key_is_told_on_the_first_look(scene: Scene) -> None:
    services.replace_key(connection=scene.connection, secret="api_wrong", by=None)

    with pytest.raises(ConfigurationProblem, match="refused the key"):
        services.test_connection(connection=scene.connection)


def test_a_new_mapping_is_applied_without_asking_the_source_again(
    scene: Scene,
) -> None:
    fee = scene.account.add_custom_field("Dealer fee", "number")
    scene.deal(custom={fee: 1380})
    scene.sync()
    mapping = reader_of(scene.connection).mapping(scene.business.pk, "deal")
    assert mapping is not None
    requests = len(scene.source.server.requests)

    document = mapping.document | {
        "fee": {"source": f"custom.{fee}", "type": "money", "label": "Dealer fee"}
    }
    _, job = services.save_mapping(
        connection=scene.connection,
        object_="deal",
        document=document,
        business=scene.business,
    )
    assert job is not None
    run_now(job)

    assert Revision.objects.get(closed=None).values["fee"] == "1380"
    assert len(scene.source.server.requests) == requests
    change = Change.objects.order_by("-number").first()
    assert change is not None
    assert change.source == "mapping of Close saved"
    assert "dealer fee empty → 1,380.00" in change.words


def test_a_deal_that_is_deleted_while_it_is_refused_holds_nothing_up(
    scene: Scene,
) -> None:
    deal = scene.deal(custom={scene.product: None})
    scene.sync()

    with later(10):
        scene.account.delete(deal)
        scene.sync()

    assert RefusedRecord.objects.get().state == RefusedRecord.State.RESOLVED
    assert not Entry.objects.filter(deleted=False).exists()


def test_a_delete_that_was_missed_is_found_by_comparing_ids(scene: Scene) -> None:
    deal = scene.deal()
    scene.deal("Stays")
    scene.sync()
    # As after more than thirty days: the event log does not know it any more.
    scene.source.server.store.delete(deal)

    with later(24 * 60 + 1):
        scene.sync()

    assert not Entry.objects.get(external_id=deal).counts
    assert Entry.objects.filter(counts=True).count() == 1


def test_a_meeting_counts_on_the_day_it_was_held_in_the_businesss_zone(
    scene: Scene,
) -> None:
    Business.objects.filter(pk=scene.business.pk).update(time_zone="America/Chicago")
    Connection.objects.filter(pk=scene.connection.pk).update(
        options={**scene.connection.options, "objects": ["meeting"]}
    )
    scene.connection.refresh_from_db()
    lead = scene.account.add_lead("Delgado residence")
    # Three in the morning in London is the evening before in Austin.
    starts_at = datetime(2026, 11, 5, 3, 0, tzinfo=UTC)
    for title, status in (("Demo", "completed"), ("Called off", "canceled")):
        scene.account.add_meeting(
            lead=lead, user=scene.maya, title=title, starts_at=starts_at, status=status
        )

    scene.sync()

    rows = Entry.objects.order_by("name").values_list("name", "counts", "occurred_on")
    assert list(rows) == [
        ("Called off", False, date(2026, 11, 4)),
        ("Demo", True, date(2026, 11, 4)),
    ]


def test_sources_are_asked_when_their_time_has_come_and_not_before(
    scene: Scene,
) -> None:
    scene.sync()

    with later(14):
        early = services.sync_what_is_due()
    with later(16):
        due = services.sync_what_is_due()
        services.sync_what_is_due()

    assert (early, due) == (0, 1)
    assert Job.objects.filter(kind="sync", state=Job.State.QUEUED).count() == 1


def test_a_source_of_each_minute_does_not_miss_every_other_turn(scene: Scene) -> None:
    """The run began seconds after beat had asked for it."""
    Connection.objects.update(expected_every=60)
    with later(10), clock.at(clock.now() + timedelta(seconds=4)):
        scene.sync()

    with later(11):
        assert services.sync_what_is_due() == 1
