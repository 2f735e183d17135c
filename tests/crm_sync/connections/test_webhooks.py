"""Close sends its events: believed only with its signature, and each has one effect."""

import hashlib
import hmac
import json
import random
import time
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from crm_sync.connections import endpoints
from crm_sync.connections.errors import CannotReplay
from crm_sync.connections.models import Delivery, Endpoint, SyncRun
from crm_sync.connections.receiving import WINDOW, replay
from crm_sync.connections.tasks import poll
from crm_sync.ledger.models import Change, Entry
from tenants.accounts.models import Business, Role
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
from tests.crm_sync.providers.close_source import close_source
from tests.people import a_member

pytestmark = pytest.mark.usefixtures("at_start")


@pytest.fixture
def box(settings: Any) -> Iterator[Postbox]:
    with postbox() as made:
        settings.SITE_URL = made.url
        yield made


@pytest.fixture
def live(acme: Business, tmp_path: Path, box: Postbox) -> Iterator[Scene]:
    """A Close that sends its events to the postbox, and one deal of it here."""
    with close_source(tmp_path / "close.db") as source, without_sending():
        made = Scene(source, acme, shared=False)
        made.payees()
        made.whitcomb = made.deal()  # type: ignore[attr-defined]
        made.sync()
        assert Endpoint.objects.get().state == "active"
        yield made


def hand_in(letter: Letter, **headers: str) -> int:
    """Post a letter to the product as it came."""
    given = {
        name: value
        for name, value in {**letter.headers, **headers}.items()
        if name.lower() not in ("content-length", "content-type", "host")
    }
    answer = Client().post(
        letter.path, letter.body, content_type="application/json", headers=given
    )
    return answer.status_code


def signed(endpoint: Endpoint, body: bytes, *, age: int = 0) -> Letter:
    """Sign a body as Close does: hex HMAC over timestamp and raw body."""
    [secret] = endpoints.secrets_of(endpoint)
    stamp = str(int(time.time()) - age)
    mac = hmac.new(bytes.fromhex(secret), stamp.encode() + body, hashlib.sha256)
    headers = {"close-sig-hash": mac.hexdigest(), "close-sig-timestamp": stamp}
    return Letter(f"/hooks/{endpoint.code}/", headers, body)


def test_an_edit_at_close_is_in_the_ledger_without_a_sync(
    live: Scene, box: Postbox
) -> None:
    priya = live.account.add_user(name="Priya Nair", email="priya@acme.example")
    live.sync()
    with later(3):
        live.account.edit(live.whitcomb, {"value": 4_125_000}, by=priya)  # type: ignore[attr-defined]
        [letter] = box.wait_for(1)
        assert hand_in(letter) == 202
        run_all_jobs()

    assert ledger_of(live) == source_of(live)
    assert Entry.objects.get().amount == Decimal("41250")
    change = Change.objects.order_by("-number").first()
    assert change is not None
    assert change.words == "Whitcomb Dental: amount 43,750.00 → 41,250.00"
    assert change.source == "edited in Close by Priya Nair"
    delivery = Delivery.objects.get()
    assert (delivery.state, delivery.result) == ("done", "1 changed")


def test_an_event_counts_once_however_often_it_is_sent(
    live: Scene, box: Postbox
) -> None:
    live.server = live.source.server  # type: ignore[attr-defined]
    live.source.server.faults.change({"webhook_repeat": 100})
    live.account.edit(live.whitcomb, {"value": 4_125_000})  # type: ignore[attr-defined]
    letters = box.wait_for(2)

    assert [hand_in(letter) for letter in letters * 3] == [202, 200, 200, 200, 200, 200]
    changes = Change.objects.count()
    run_all_jobs()

    assert Change.objects.count() == changes + 1
    assert Delivery.objects.get().repeats == 5


def test_a_record_that_many_events_name_is_asked_for_once(live: Scene) -> None:
    deal: str = live.whitcomb  # type: ignore[attr-defined]
    for number in range(5):
        event = {
            "id": f"ev_{number}",
            "object_type": "opportunity",
            "action": "updated",
            "object_id": deal,
            "date_updated": f"2026-11-24T15:00:0{number}",
        }
        letter = signed(Endpoint.objects.get(), json.dumps({"event": event}).encode())
        assert hand_in(letter) == 202
    live.source.server.requests.clear()

    run_all_jobs()

    assert sum(deal in asked for asked in live.source.server.requests) == 1
    assert set(Delivery.objects.values_list("state", flat=True)) == {"done"}


