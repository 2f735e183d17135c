"""The stand-in behaves as Close does, where a sync could be led astray."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import requests

from commissions_saas.demo.close_server.account import Account
from commissions_saas.demo.close_server.store import Store
from tests.crm_sync.providers.close_source import MONDAY, Source


def ask(close: Source, path: str, method: str = "GET", **more: Any) -> Any:
    """Ask the stand-in as Close's own clients do."""
    return requests.request(
        method, close.server.url + path, auth=(close.key, ""), timeout=60, **more
    )


def test_a_parameter_that_is_not_known_is_ignored_without_a_word(
    close: Source,
) -> None:
    close.deals(3)

    found = ask(close, "opportunity/?date_update__gte=2030-01-01").json()

    assert found["total_results"] == 3


def test_a_deal_is_patched_deleted_and_then_not_found(close: Source) -> None:
    id = close.deal()
    path = f"opportunity/{id}/"

    changed = ask(close, path, "PUT", json={"value": 4_125_000}).json()
    gone = ask(close, path, "DELETE")
    after = ask(close, path)

    assert (changed["value"], changed["date_won"]) == (4_125_000, "2026-11-04")
    assert changed["value_formatted"] == "$41,250"
    assert (gone.status_code, gone.json()) == (200, {})
    assert after.status_code == 404


def test_a_deal_that_becomes_won_is_dated_unless_it_was_already(close: Source) -> None:
    fresh = close.deal(status=close.active, won_on=None)
    dated = close.deal(status=close.active)

    for id in (fresh, dated):
        close.account.edit(id, {"status_id": close.won}, at=MONDAY)

    assert ask(close, f"opportunity/{fresh}/").json()["date_won"] == "2026-11-02"
    assert ask(close, f"opportunity/{dated}/").json()["date_won"] == "2026-11-04"


def test_updates_that_follow_closely_are_one_event_with_the_first_old_value(
    close: Source,
) -> None:
    now = datetime.now(UTC)
    id = close.deal(value=100, updated_at=now - timedelta(hours=1))
    for seconds, value in ((0, 200), (20, 300), (300, 400)):
        at = now - timedelta(minutes=30) + timedelta(seconds=seconds)
        close.account.edit(id, {"value": value}, by=close.admin, at=at)

    events = ask(close, f"event/?object_id={id}&action=updated").json()["data"]

    assert [e["previous_data"]["value"] for e in events] == [300, 100]
    assert [e["data"]["value"] for e in events] == [400, 300]
    assert events[1]["date_updated"] > events[1]["date_created"]


def test_events_come_newest_first_by_cursor_for_thirty_days(close: Source) -> None:
    now = datetime.now(UTC)
    for day in range(60):
        close.deal(updated_at=now - timedelta(days=day, minutes=1))

    query = "event/?object_type=opportunity&action=created&_limit=20"
    first = ask(close, query).json()
    second = ask(close, f"{query}&_cursor={first['cursor_next']}").json()

    updated = [e["date_updated"] for e in first["data"] + second["data"]]
    assert len(updated) == 30
    assert updated == sorted(updated, reverse=True)
    assert second["cursor_next"] is None


def test_the_type_alone_is_no_filter_of_events(close: Source) -> None:
    answer = ask(close, "event/?object_type=opportunity")

    assert answer.status_code == 400


def test_one_organisation_sees_nothing_of_another(close: Source) -> None:
    mine = close.deal()
    other = Account.create(close.account.store, name="Cobalt Desk")
    charlie = other.add_user(name="Charlie Stone", email="c@cobalt.example")
    other.add_status("Open", "active")
    key = other.add_key(charlie)

    def as_charlie(path: str) -> requests.Response:
        return requests.get(close.server.url + path, auth=(key, ""), timeout=60)

    assert as_charlie(f"opportunity/{mine}/").status_code == 404
    assert as_charlie("opportunity/").json()["total_results"] == 0
    assert as_charlie("event/").json()["data"] == []
    assert as_charlie("me/").json()["organizations"][0]["name"] == "Cobalt Desk"


def test_too_many_requests_are_refused_with_the_time_to_wait(close: Source) -> None:
    close.server.faults.change({"allowed_per_second": 2})

    answers = [ask(close, "me/") for _ in range(3)]

    assert [one.status_code for one in answers] == [200, 200, 429]
    assert answers[0].headers["RateLimit"].startswith("limit=2, remaining=1, reset=")
    assert answers[2].headers["Retry-After"] == "1"


