"""Pages of a source, as they come, into the ledgers: each with its cursor.

A source that answers at once, such as one on the same network, is written several pages
at a time; pages of a slower one are written each as it comes.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Protocol

from django.conf import settings

from commissions_saas.lib.memory import uncollected
from crm_sync.connections.applying import apply_page, save_page
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


@dataclass(slots=True)
class _Held:
    """Pages that are read and not yet written."""

    pages: list[Page] = field(default_factory=list)
    keys: set[tuple[str, str]] = field(default_factory=set)

    def has_one_of(self, page: Page) -> bool:
        """Say whether a record comes again: each of its versions is a revision."""
        return not self.keys.isdisjoint(_keys(page))

    def add(self, page: Page) -> None:
        """Keep one more page."""
        self.pages.append(page)
        self.keys |= _keys(page)

    def take(self) -> Page:
        """Return all as one page, and forget them."""
        pages, self.pages, self.keys = self.pages, [], set()
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
        )


def take_pages(
    *,
    pages: Iterable[Page],
    connection: Connection,
    run: SyncRun,
    lease: Job,
    reader: Reader,
    object_: str,
) -> bool:
    """Read the pages of one object; say whether ids must be compared afterwards.

    What was read before the source failed is written, so that the next run goes on
    from there.
    """
    held = _Held()
    must_compare = False
    done = 0

    def write() -> None:
        nonlocal done, must_compare
        if not held.pages:
            return
        page = held.take()
        with uncollected(), lease.transaction():
            _apply(connection, run, reader, object_, page)
        must_compare = must_compare or page.compare_ids
        done += len(page.records)
        lease.step(f"Reading {object_}s", done, max(page.total or 0, done))

    coming = iter(pages)
    while True:
        begun = time.monotonic()
        try:
            page = next(coming, None)
        except Exception:
            write()
            raise
        if page is None:
            break
        was_quick = time.monotonic() - begun < _QUICK
        if held.has_one_of(page):
            write()
        held.add(page)
        if not was_quick or len(held.pages) >= settings.PAGES_AT_ONCE:
            write()
    write()
    return must_compare


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
