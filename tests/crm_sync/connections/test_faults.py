"""Whatever goes wrong on the way, the ledger ends as the source, field by field."""

import random
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.cache import cache

from crm_sync.connections.models import Delivery, Endpoint
from crm_sync.ledger.models import Change, Revision
from tenants.accounts.models import Business
from tenants.jobs.models import Job
from tenants.jobs.services import run_all_jobs, run_now, without_sending
from tests.crm_sync.connections.postbox import Letter, Postbox, postbox
from tests.crm_sync.connections.scene import (
    START,
    Scene,
    at,
    later,
    ledger_of,
    source_of,
)
from tests.crm_sync.connections.test_webhooks import hand_in
from tests.crm_sync.providers.close_source import close_source

pytestmark = pytest.mark.usefixtures("at_start")

SEEDS = range(4)
ALL_FAULTS = {
    "error": 6,
    "limit": 6,
    "cut": 6,
    "repeat": 6,
    "short": 3,
    "edits": 4,
    "ties": 2,
    "deletes": 2,
    "webhook_repeat": 20,
    "webhook_reorder": 50,
    "webhook_forge": 20,
    "webhook_lose": 20,
}
NO_FAULTS = dict.fromkeys(ALL_FAULTS, 0)


@pytest.fixture
def box(settings: Any) -> Iterator[Postbox]:
    with postbox() as made:
        settings.SITE_URL = made.url
        yield made


@pytest.fixture
def live(acme: Business, tmp_path: Path, box: Postbox) -> Iterator[Scene]:
    with close_source(tmp_path / "close.db") as source, without_sending():
        made = Scene(source, acme, shared=False)
        made.payees()
        yield made


def payloads() -> dict[str, dict[str, Any]]:
    """What is stored of each deal that is not deleted, as the source gave it."""
    rows = Revision.objects.filter(closed=None, deleted=False).select_related("entry")
    return {row.entry.external_id: row.payload for row in rows}


def is_as_the_source(live: Scene) -> None:
    """Compare entries with the stand-in's own store, and payloads field by field."""
    # What was won once keeps its day, and does not count.
    here = {
        id: row if row[4] else (*row[:3], None, False)
        for id, row in ledger_of(live).items()
    }
    assert here == source_of(live)
    store = live.source.server.store
    for id, payload in payloads().items():
        doc = store.doc(id, "opportunity")
        for field in ("value", "user_id", "status_id", "date_won", "note", "lead_id"):
            said = None if doc[field] is None else str(doc[field])
            assert payload[field] == said, (id, field)


def live_docs(live: Scene) -> tuple[str, str]:
    return "opportunity", live.account.id


def edit_something(live: Scene, chance: random.Random, deals: list[str]) -> None:
    there = {doc["id"] for doc in live.source.server.store.docs(*live_docs(live))}
    deals[:] = [deal for deal in deals if deal in there]
    deal = chance.choice(deals)
    what = chance.randrange(6)
    if what == 0 and len(deals) > 3:
        live.account.delete(deal, by=live.theo)
        deals.remove(deal)
    elif what == 1:
        live.account.edit(deal, {"status_id": live.lost}, by=live.maya)
    elif what == 2:
        live.account.edit(deal, {"status_id": live.won}, by=live.maya)
    elif what == 3:
        deals.append(live.deal(f"Lead {chance.random()}", value=chance.randrange(9999)))
    elif what == 4:
        live.account.edit(deal, {"user_id": live.theo})
    else:
        live.account.edit(deal, {"value": chance.randrange(10_000_000)})


