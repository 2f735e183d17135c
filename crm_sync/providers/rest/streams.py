"""A stream from a cursor on: its parts, what was deleted, and where to go on next."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from commissions_saas.lib import clock
from crm_sync.contract import ConfigurationProblem, Cursor, Listing, Page, RemoteRecord
from crm_sync.moments import as_moment, clock_went_back, version_at
from crm_sync.providers.rest.directory import Directory
from crm_sync.providers.rest.document import Part, Stream
from crm_sync.providers.rest.hidden import not_there
from crm_sync.providers.rest.moments import earlier
from crm_sync.providers.rest.reader import Batch, PartReader, TooManyAtOnce
from crm_sync.providers.rest.records import Joined
from crm_sync.providers.rest.transport import Transport

_NO_SINCE = ""


@dataclass
class StreamReader:
    """Reads one stream; remembers what a full reading listed, for the compare."""

    transport: Transport
    stream: Stream
    directory: Directory
    listed: dict[str, str] | None = None

    def pages(self, cursor: Cursor) -> Iterator[Page]:
        """Yield what changed since the cursor, deletes last.

        The cursor goes forward with each page of a list that comes oldest first, else
        at the end. It never passes the time that the source had when the run began,
        lest one record from the future hide all others.
        """
        joined = self.directory.joined(self.stream)
        marks = self.directory.fingerprint(self.stream)
        since = str(cursor.get("since") or "")
        if cursor.get("marks", marks) != marks:
            self.directory.refuse_forbidden(self.stream)
        if self.stream.cursor is None or cursor.get("marks", marks) != marks:
            since = _NO_SINCE  # a stage has another name: every record is read again
        run = _Run(self, joined, since)
        try:
            yield from run.pages(cursor)
        except TooManyAtOnce:
            run = _Run(self, joined, _NO_SINCE)
            yield from run.pages(cursor)
        requests, waited = self.transport.take_counts()
        ended = {
            **cursor,
            "since": run.until(since),
            "marks": marks,
            "read_at": version_at(clock.now()),
        }
        if run.must_compare(cursor):
            ended["compared_at"] = ended["read_at"]
        yield Page(
            records=(),
            cursor=ended,
            more=False,
            requests=requests,
            waited=waited,
            warnings=tuple(self.directory.take_warnings()),
            compare_ids=ended.get("compared_at") != cursor.get("compared_at")
            or run.is_before(str(cursor.get("since") or "")),
        )

    def listing(self) -> Listing:
        """List all ids. A reading of everything in this very run is that list, unless
        rows may have shifted from one page to the next while it was read."""
        if self.listed is None:
            run = _Run(self, self.directory.joined(self.stream), _NO_SINCE)
            for _ in run.pages({}):
                pass
            self.listed = run.known
        requests, waited = self.transport.take_counts()
        versions = self.listed
        self.listed = None
        if self.stream.cursor is None:
            versions = dict.fromkeys(versions, "")
        return Listing(versions, True, requests, waited, careful=True)


class _Run:
    """One reading of all parts that this reading needs."""

    def __init__(self, reader: StreamReader, joined: Joined, since: str) -> None:
        self._reader = reader
        self._stream = reader.stream
        self._joined = joined
        self._since = since
        self._newest = ""
        self._now = ""
        self.known: dict[str, str] = {}
        """The ids that this reading has listed as live, each with its version."""
        self._gone: set[str] = set()

    def pages(self, cursor: Cursor) -> Iterator[Page]:
        """Yield the pages of each part, then what the source lists as deleted."""
        total, is_long = None, False
        parts = self._parts()
        for part in parts:
            for number, batch in enumerate(self._batches(part)):
                is_long = is_long or number > 0
                total = batch.total if batch.total is not None else total
                self._note(batch)
                is_ordered = len(parts) == 1 and batch.last and self._since
                at = self._checkpoint(cursor, batch) if is_ordered else cursor
                yield self._page(batch, at, total)
        for batch in self._deletes():
            yield self._page(batch, cursor, total)
        # What is read whole each time is met by the next reading; else what has moved
        # to a page that was read already is found by another list, or never.
        is_met = bool(cursor) and self._stream.cursor is None
        is_list = not self._since and (is_met or not is_long)
        self._reader.listed = self.known if is_list else None

    def until(self, since: str) -> str:
        """Return the moment up to which all is read: the latest that was met, but never
        one that had not come yet when the run began."""
        if self._stream.cursor is None:
            return ""
        return max(since, min(self._newest, self._now or self._newest))

    def is_before(self, since: str) -> bool:
        """Say whether the source's clock shows less than it did at an earlier run."""
        return clock_went_back(since, self._now)

    def must_compare(self, cursor: Cursor) -> bool:
        """Say whether deletes are known only by comparing all ids, and it is time."""
        rule = self._stream.deletes
        if self._stream.cursor is None and rule.kind in ("none", "reconcile"):
            return True
        if rule.kind != "reconcile":
            return False
        before = str(cursor.get("compared_at") or "")
        return not before or as_moment(before) + rule.every <= clock.now()

    def _parts(self) -> list[Part]:
        wanted = "changes" if self._since else "full"
        return [one for one in self._stream.parts if one.when in ("always", wanted)]

    def _batches(self, part: Part, stream: Stream | None = None) -> Iterator[Batch]:
        """Yield the rows of a part; one that need not be there is left out, and said."""
        is_first = True
        try:
            for batch in self._part_reader(part, stream).batches():
                is_first = False
                yield batch
        except ConfigurationProblem as problem:
            if not (is_first and part.optional and problem.status == 404):
                raise
            transport = self._reader.transport
            transport.warnings.append(not_there(transport.name, part.path))

    def _part_reader(self, part: Part, stream: Stream | None = None) -> PartReader:
        stream = stream or self._stream
        rule = stream.cursor
        lower = self._since
        if rule is not None and lower:
            lower = earlier(lower, rule.lookback)
        return PartReader(
            transport=self._reader.transport,
            stream=stream,
            part=part,
            since=lower,
            fields=self._reader.directory.field_list(stream),
            joined=self._joined,
            unversioned=version_at(clock.now()),
            is_dated=self._stream.cursor is not None,
        )

    def _note(self, batch: Batch) -> None:
        if not self._now:
            # Without a time of its own, that of ours is as good a bound.
            self._now = version_at(batch.answer.at or datetime.now(UTC))
        for record in batch.records:
            if self._stream.cursor is not None:
                self._newest = max(self._newest, record.version)
            if record.deleted:
                self.known.pop(record.external_id, None)
                self._gone.add(record.external_id)
            elif record.external_id not in self._gone:
                self.known[record.external_id] = record.version

    def _checkpoint(self, cursor: Cursor, batch: Batch) -> Cursor:
        return {**cursor, "since": max(self._since, min(batch.last, self._now))}

    def _deletes(self) -> Iterator[Batch]:
        rule = self._stream.deletes
        if rule.kind not in ("endpoint", "events"):
            return
        helper = self._reader.directory.stream(rule.stream)
        # A list of deletes names the same records, each by its id.
        named = replace(helper, object=self._stream.object)
        is_list = rule.kind == "endpoint"
        for part in helper.parts:
            part = replace(part, deleted=part.deleted or is_list)
            for batch in self._batches(part, named):
                ended = tuple(self._ended(record) for record in batch.records)
                batch = replace(batch, records=ended)
                self._note(batch)
                yield batch

    def _ended(self, record: RemoteRecord) -> RemoteRecord:
        if self._reader.stream.deletes.kind == "events":
            # An event may be old news: only what the source has no more is deleted.
            found = self._reader.directory.read_one(self._stream, record.external_id)
            if found is not None:
                return found
        known = self.known.get(record.external_id, "")
        return replace(record, deleted=True, version=max(record.version, known))

    def _page(self, batch: Batch, cursor: Cursor, total: int | None) -> Page:
        requests, waited = self._reader.transport.take_counts()
        return Page(
            records=batch.records,
            cursor=cursor,
            more=True,
            requests=requests,
            waited=waited,
            total=total,
            refused=batch.refused,
        )
