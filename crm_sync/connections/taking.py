"""Pages of a source, as they come, into the ledgers: each with its cursor.

A source that answers at once, such as one on the same network, is written several pages
at a time; pages of a slower one are written each as it comes.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Protocol

from django.conf import settings

from commissions_saas.lib.memory import uncollected
from crm_sync.connections.applying import apply_page, save_page
from crm_sync.connections.comparing import deleted_though_listed, read_back
from crm_sync.connections.models import Connection, SyncRun
from crm_sync.connections.readers import Reader
from crm_sync.contract import Page

_QUICK = 0.05  # seconds: whoever answers sooner is not waited for by what is here


class Job(Protocol):
    """What taking pages needs of the job that it runs in."""

    def step(self, words: str, done: int = 0, total: int = 0) -> None:
        """Say what is done now."""

    def transaction(self) -> AbstractContextManager[None]:
        """Open a transaction that only the holder of the job can commit."""


@dataclass(frozen=True, slots=True)
class Taken:
    """What the pages ask to be looked at once they are read."""

    must_compare: bool
    without_customer: tuple[str, ...]
    """Customers that are gone: what stands under them is read again."""


def take_pages(
    *,
    pages: Iterable[Page],
    connection: Connection,
    run: SyncRun,
    lease: Job,
    reader: Reader,
    object_: str,
) -> Taken:
    """Read the pages of one object; say what is to be looked at afterwards.

    What was read before the source failed is written, so that the next run goes on
    from there.
    """
    taking = _Taking(connection, run, lease, reader, object_)
    coming = iter(pages)
    while True:
        begun = time.monotonic()
        try:
            page = next(coming, None)
        except Exception:
            taking.write()
            raise
        if page is None:
            break
        taking.take(page, was_quick=time.monotonic() - begun < _QUICK)
    taking.write()
    taking.read_back()
    return Taken(taking.must_compare, tuple(taking.without_customer))


@dataclass(slots=True)
class _Taking:
    """Pages that are read and not yet written, and where they go."""

    connection: Connection
    run: SyncRun
    lease: Job
    reader: Reader
    object: str
    must_compare: bool = False
    without_customer: list[str] = field(default_factory=list)
    done: int = 0
    held: list[Page] = field(default_factory=list)
    keys: set[tuple[str, str]] = field(default_factory=set)
    is_first: bool = False
    back: set[str] = field(default_factory=set)
    """What the source lists and is deleted here all the same."""

    def __post_init__(self) -> None:
        self.is_first = self.object not in self.connection.cursors

    def take(self, page: Page, *, was_quick: bool) -> None:
        """Keep a page until there are enough; each version of a record is a revision."""
        keys = _keys(page)
        if not self.keys.isdisjoint(keys):
            self.write()
        self.held.append(page)
        self.keys |= keys
        if not was_quick or len(self.held) >= settings.PAGES_AT_ONCE:
            self.write()

    def write(self) -> None:
        """Write what is kept, with the cursor of the last page."""
        if not self.held:
            return
        page = _joined(self.held)
        self.held, self.keys = [], set()
        with uncollected(), self.lease.transaction():
            _apply(self.connection, self.run, self.reader, self.object, page)
        if not self.is_first:  # then nothing was deleted yet, and all ids are compared
            listed = page.records
            self.back |= deleted_though_listed(self.reader, self.object, listed)
        self.must_compare = self.must_compare or page.compare_ids
        self.without_customer += page.customers_gone
        self.done += len(page.records)
        total = max(page.total or 0, self.done)
        self.lease.step(f"Reading {self.object}s", self.done, total)

    def read_back(self) -> None:
        """Ask again for what the source lists and is deleted here."""
        provider = self.reader.provider
        if self.back and provider is not None:
            read_back(
                reader=self.reader,
                provider=provider,
                object_=self.object,
                ids=sorted(self.back),
                run=self.run,
                lease=self.lease,
            )


def _joined(pages: Sequence[Page]) -> Page:
    if len(pages) == 1:
        return pages[0]
    return Page(
        records=tuple(record for page in pages for record in page.records),
        cursor=pages[-1].cursor,
        more=pages[-1].more,
        requests=sum(page.requests for page in pages),
        waited=sum((page.waited for page in pages), Decimal(0)),
        total=pages[-1].total,
        refused=tuple(row for page in pages for row in page.refused),
        warnings=tuple(one for page in pages for one in page.warnings),
        compare_ids=any(page.compare_ids for page in pages),
        customers_gone=tuple(one for page in pages for one in page.customers_gone),
    )


def _keys(page: Page) -> set[tuple[str, str]]:
    return {(record.object, record.external_id) for record in page.records}


def _apply(
    connection: Connection, run: SyncRun, reader: Reader, object_: str, page: Page
) -> None:
    # One reader of a connection at a time: the row is the lock.
    Connection.objects.select_for_update().get(pk=connection.pk)
    outcome = apply_page(reader=reader, records=page.records, refused=page.refused)
    save_page(
        connection=connection,
        run=run,
        object_=object_,
        cursor=page.cursor,
        outcome=outcome,
        read=len(page.records) + len(page.refused),
        requests=page.requests,
        waited_ms=int(page.waited * 1000),
        notes=page.warnings,
    )