def test_deliveries_in_any_order_end_as_the_source(live: Scene, box: Postbox) -> None:
    deals = [live.deal(f"Lead {n}", value=100 * n + 1) for n in range(6)]
    box.wait_for(12)  # a lead and a deal each
    with later(20):
        live.sync()
        for n, deal in enumerate(deals):
            live.account.edit(deal, {"value": 5000 + n}, by=live.theo)
        live.account.delete(deals[0])
        live.account.edit(deals[1], {"status_id": live.lost})
        live.account.edit(deals[1], {"status_id": live.won})
        letters = box.wait_for(8)
        random.Random(7).shuffle(letters)
        for letter in [*letters, *letters[:4]]:
            hand_in(letter)
            if letter is letters[3]:
                run_all_jobs()
        run_all_jobs()

    assert ledger_of(live) == source_of(live)


def test_a_forged_delivery_is_refused_and_changes_nothing(
    live: Scene, box: Postbox
) -> None:
    live.source.server.faults.change({"webhook_forge": 100})
    live.account.edit(live.whitcomb, {"value": 1})  # type: ignore[attr-defined]
    forged, real = box.wait_for(2)
    jobs = Job.objects.count()

    assert hand_in(forged) == 401
    assert Job.objects.count() == jobs
    assert hand_in(real, **{"close-sig-hash": "00" * 32}) == 401
    bent = Letter(real.path, real.headers, real.body.replace(b"updated", b"deleted"))
    assert hand_in(bent) == 401
    kept = Delivery.objects.filter(state="refused")
    assert kept.count() == 3
    assert not kept.exclude(body="").exists()
    assert "signature" in kept[0].result


def test_a_delivery_is_taken_for_five_minutes_after_it_was_signed(live: Scene) -> None:
    endpoint = Endpoint.objects.get()
    body = _event("ev_1", "oppo_x")

    assert hand_in(signed(endpoint, body, age=WINDOW - 5)) == 202
    assert hand_in(signed(endpoint, body, age=WINDOW + 5)) == 401
    assert hand_in(signed(endpoint, body, age=-WINDOW - 5)) == 401


def test_a_delivery_that_is_too_large_or_too_deep_is_refused(live: Scene) -> None:
    endpoint = Endpoint.objects.get()
    filled = _event("ev_1", "oppo_x", note="x" * 499_800)
    deep = _event("ev_2", "oppo_x", note=json.loads("[" * 40 + "]" * 40))

    assert hand_in(signed(endpoint, filled.ljust(1_000_000))) == 202
    assert hand_in(signed(endpoint, filled.ljust(1_000_001))) == 413
    assert hand_in(signed(endpoint, deep)) == 400
    assert hand_in(signed(endpoint, b"[]")) == 400
    assert hand_in(signed(endpoint, b"{}")) == 400
    assert hand_in(Letter("/hooks/nobody/", {}, b"{}")) == 404
    assert Client().get(f"/hooks/{endpoint.code}/").status_code == 405


def test_a_deal_deleted_at_close_ends_here_by_its_event(
    live: Scene, box: Postbox
) -> None:
    live.account.delete(live.whitcomb, by=live.theo)  # type: ignore[attr-defined]
    [letter] = box.wait_for(1)
    hand_in(letter)
    run_all_jobs()

    entry = Entry.objects.get()
    assert entry.deleted and not entry.counts
    change = Change.objects.order_by("-number").first()
    assert change is not None
    assert change.source == "deleted in Close by Theo Brandt"


def test_a_delete_that_is_only_claimed_is_not_believed(live: Scene) -> None:
    endpoint = Endpoint.objects.get()
    body = _event("ev_1", live.whitcomb, action="deleted")  # type: ignore[attr-defined]

    hand_in(signed(endpoint, body))
    run_all_jobs()

    assert Entry.objects.get().counts


def test_a_paused_subscription_is_made_anew_and_nothing_is_lost(
    live: Scene, box: Postbox
) -> None:
    before = Endpoint.objects.get()
    live.account.pause_webhooks()
    with later(16):
        live.account.edit(live.whitcomb, {"value": 4_125_000})  # type: ignore[attr-defined]
        live.sync()
        after = Endpoint.objects.get()

        assert after.external_id != before.external_id
        assert ledger_of(live) == source_of(live)
        log = SyncRun.objects.order_by("-id")[0].log
        assert any("paused the webhook" in line["words"] for line in log)
        live.account.edit(live.whitcomb, {"value": 4_000_000})  # type: ignore[attr-defined]
        [letter] = box.wait_for(1)
        assert hand_in(letter) == 202
        run_all_jobs()

    assert ledger_of(live) == source_of(live)


def test_a_subscription_that_close_lost_is_made_anew(live: Scene, box: Postbox) -> None:
    store = live.source.server.store
    store.run("DELETE FROM object WHERE kind = 'webhook'")
    with later(16):
        live.sync()

    assert Endpoint.objects.get().state == "active"
    assert len(store.docs("webhook", live.account.id)) == 1


