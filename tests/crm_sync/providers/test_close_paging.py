"""A list that moves while it is read loses nothing and doubles nothing."""

from datetime import UTC, datetime, timedelta

import pytest

from crm_sync.contract import TryAgainLater
from tests.crm_sync.providers.close_source import MONDAY, Ledger, Source


def test_a_first_sync_reads_every_deal_once_and_says_how_many_there_are(
    close: Source,
) -> None:
    close.deals(95)
    ledger = Ledger()

    ledger.sync(close.provider())

    assert ledger.versions() == close.truth()
    assert sum(len(page.records) for page in ledger.pages) == 95
    assert {page.total for page in ledger.pages} == {95}
    assert [page.more for page in ledger.pages] == [True] * 5 + [False]


def test_a_second_sync_asks_only_for_what_changed_lately(close: Source) -> None:
    close.deals(95)
    ledger = Ledger()
    ledger.sync(close.provider())
    close.server.requests.clear()
    edited = next(iter(close.truth()))
    close.account.edit(edited, {"value": 4_125_000})

    ledger.sync(close.provider())

    assert ledger.versions() == close.truth()
    assert ledger.records[edited].payload["value"] == "4125000"
    # Pipelines, statuses, the last event, deals; what was deleted or merged, and
    # names of customers and contacts.
    assert len(close.server.requests) == 8


def test_rows_edited_added_and_deleted_between_pages_are_all_met(
    close: Source,
) -> None:
    close.deals(200)
    ledger = Ledger()
    close.server.faults.change({"seed": 7, "edits": 8, "inserts": 8, "deletes": 8})

    ledger.sync(close.provider())
    assert close.server.faults.deletes == 0

    assert ledger.versions() == close.truth()


def test_a_hundred_rows_of_one_moment_at_a_page_border_are_all_read(
    close: Source,
) -> None:
    close.deals(15)
    with close.account.store.transaction():
        for number in range(100):
            close.deal(value=number, updated_at=MONDAY + timedelta(minutes=20))
    close.deals(15, every=timedelta(hours=1))
    ledger = Ledger()

    ledger.sync(close.provider())

    assert ledger.versions() == close.truth()


def test_rows_of_one_second_but_many_moments_are_all_read(close: Source) -> None:
    close.deals(100, every=timedelta(milliseconds=7))
    ledger = Ledger()

    ledger.sync(close.provider())

    assert ledger.versions() == close.truth()


def test_rows_written_later_with_the_moment_of_the_border_are_found_by_comparing_ids(
    close: Source,
) -> None:
    with close.account.store.transaction():
        for number in range(100):
            close.deal(value=number, updated_at=MONDAY)
    ledger = Ledger()
    ledger.sync(close.provider(), stop_after=3)
    with close.account.store.transaction():
        for number in range(20):
            close.deal(value=number, updated_at=MONDAY)
    close.deals(40, every=timedelta(hours=1))

    ledger.sync(close.provider())
    ledger.reconcile(close.provider())

    assert ledger.versions() == close.truth()


def test_a_group_of_one_moment_that_shrinks_while_it_is_read_is_read_again(
    close: Source,
) -> None:
    with close.account.store.transaction():
        for number in range(120):
            close.deal(value=number, updated_at=MONDAY)
    ledger = Ledger()
    pages = close.provider().pages("deal", {})
    for _ in range(2):
        for record in next(pages).records:
            ledger.take(record)
    # The rows read first leave the group, so all others move forward in it.
    for id in list(ledger.records)[:15]:
        close.account.edit(id, {"value": 1})

    for page in pages:
        for record in page.records:
            ledger.take(record)

    assert ledger.versions() == close.truth()


def test_a_sync_cut_off_after_any_page_goes_on_from_there(close: Source) -> None:
    close.deals(95)
    ledger = Ledger()

    for _ in range(5):
        ledger.sync(close.provider(), stop_after=1)
    assert len(ledger.records) > 40
    ledger.sync(close.provider())

    assert ledger.versions() == close.truth()


