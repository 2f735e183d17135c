"""More deals of one moment than Close lets be skipped are read by when they were made."""

from datetime import timedelta

import pytest

from commissions_saas.demo.close_server import listing
from crm_sync.contract import ConfigurationProblem
from tests.crm_sync.providers.close_source import MONDAY, Ledger, Source

EDITED = MONDAY + timedelta(days=2)


def edited_at_once(close: Source, count: int, *, every: timedelta) -> None:
    with close.account.store.transaction():
        for number in range(count):
            made = MONDAY + number * every
            close.deal(value=number, created_at=made, updated_at=EDITED)
        close.deal(updated_at=EDITED + timedelta(hours=1))


def test_deals_that_were_changed_at_once_are_all_read(
    close: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listing, "MAX_SKIP", 30)
    edited_at_once(close, 90, every=timedelta(minutes=1))
    ledger = Ledger()

    ledger.sync(close.provider())
    listed = close.provider().listed_ids("deal")

    assert ledger.versions() == close.truth()
    assert listed.complete and dict(listed.versions) == close.truth()


def test_deals_that_were_made_at_once_as_well_are_said_to_be_too_many(
    close: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listing, "MAX_SKIP", 30)
    edited_at_once(close, 90, every=timedelta(0))

    with pytest.raises(ConfigurationProblem, match="made in one second") as told:
        Ledger().sync(close.provider())

    assert "bulk edit" in told.value.hint
