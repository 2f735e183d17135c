"""Reads a stream that moves while it is read, without losing a row.

Where a list is asked for since a moment and comes oldest change first, each page is
asked for by the last moment of the page before, never by a count of rows: a row that is
edited moves to the end and is met again there. Only among rows of one moment the
source's own paging leads on. Other lists are read by the source's paging; a list of
numbered pages is read again until a reading brings nothing new.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from crm_sync.contract import ConfigurationProblem, RefusedRow, RemoteRecord
from crm_sync.moments import version_at
from crm_sync.providers.rest.document import CursorRule, Part, Stream
from crm_sync.providers.rest.moments import PRECISIONS, earlier, floored, written
from crm_sync.providers.rest.paging import Pager
from crm_sync.providers.rest.questions import has_hole
from crm_sync.providers.rest.records import (
    Joined,
    denies,
    id_of,
    merged_into,
    record_of,
)
from crm_sync.providers.rest.transport import Answer, Transport

_MOST_IDLE = 1
_MOST_READINGS = 6
_EARLIEST = "1970-01-01T00:00:00.000000Z"


class TooManyAtOnce(Exception):
    """More records were changed in one moment than the source gives of one question."""


@dataclass(frozen=True, slots=True)
class Batch:
    """What one answer brought that is new to this reading."""

    records: tuple[RemoteRecord, ...]
    refused: tuple[RefusedRow, ...]
    last: str
    """The version up to which every row was met, or "" where that cannot be said."""
    answer: Answer
    total: int | None


@dataclass
class PartReader:
    """One reading of one part of a stream, from `since` to the end."""

    transport: Transport
    stream: Stream
    part: Part
    since: str = ""
    fields: str = ""
    joined: Joined = field(default_factory=dict)
    unversioned: str = ""
    is_dated: bool = False
    """Records of this stream say when they were changed."""
    _seen: dict[str, str] = field(default_factory=dict)
    _refused: set[str] = field(default_factory=set)
    _is_sorted: bool = True
    _is_told: bool = False

    def batches(self) -> Iterator[Batch]:
        """Yield the rows, in the source's order."""
        rule = self.stream.cursor
        asks = has_hole(self.part, "since")
        if rule is not None and asks and self.since and self.part.order == "asc":
            yield from self._by_moment(rule)
            return
        readings = _MOST_READINGS if self.part.page.kind == "page" else 1
        for _ in range(readings):
            pages, news = 0, 0
            for batch in self._by_place():
                pages += 1
                news += len(batch.records)
                yield batch
            if pages < 2 or not news:
                return

    def _by_place(self) -> Iterator[Batch]:
        pager = Pager(self.transport, self.part, self._values(self.since))
        while True:
            page = pager.ask()
            if pager.place.is_past and not page.rows:
                return
            batch = self._batch(page.rows, page.answer, page.total)
            yield replace(batch, last="")
            if page.next is None:
                return
            pager.go(page.next, page.rows)

    def _by_moment(self, rule: CursorRule) -> Iterator[Batch]:
        since = floored(self.since or _EARLIEST, rule.precision)
        pager = Pager(
            self.transport, self.part, self._values(since if self.since else "")
        )
        idle, read = 0, 0
        while True:
            try:
                page = pager.ask()
            except ConfigurationProblem as problem:
                if problem.status == 400 and read and self.part.page.cap:
                    raise TooManyAtOnce from None  # its limit is lower than is known
                raise
            batch = self._batch(page.rows, page.answer, page.total)
            yield batch
            if page.next is None:
                return
            read += len(page.rows)
            idle = 0 if batch.records else idle + 1
            if 0 < idle <= _MOST_IDLE:
                # Either the page before once more, or only rows that were met already.
                continue
            moment = floored(batch.last, rule.precision) if batch.last else since
            if self._is_sorted and moment > since:
                since, read = moment, 0
                pager.restart(self._values(since))
            else:
                cap = self.part.page.cap
                if cap and read + self.part.page.size > cap:
                    raise TooManyAtOnce
                pager.go(page.next, page.rows)

    def _values(self, since: str) -> Mapping[str, str]:
        rule = self.stream.cursor
        values = {
            "fields": self.fields,
            "now": written(self.unversioned, "iso8601", "s"),
        }
        if rule is None:
            return values
        if since:
            if rule.op == "gt":
                # Rows of the very moment are asked for again, and known again.
                since = earlier(since, PRECISIONS[rule.precision])
            form = rule.asks_in or rule.format
            values["since"] = written(since, form, rule.precision)
        elif rule.initial:
            values["since"] = rule.initial
        return values

    def _batch(self, rows: list[object], answer: Answer, total: int | None) -> Batch:
        # What does not say when it was changed stands among records that do, and is
        # dated by the same clock: by ours, its next change might seem the older one.
        rows = self._proven(rows) if self.part.deleted else rows
        unversioned = self.unversioned
        if self.is_dated and answer.at is not None:
            unversioned = version_at(answer.at)
        made = [
            record_of(
                self.stream,
                row,
                deleted=self.part.deleted,
                joined=self.joined,
                unversioned=unversioned,
            )
            for row in rows
        ]
        records = [one for one in made if isinstance(one, RemoteRecord)]
        refused = [one for one in made if isinstance(one, RefusedRow)]
        fresh = [
            one for one in records if self._seen.get(one.external_id) != one.version
        ]
        versions = [one.version for one in records]
        before = (
            max(self._seen.values(), default="") if self.part.order == "asc" else ""
        )
        if versions != sorted(versions) or (
            fresh and versions[0] < self._floor(before)
        ):
            self._is_sorted = False
        self._seen |= {one.external_id: one.version for one in records}
        last = versions[-1] if versions and self._is_sorted else ""
        return Batch(
            tuple(
                end for one in fresh for end in (one, *merged_into(self.stream, one))
            ),
            tuple(one for one in refused if self._is_new(one)),
            last,
            answer,
            total,
        )

    def _proven(self, rows: list[object]) -> list[object]:
        """Leave out what is listed as deleted and does not say so itself."""
        odd = [row for row in rows if denies(self.stream, row)]
        if odd and not self._is_told:
            self._is_told = True
            path = self.stream.deletes.path
            first = next(
                (id_of(self.stream, r) for r in odd if isinstance(r, dict)), ""
            )
            self.transport.warnings.append(
                f"{self.transport.name} lists {self.stream.object} {first} as deleted,"
                f" and its own “{path}” does not say so. It and all others like it"
                " were left as they are."
            )
        return [row for row in rows if not denies(self.stream, row)]

    def _floor(self, version: str) -> str:
        rule = self.stream.cursor
        return floored(version, rule.precision) if version and rule else version

    def _is_new(self, row: RefusedRow) -> bool:
        mark = row.external_id or str(row.payload)
        if mark in self._refused:
            return False
        self._refused.add(mark)
        return True