def test_the_old_signature_counts_for_a_day_after_a_new_one_was_made(
    live: Scene,
) -> None:
    endpoint = Endpoint.objects.get()
    old = signed(endpoint, _event("ev_1", "oppo_x"))
    endpoints.put_secret(endpoint, "ab" * 32)

    assert hand_in(old) == 202
    with later(24 * 60 + 1):
        again = Letter(old.path, old.headers, old.body)
        assert hand_in(again) == 401


def test_a_delivery_can_be_replayed_and_changes_nothing_more(
    live: Scene, box: Postbox
) -> None:
    live.account.edit(live.whitcomb, {"value": 4_125_000})  # type: ignore[attr-defined]
    [letter] = box.wait_for(1)
    hand_in(letter)
    run_all_jobs()
    changes = Change.objects.count()
    alice = a_member(live.business, "Alice Admin", Role.ADMIN)

    replay(delivery=Delivery.objects.get(), by=alice)
    run_all_jobs()

    assert Change.objects.count() == changes
    assert Delivery.objects.get().state == "done"


def test_what_was_forged_cannot_be_replayed(live: Scene) -> None:
    endpoint = Endpoint.objects.get()
    hand_in(Letter(f"/hooks/{endpoint.code}/", {}, b"{}"))
    alice = a_member(live.business, "Alice Admin", Role.ADMIN)

    with pytest.raises(CannotReplay):
        replay(delivery=Delivery.objects.get(), by=alice)


def test_after_31_days_of_silence_the_whole_list_is_compared(
    live: Scene, box: Postbox
) -> None:
    deals = [live.deal(f"Lead {n}") for n in range(3)]
    with later(1):
        live.sync()
    at["now"] = START + timedelta(minutes=2)
    live.account.delete(deals[0])
    live.account.edit(deals[1], {"value": 777})
    with later(31 * 24 * 60 + 60):
        live.sync()

    assert ledger_of(live) == source_of(live)


def test_a_body_is_kept_without_what_looks_like_a_secret(live: Scene) -> None:
    endpoint = Endpoint.objects.get()
    body = _event("ev_1", "oppo_x", api_key="canary-4711", note="plain")

    hand_in(signed(endpoint, body))

    row = Delivery.objects.get()
    assert "canary-4711" not in row.body + json.dumps(row.data)
    assert "plain" in row.body
    assert "close-sig-hash" not in row.headers


def test_a_delivery_waits_while_close_does_not_answer(live: Scene) -> None:
    endpoint = Endpoint.objects.get()
    live.source.server.faults.change({"error": 100})
    hand_in(signed(endpoint, _event("ev_1", live.whitcomb)))  # type: ignore[attr-defined]
    job = Job.objects.get(kind="deliveries")
    run_now(job)

    assert Delivery.objects.get().state == "waiting"
    live.source.server.faults.change({"error": 0})
    run_now(Job.objects.get(kind="deliveries", state="queued"))
    assert Delivery.objects.get().state == "done"


def _event(
    id: str, object_id: str, *, action: str = "updated", **data: object
) -> bytes:
    event = {
        "id": id,
        "date_created": "2026-11-24T15:59:00",
        "date_updated": "2026-11-24T15:59:30",
        "object_type": "opportunity",
        "object_id": object_id,
        "action": action,
        "data": data,
        "previous_data": data,
    }
    return json.dumps({"event": event, "subscription_id": "whsub_1"}).encode()


def test_a_source_that_was_never_asked_for_its_events_is_asked_soon(
    live: Scene,
) -> None:
    Endpoint.objects.all().delete()
    poll()

    run_now(Job.objects.get(kind="sync", state="queued"))
    assert Endpoint.objects.get().state == "active"
    poll()
    assert not Job.objects.filter(kind="sync", state="queued").exists()


@pytest.mark.parametrize("given", ["é", "ÿ" * 64, "0" * 64])
def test_a_signature_of_other_letters_is_refused(live: Scene, given: str) -> None:
    letter = signed(Endpoint.objects.get(), b"{}")

    assert hand_in(letter, **{"close-sig-hash": given}) == 401


def test_the_name_of_who_changed_it_is_cut_to_what_is_kept(live: Scene) -> None:
    deal = live.whitcomb  # type: ignore[attr-defined]
    event = {
        "id": "ev_1",
        "object_type": "opportunity",
        "object_id": deal,
        "action": "updated",
        "date_updated": "2026-11-24T10:00:00.000000",
        "user_id": "u" * 5_000,
    }
    body = json.dumps({"event": event}).encode()

    assert hand_in(signed(Endpoint.objects.get(), body)) == 202
    assert Delivery.objects.get(event_id="ev_1").by == "u" * 100


def test_an_event_at_the_end_of_time_is_refused(live: Scene) -> None:
    event = {
        "id": "ev_1",
        "object_type": "opportunity",
        "object_id": "o",
        "action": "updated",
        "date_updated": "9999-12-31T23:59:59-12:00",
    }
    body = json.dumps({"event": event}).encode()

    assert hand_in(signed(Endpoint.objects.get(), body)) == 400
