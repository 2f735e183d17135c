"""Whatever Close does, what is here in the end is what is there."""

import time
from datetime import timedelta
from decimal import Decimal

import pytest

from crm_sync.contract import (
    ConfigurationProblem,
    ConnectionSettings,
    TryAgainLater,
)
from crm_sync.providers import open_provider
from tests.crm_sync.providers.close_source import Ledger, Source


@pytest.mark.parametrize("seed", range(12))
def test_with_all_faults_on_the_ledger_ends_as_the_source(
    close: Source, seed: int
) -> None:
    close.deals(220)
    close.server.faults.change(
        {
            "seed": seed,
            "error": 8,
            "limit": 8,
            "cut": 8,
            "repeat": 8,
            "short": 4,
            "edits": 6,
            "inserts": 4,
            "ties": 3,
            "deletes": 4,
            "header": ["comma", "semicolon", "none"][seed % 3],
        }
    )
    ledger = Ledger()
    for _ in range(3):
        try:
            ledger.sync(close.provider(tries=6), stop_after=seed % 4)
        except TryAgainLater:
            continue
    ledger.sync(close.provider(tries=9))
    ledger.reconcile(close.provider(tries=9))

    assert ledger.versions() == close.truth()


@pytest.mark.parametrize("fault", ["error", "cut", "limit"])
def test_a_failed_read_is_tried_again(close: Source, fault: str) -> None:
    close.deals(3)
    close.server.faults.change({"script": [fault] * 3})
    ledger = Ledger()

    ledger.sync(close.provider())

    assert ledger.versions() == close.truth()
    # The pipelines, which were failed three times, the statuses, the last event, and
    # then the list.
    assert ledger.pages[0].requests == 7
    assert ledger.pages[0].waited > 0


def test_a_read_without_an_answer_is_tried_again(close: Source) -> None:
    close.deals(3)
    close.server.faults.change({"script": ["stall"], "stall_milliseconds": 30_000})
    ledger = Ledger()

    ledger.sync(close.provider(timeout=2, tries=9))

    assert ledger.versions() == close.truth()
    assert ledger.pages[0].requests >= 4  # others may be late on a busy machine
    assert ledger.pages[0].waited > 0


def test_a_source_that_keeps_failing_is_tried_again_later(close: Source) -> None:
    close.server.faults.change({"error": 100})

    with pytest.raises(TryAgainLater) as problem:
        close.provider().probe()

    assert "Close cannot be read now: it failed (500)" in str(problem.value)
    assert problem.value.after >= 60
    assert len(close.server.requests) == 5


def test_the_rate_limit_is_kept_by_waiting_before_it_is_broken(close: Source) -> None:
    close.deals(60)
    close.server.faults.change({"allowed_per_second": 3})
    settings = ConnectionSettings(
        close.server.url, close.key, {"allow_loopback": True, "page_size": 10}
    )
    ledger = Ledger()
    started = time.monotonic()

    ledger.sync(open_provider("close", settings))

    assert ledger.versions() == close.truth()
    assert len(close.server.requests) == sum(page.requests for page in ledger.pages)
    assert close.server.refusals == 0
    assert sum((page.waited for page in ledger.pages), Decimal(0)) > 1
    assert time.monotonic() - started > 1


@pytest.mark.parametrize("header", ["comma", "semicolon", "none"])
def test_being_asked_to_wait_is_obeyed_in_every_spelling(
    close: Source, header: str
) -> None:
    close.deals(3)
    close.server.faults.change({"script": ["limit"], "header": header})
    waits: list[Decimal] = []
    settings = ConnectionSettings(
        close.server.url, close.key, {"allow_loopback": True}, wait=waits.append
    )

    assert open_provider("close", settings).probe().deals == 3

    least = Decimal(1) if header == "none" else Decimal("0.05")
    assert least <= waits[0] <= least * 3


def test_a_revoked_key_is_a_problem_for_a_person(close: Source) -> None:
    close.account.revoke_key(close.key)

    with pytest.raises(ConfigurationProblem) as problem:
        close.provider().probe()

    assert problem.value.status == 401
    assert problem.value.message == "Close refused the key (401)."
    assert "API Keys" in problem.value.hint
    assert len(close.server.requests) == 1


def test_a_connection_without_a_key_asks_nothing(close: Source) -> None:
    settings = ConnectionSettings(close.server.url, "", {"allow_loopback": True})

    with pytest.raises(ConfigurationProblem, match="no key"):
        open_provider("close", settings)


def test_a_key_is_never_shown_with_the_settings() -> None:
    settings = ConnectionSettings("https://api.close.com/api/v1/", "api_secret")

    assert "api_secret" not in repr(settings)


def test_a_source_whose_clock_is_decades_behind_is_read(close: Source) -> None:
    made = [
        close.account.add_record("call", lead=close.lead, duration=60, note=str(n))
        for n in range(45)
    ]
    close.account.store.run("DELETE FROM event")  # all are long forgotten
    close.account.store.skew = timedelta(days=-30 * 365)
    ledger = Ledger()

    ledger.sync(close.provider(), "call")

    assert sorted(ledger.records) == sorted(made)