def test_faults_are_switched_only_by_who_holds_the_token(close: Source) -> None:
    address = close.server.url.removesuffix("api/v1/") + "control/faults/"
    body = {"script": ["error"]}

    refused = requests.post(address, json=body, timeout=60)
    taken = requests.post(
        address, json=body, headers={"X-Control-Token": "let me in"}, timeout=60
    )

    assert refused.status_code == 404
    assert taken.json()["script"] == ["error"]
    assert ask(close, "me/").status_code == 500
    assert ask(close, "me/").status_code == 200


def test_a_customer_has_a_page_on_which_nothing_is_script(close: Source) -> None:
    lead = close.account.add_lead("<script>alert(1)</script>")
    id = close.deal(lead=lead, note='"><img src=x onerror=alert(2)>')
    address = close.server.url.removesuffix("api/v1/") + f"lead/{lead}/"

    page = requests.get(address, timeout=60)

    assert page.status_code == 200
    assert id in page.text
    assert "<script" not in page.text
    assert "<img" not in page.text
    assert "$18,400" in page.text


def test_a_deal_is_edited_on_the_page_by_the_page_alone(close: Source) -> None:
    id = close.deal()
    origin = close.server.url.removesuffix("/api/v1/")
    address = f"{origin}/lead/{close.lead}/"
    form = {"deal": id, "value": "41,250.5", "status": close.lost}

    foreign = requests.post(address, form, timeout=60)
    own = requests.post(
        address, form, headers={"Origin": origin}, timeout=60, allow_redirects=False
    )

    assert (foreign.status_code, own.status_code) == (403, 303)
    deal = ask(close, f"opportunity/{id}/").json()
    assert (deal["value"], deal["status_type"]) == (4_125_050, "lost")


def test_ids_are_the_same_each_time_and_differ_between_kinds(tmp_path: Path) -> None:
    made = []
    for name in ("a.db", "b.db"):
        account = Account.create(Store(tmp_path / name), name="Hale")
        user = account.add_user(name="Maya", email="maya@hale.example")
        made.append((account.id, user, account.add_lead("Delgado")))

    assert made[0] == made[1]
    assert made[0][1].split("_")[1] != made[0][2].split("_")[1]


def test_it_runs_as_a_process_and_a_second_start_has_the_same_deals(
    tmp_path: Path,
) -> None:
    path = tmp_path / "close.db"
    store = Store(path)
    account = Account.create(store, name="Hale")
    user = account.add_user(name="Maya", email="maya@hale.example", role="admin")
    key = account.add_key(user)
    won = account.add_status("Won", "won")
    lead = account.add_lead("Delgado")
    id = account.add_opportunity(lead=lead, user=user, status=won, value=100)
    store.close()

    for value in (100, 200):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        # A test run in the background hands down that Ctrl-C is ignored.
        program = (
            "import signal;"
            "signal.signal(signal.SIGINT, signal.default_int_handler);"
            "from commissions_saas.demo.close_server.server import serve;"
            f"serve({str(path)!r}, '127.0.0.1', {port})"
        )
        process = subprocess.Popen([sys.executable, "-c", program], env=os.environ)
        try:
            address = f"http://127.0.0.1:{port}/api/v1/opportunity/{id}/"
            _until_answered(address)
            found = requests.get(address, auth=(key, ""), timeout=60).json()
            requests.put(address, json={"value": 200}, auth=(key, ""), timeout=60)
        finally:
            process.send_signal(signal.SIGINT)
            assert process.wait(60) == 0
        assert found["value"] == value


def _until_answered(address: str) -> None:
    ends = time.monotonic() + 120
    while time.monotonic() < ends:
        try:
            urllib.request.urlopen(address, timeout=60)
        except urllib.error.HTTPError:
            return
        except OSError:
            time.sleep(0.05)
    raise AssertionError("The server did not start.")


def test_answers_hold_exact_numbers(close: Source) -> None:
    fee = close.account.add_custom_field("Dealer fee", "number")
    id = close.deal(custom={fee: Decimal("1380.10")})

    body = ask(close, f"opportunity/{id}/").text

    assert f'"custom.{fee}": 1380.10' in body
    assert json.loads(body)["value"] == 1_840_000
