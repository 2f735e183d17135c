"""Reads a list that moves while it is read, without losing a row.

Rows come in ascending order of `date_updated`, and each page is asked for by the
last moment of the page before, never by a count of rows: a row that is edited moves
to the end and is met again there, and nobody else shifts. Only among rows of one and
the same second are rows counted, with an overlap that shows whether they shifted; where
there are more of them than Close counts on, they are asked for by when they were made.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal

from crm_sync.contract import (
    ConfigurationProblem,
    Payload,
    RefusedRow,
    RemoteRecord,
    TryAgainLater,
)
from crm_sync.moments import as_moment, version_at
from crm_sync.providers.close.records import asked, record_of, total_of, whole_second
from crm_sync.providers.close.repeats import Advance
from crm_sync.providers.close.transport import Answer, Transport
from crm_sync.providers.close.windows import windows

_MOST_REQUESTS = 10_000
_MOST_STRANGE = 6
_FIRST_MADE = "1970-01-01T00:00:00.000000Z"
_OVERLAP = 10
_MOST_IDLE = 3
_MOST_PASSES = 20
# How often a count that does not fit is taken for a page cut short.
_MOST_SHORT = 2


@dataclass(frozen=True, slots=True)
class Batch:
    """The rows of one answer that are new to this run."""

    records: tuple[RemoteRecord, ...]
    refused: tuple[RefusedRow, ...]
    last: str
    """The version up to which all rows have been met, or "" before the first."""
    answer: Answer
    total: int | None


@dataclass
class KeysetReader:
    """One reading of `path` from `since` to the end."""

    transport: Transport
    object: str
    path: str
    since: str
    page_size: int = 100
    fields: str = ""
    _skip: int = 0
    _seen: dict[str, str] = field(default_factory=dict)
    _strange: int = 0
    _idle: int = 0
    _passes: int = 0
    _second: Advance = field(default_factory=Advance)

    def batches(self) -> Iterator[Batch]:
        """Yield the rows from `since` on, oldest change first."""
        self.since = whole_second(self.since) if self.since else ""
        for _ in range(_MOST_REQUESTS):
            try:
                answer = self.transport.get(self.path, self._params())
            except ConfigurationProblem as problem:
                if not self._skip or not _is_too_far(problem):
                    raise
                yield from self._by_when_made(answer)
                continue
            rows = _list(answer.doc)
            made = [record_of(self.object, row) for row in rows]
            records = [one for one in made if isinstance(one, RemoteRecord)]
            refused = tuple(one for one in made if isinstance(one, RefusedRow))
            if self._is_strange(records, rows, answer.doc):
                self._step_back()
                continue
            more = answer.doc.get("has_more") is True and bool(rows)
            fresh = self._fresh(records)
            if more and self._skip and not fresh and self._idle < _MOST_IDLE:
                # Either the page before once more, or rows were put in before it.
                self._idle += 1
                continue
            missed = not refused and self._has_missed(records, more)
            last = records[-1].version if records and not missed else self.since
            if missed:
                self._begin_second_again(records)
            else:
                self._advance(records, len(rows), bool(fresh), more)
            yield Batch(fresh, refused, last, answer, total_of(answer.doc))
            if not more and not missed:
                return
        raise TryAgainLater(
            "There is more at Close than is read in one go.",
            hint="It goes on by itself from where it is now.",
            after=Decimal(1),
        )

    def _by_when_made(self, answer: Answer) -> Iterator[Batch]:
        """Yield all rows of a second that has more than Close lets be skipped, cut into
        slices of when they were made; then go on behind it."""
        behind = version_at(as_moment(self.since) + timedelta(seconds=1))
        of_second = {
            "date_updated__gte": asked(self.since),
            "date_updated__lt": asked(behind),
        }
        if self.fields:
            of_second["_fields"] = f"{self.fields},date_created"
        slices = windows(
            self.transport,
            path=self.path,
            since=_FIRST_MADE,
            until=version_at(answer.at),
            page_size=self.page_size,
            params=of_second,
        )
        try:
            for window in slices:
                made = [record_of(self.object, row) for row in window.rows]
                records = [one for one in made if isinstance(one, RemoteRecord)]
                yield Batch(
                    self._fresh(records),
                    tuple(one for one in made if isinstance(one, RefusedRow)),
                    self.since,
                    answer,
                    total_of(answer.doc),
                )
        except ConfigurationProblem as problem:
            if not _is_too_far(problem):
                raise
            raise _too_many_at_once(self.since) from None
        self.since, self._skip, self._passes, self._seen = behind, 0, 0, {}
        self._second = Advance()

    def _params(self) -> dict[str, str | int]:
        params: dict[str, str | int] = {
            "_order_by": "date_updated",
            "_limit": self.page_size,
        }
        if self.since:
            params["date_updated__gte"] = asked(self.since)
        if self._skip:
            params["_skip"] = self._skip
        if self.fields:
            params["_fields"] = self.fields
        return params

    def _fresh(self, records: list[RemoteRecord]) -> tuple[RemoteRecord, ...]:
        return tuple(
            record
            for record in records
            if self._seen.get(record.external_id) != record.version
        )

    def _is_strange(
        self, records: list[RemoteRecord], rows: list[Payload], doc: Payload
    ) -> bool:
        """Tell whether this cannot be the page that was asked for."""
        versions = [record.version for record in records]
        if versions != sorted(versions) or (versions and versions[0] < self.since):
            return True
        if self._skip and records and records[0].external_id not in self._seen:
            return True
        total = total_of(doc)
        ended = doc.get("has_more") is not True or not rows
        if self._strange >= _MOST_SHORT or not ended or total is None:
            return False
        return total > self._skip + len(rows)

    def _has_missed(self, records: list[RemoteRecord], more: bool) -> bool:
        """Tell whether this is the end of a second of which rows were not met.

        Rows of one moment may come in another order each time, so that a page repeats
        some and leaves out others.
        """
        if not self._skip or self._passes >= _MOST_PASSES:
            return False
        here = {r.external_id for r in records if self._is_of_second(r.version)}
        if more and len(here) == len(records):
            return False
        met = {id for id, version in self._seen.items() if self._is_of_second(version)}
        return len(met | here) < self._skip + len(here)

    def _is_of_second(self, version: str) -> bool:
        return whole_second(version) == self.since

    def _begin_second_again(self, records: list[RemoteRecord]) -> None:
        self._passes += 1
        self._skip = 0
        self._second = Advance()
        self._seen |= {record.external_id: record.version for record in records}

    def _step_back(self) -> None:
        self._strange += 1
        if self._strange > _MOST_STRANGE:
            raise TryAgainLater(
                "Close keeps answering with pages that do not follow each other.",
                hint="It is tried again by itself; nothing that was read is lost.",
            )
        self._skip = max(self._skip - self.page_size, 0)

    def _advance(
        self, records: list[RemoteRecord], count: int, fresh: bool, more: bool
    ) -> None:
        self._idle = 0
        self._seen |= {record.external_id: record.version for record in records}
        second = whole_second(records[-1].version) if records else self.since
        if fresh or second > self.since:
            self._strange = 0
        if second > self.since:
            self.since, self._skip, self._passes = second, 0, 0
            self._second = Advance()
            self._seen = {
                id: version for id, version in self._seen.items() if version >= second
            }
        else:
            self._second.look((one.external_id for one in records), more=more)
            self._skip += count - min(_OVERLAP, count // 2)


def _is_too_far(problem: ConfigurationProblem) -> bool:
    return problem.status == 400 and "maximum skip" in problem.message


def _too_many_at_once(second: str) -> ConfigurationProblem:
    return ConfigurationProblem(
        "Close lists only some of the records that were made in one second and changed"
        f" in one second ({second[:19].replace('T', ' ')} UTC).",
        "Change some of them once more in Close, by a bulk edit for instance, so that"
        " they have another moment; then sync again. Nothing that was read is lost.",
        400,
    )


def _list(doc: Payload) -> list[Payload]:
    rows = doc.get("data")
    if not isinstance(rows, list):
        raise TryAgainLater("Close answered with something that is not a list.")
    return rows