@pytest.mark.parametrize("seed", SEEDS)
def test_with_every_fault_on_syncs_and_webhooks_end_as_the_source(
    live: Scene, box: Postbox, seed: int
) -> None:
    chance = random.Random(seed)
    deals = [live.deal(f"Lead {n}", value=100 * n + 1) for n in range(25)]
    live.connection.options = {**live.connection.options, "tries": 9}
    live.connection.save(update_fields=["options"])
    late: list[Letter] = []
    live.source.server.faults.change(ALL_FAULTS | {"seed": seed})
    for round in range(4):
        with later(16 * (round + 1)):
            for _ in range(8):
                edit_something(live, chance, deals)
            letters, box.letters[:] = late + box.letters, []
            chance.shuffle(letters)
            late = letters[: len(letters) // 4]
            for letter in letters[len(letters) // 4 :]:
                hand_in(letter)
            live.sync()
            for job in Job.objects.filter(kind="deliveries", state="queued"):
                run_now(job)
    live.source.server.faults.change(NO_FAULTS)
    with later(24 * 60 + 90):
        for letter in late:
            hand_in(letter)
        run_all_jobs()
        live.sync()

    is_as_the_source(live)
    assert not Delivery.objects.filter(state="waiting").exists()


def test_a_deal_that_is_reopened_and_won_again_counts_once(
    live: Scene, box: Postbox
) -> None:
    deal = live.deal("Whitcomb Dental")
    live.sync()
    box.letters.clear()
    for minute, status in ((1, live.open), (2, live.lost), (3, live.won)):
        with later(minute):
            live.account.edit(deal, {"status_id": status}, by=live.maya)
            [letter] = box.wait_for(1)
            hand_in(letter)
            run_all_jobs()

    is_as_the_source(live)
    assert ledger_of(live)[deal][3:] == (date(2026, 11, 9), True)


def test_a_source_whose_clock_is_wrong_loses_nothing(live: Scene) -> None:
    for skew in (timedelta(minutes=-20), timedelta(minutes=25), timedelta(0)):
        live.source.server.store.skew = skew
        live.deal(f"Skewed by {skew}")
        with later(16):
            live.sync()

    with later(24 * 60 + 60):
        live.sync()
    is_as_the_source(live)


def test_many_deals_of_one_moment_are_all_read(live: Scene) -> None:
    moment = at["now"]
    deals = [
        live.deal(f"Tie {n}", updated_at=moment, created_at=moment) for n in range(37)
    ]
    live.sync()

    assert set(ledger_of(live)) == set(deals)
    is_as_the_source(live)


def test_what_a_restricted_key_no_longer_sees_stays(live: Scene) -> None:
    mine = live.deal("Mine", user=live.theo)
    live.deal("Maya's")
    live.sync()
    before = ledger_of(live)
    store = live.source.server.store
    weak = store.doc(live.theo) | {"role_id": "restricteduser", "permissions": []}
    store.replace(weak, updated="2026-11-24T15:59:59.000000")
    live.source.key = live.account.add_key(live.theo)
    from crm_sync.connections import services

    services.replace_key(connection=live.connection, secret=live.source.key, by=None)
    with later(24 * 60 + 60):
        live.sync()

    assert ledger_of(live) == before
    assert mine in before


def test_an_emptied_redis_loses_no_delivery(live: Scene, box: Postbox) -> None:
    deal = live.deal()
    live.sync()
    box.letters.clear()
    live.account.edit(deal, {"value": 5})
    [letter] = box.wait_for(1)
    assert hand_in(letter) == 202
    cache.clear()
    from tenants.jobs.services import due_fairly

    assert Job.objects.get(kind="deliveries", state="queued").pk in due_fairly()
    run_all_jobs()

    is_as_the_source(live)


def test_a_worker_that_dies_between_steps_leaves_the_rest_to_the_next(
    live: Scene, box: Postbox
) -> None:
    """The job is claimed and never ends, as after kill -9; beat takes it back."""
    from tenants.jobs import ending
    from tenants.jobs.services import claim

    deal = live.deal()
    live.sync()
    box.letters.clear()
    live.account.edit(deal, {"value": 5})
    hand_in(box.wait_for(1)[0])
    job = Job.objects.get(kind="deliveries", state="queued")
    assert claim(job.pk) is not None
    Job.objects.filter(pk=job.pk).update(lease_until=START - timedelta(days=9))
    ending.bury_expired(job.pk)
    changes = Change.objects.count()

    run_all_jobs()

    is_as_the_source(live)
    assert Change.objects.count() == changes + 1


def test_an_endpoint_that_was_down_gets_what_close_sends_again(
    live: Scene, box: Postbox
) -> None:
    deal = live.deal()
    live.sync()
    box.letters.clear()
    box.status = 500
    live.account.edit(deal, {"value": 5})
    box.wait_for(1)
    box.status = 200
    [again] = box.wait_for(1)

    assert hand_in(again) == 202
    run_all_jobs()
    is_as_the_source(live)
    assert Endpoint.objects.get().state == "active"
