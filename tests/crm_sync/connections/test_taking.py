"""Pages of a quick source are written together, and lose nothing by it."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import transaction

from commissions_saas.lib import clock
from crm_sync.connections import taking
from crm_sync.connections.models import Connection, Mapping, SyncRun
from crm_sync.connections.readers import reader_of
from crm_sync.contract import Cursor, Page, RemoteRecord, TryAgainLater
from crm_sync.ledger.models import Entry, Revision
from tenants.accounts.models import Business

DOCUMENT = {
    "name": {"source": "name", "type": "text"},
    "amount": {"source": "amount", "type": "money"},
}


class Work:
    """A job that counts its transactions."""

    transactions = 0

    def step(self, words: str, done: int = 0, total: int = 0) -> None:
        pass

    @contextmanager
    def transaction(self) -> Iterator[None]:
        self.transactions += 1
        with transaction.atomic():
            yield


@pytest.fixture(autouse=True)
def every_source_is_quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine that does something else is not a source that makes one wait."""
    monkeypatch.setattr(taking, "_QUICK", 3600)


@pytest.fixture
def source(acme: Business) -> Connection:
    found = Connection.objects.create(
        group_id=acme.group_id, business_id=acme.pk, kind="close", name="Close"
    )
    Mapping.objects.create(
        connection=found, object="deal", version=1, document=DOCUMENT
    )
    return found


def page(number: int, id_: str = "", version: str = "1") -> Page:
    payload = {"name": id_ or f"Lead {number}", "amount": str(number)}
    deal = RemoteRecord("deal", id_ or f"oppo_{number}", version, payload)
    return Page(records=(deal,), cursor={"at": number}, more=True, requests=1)


def take(source: Connection, pages: Iterator[Page]) -> tuple[Work, SyncRun]:
    work = Work()
    run = SyncRun.objects.create(connection=source, started_at=clock.now())
    taking.take_pages(
        pages=pages,
        connection=source,
        run=run,
        lease=work,
        reader=reader_of(source),
        object_="deal",
    )
    return work, run


def cursor_of(source: Connection) -> Cursor:
    found: Cursor = Connection.objects.get(pk=source.pk).cursors["deal"]
    return found


def test_pages_that_come_at_once_are_written_together(
    source: Connection, settings: Any
) -> None:
    settings.PAGES_AT_ONCE = 4

    work, run = take(source, (page(number) for number in range(10)))

    assert work.transactions == 3
    assert (run.read, run.new, run.requests) == (10, 10, 10)
    assert cursor_of(source) == {"at": 9}


def test_pages_of_a_slow_source_are_written_each_as_it_comes(
    source: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(taking, "_QUICK", 0)

    work, _ = take(source, (page(number) for number in range(3)))

    assert work.transactions == 3


def test_each_version_of_a_record_that_comes_again_is_a_revision(
    source: Connection,
) -> None:
    pages = [page(1, "oppo_1", "1"), page(2, "oppo_2"), page(3, "oppo_1", "2")]

    work, run = take(source, iter(pages))

    assert work.transactions == 2
    amounts = Revision.objects.filter(entry__external_id="oppo_1").order_by("opened")
    assert [row.values["amount"] for row in amounts] == ["1", "3"]
    assert (run.new, run.changed, run.unchanged) == (2, 1, 0)


def test_what_was_read_before_a_source_fails_is_written(source: Connection) -> None:
    def failing() -> Iterator[Page]:
        yield page(1)
        yield page(2)
        raise TryAgainLater("The source is away.")

    with pytest.raises(TryAgainLater):
        take(source, failing())

    assert Entry.objects.count() == 2
    assert cursor_of(source) == {"at": 2}