def test_a_record_from_the_future_does_not_hide_what_comes_after_it(
    close: Source,
) -> None:
    close.deals(5)
    close.deal(updated_at=datetime.now(UTC) + timedelta(days=3650))
    ledger = Ledger()
    ledger.sync(close.provider())
    close.deal(value=77)

    ledger.sync(close.provider())

    assert ledger.cursor["since"] < "2036"
    assert ledger.versions() == close.truth()


@pytest.mark.parametrize("hours", [2, -2])
def test_a_source_whose_clock_is_wrong_loses_nothing(close: Source, hours: int) -> None:
    close.deals(30)
    ledger = Ledger()
    close.account.store.skew = timedelta(hours=hours)
    ledger.sync(close.provider())
    for number in range(30):
        close.deal(value=number)
    deleted = next(iter(close.truth()))
    close.account.delete(deleted)

    ledger.sync(close.provider())

    assert ledger.versions() == close.truth()


def test_a_deal_that_shows_up_late_with_an_earlier_moment_is_found(
    close: Source,
) -> None:
    close.deals(30)
    ledger = Ledger()
    ledger.sync(close.provider())
    close.deal(updated_at=MONDAY + timedelta(minutes=25))

    ledger.sync(close.provider())

    assert ledger.versions() == close.truth()


def test_a_page_that_ends_too_early_is_not_taken_for_the_last(close: Source) -> None:
    close.deals(50)
    close.server.faults.change({"script": ["", "short", "", "short"]})
    ledger = Ledger()

    ledger.sync(close.provider())

    assert ledger.versions() == close.truth()


def test_a_source_that_ignores_the_order_is_not_trusted(close: Source) -> None:
    close.deals(60)
    close.server.faults.change({"script": ["", *["repeat"] * 20]})

    with pytest.raises(TryAgainLater) as problem:
        Ledger().sync(close.provider())

    assert "do not follow each other" in str(problem.value)


def test_a_renamed_status_is_read_with_the_statuses_not_with_the_deals(
    close: Source,
) -> None:
    close.account.rename_status(close.won, "Closed won")

    labels = {one.external_id: one.label for one in close.provider().statuses()}

    assert labels[close.won] == "Closed won"


def test_a_deal_that_is_unwon_given_away_and_changed_back_ends_as_it_is(
    close: Source,
) -> None:
    bob = close.account.add_user(name="Bob Reed", email="bob@hale.example")
    kept, moved = close.deal(), close.deal()
    ledger = Ledger()
    ledger.sync(close.provider())
    for status in (close.lost, close.active, close.won):
        close.account.edit(kept, {"status_id": status})
    close.account.edit(moved, {"user_id": bob, "status_id": close.active})

    ledger.sync(close.provider())

    assert ledger.records[kept].payload["status_type"] == "won"
    # Close leaves the date when a deal is no longer won: only the status tells.
    assert ledger.records[moved].payload["status_type"] == "active"
    assert ledger.records[moved].payload["date_won"] == "2026-11-04"
    assert ledger.records[moved].payload["user_id"] == bob


def test_rows_of_one_moment_that_come_in_any_order_are_all_read(close: Source) -> None:
    close.server.store.shuffles_ties = True
    close.deals(15)
    with close.account.store.transaction():
        for number in range(110):
            close.deal(value=number, updated_at=MONDAY + timedelta(minutes=20))
    for minutes in (30, 40):
        close.deal(updated_at=MONDAY + timedelta(minutes=minutes))
    ledger = Ledger()

    ledger.sync(close.provider())
    first = ledger.versions()
    for number in range(60):
        close.deal(value=number, updated_at=MONDAY + timedelta(minutes=40))
    ledger.sync(close.provider())

    assert len(first) == 127
    assert ledger.versions() == close.truth()
