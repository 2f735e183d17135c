"""Who and what a declared source has: people, stages, fields; each read once a run."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote

from commissions_saas.lib import clock
from crm_sync.contract import (
    ConfigurationProblem,
    Payload,
    RefusedRow,
    RemoteRecord,
    SourceField,
    SourceStatus,
    SourceUser,
    TryAgainLater,
    UnreadableRecord,
)
from crm_sync.moments import version_at
from crm_sync.providers.rest.document import (
    Describe,
    Document,
    One,
    Part,
    Stream,
)
from crm_sync.providers.rest.hidden import hidden_error, not_there, says_gone
from crm_sync.providers.rest.named import mapped
from crm_sync.providers.rest.paging import Pager
from crm_sync.providers.rest.paths import NothingThere, at, is_same, list_at, text_at
from crm_sync.providers.rest.patterns import found_by
from crm_sync.providers.rest.questions import filled_params
from crm_sync.providers.rest.records import id_of, record_of
from crm_sync.providers.rest.sampling import found_fields, our_type
from crm_sync.providers.rest.transport import Answer, Question, Transport

_MOST_FIELDS = 400
_MOST_ROWS = 50_000
_FORBIDDEN = (402, 403, 404)
_TOO_LONG = (414, 431)


class Directory:
    """What a source has beside its records."""

    def __init__(self, transport: Transport, document: Document) -> None:
        self._transport = transport
        self._document = document
        self._rows: dict[str, list[Payload]] = {}
        self._samples: dict[str, list[Any]] = {}
        self._totals: dict[str, int | None] = {}
        self._going_on: set[str] = set()
        self._described: dict[str, tuple[SourceField, ...]] = {}
        self._names: dict[str, set[str]] = {}
        self._dropped: set[str] = set()
        self._forbidden: dict[str, ConfigurationProblem] = {}
        self._warnings: list[str] = []
        self.said: dict[str, None] = {}
        """All that could not be seen since the source was opened."""

    def stream(self, name: str) -> Stream:
        """Return a stream by its name."""
        return self._document.streams[name]

    def take_warnings(self) -> list[str]:
        """Return what could not be seen, each once."""
        odd, self._transport.warnings = self._transport.warnings, []
        warnings, self._warnings = list(dict.fromkeys(self._warnings + odd)), []
        self.said |= dict.fromkeys(warnings)
        return warnings

    def users(self) -> tuple[SourceUser, ...]:
        """Return the people of the source, those who have left included."""
        found: dict[str, SourceUser] = {}
        for name in ("owners", "users"):
            stream = self._document.streams.get(name)
            for row in self.rows(name) if stream else ():
                values = mapped(stream, row) if stream else {}
                id = values.get("id") or (id_of(stream, row) if stream else "")
                both = f"{values.get('first_name', '')} {values.get('last_name', '')}"
                if id:
                    found[id] = SourceUser(
                        external_id=id,
                        email=values.get("email", ""),
                        name=values.get("name", "") or both.strip(),
                        active=values.get("active", "true").casefold()
                        not in ("false", "no", "0"),
                    )
        return tuple(found.values())

    def statuses(self) -> tuple[SourceStatus, ...]:
        """Return the stages of deals, in the source's own order."""
        stream = self._document.streams.get("stages")
        rows = self.rows("stages") if stream else []
        found = []
        for row in rows:
            values = mapped(stream, row) if stream else {}
            id = values.get("id") or (id_of(stream, row) if stream else "")
            found.append(
                SourceStatus(
                    external_id=id,
                    label=values.get("label", "") or id,
                    type=values.get("type", "active"),
                    pipeline=values.get("pipeline", ""),
                )
            )
        return tuple(found)

    def joined(self, stream: Stream) -> dict[str, dict[str, Payload]]:
        """Return the rows of the streams that records are joined with, by their ids."""
        found: dict[str, dict[str, Payload]] = {}
        for name, _ in stream.joins.values():
            other = self.stream(name)
            rows = ((row, mapped(other, row)) for row in self.rows(name))
            found[name] = {
                values.get("id") or id_of(other, row): {**_plain(row), **values}
                for row, values in rows
            }
        return found

    def refuse_forbidden(self, stream: Stream) -> None:
        """Refuse to read records anew without what they are joined with: where that
        could be read before, they would lose what they have of it."""
        for name, _ in stream.joins.values():
            if name in self._forbidden:
                raise self._forbidden[name]

    def fingerprint(self, stream: Stream) -> str:
        """Return a text that changes when something that records are joined with does:
        then the records differ, though none of them says that it was changed."""
        joined = self.joined(stream)
        if not joined:
            return ""
        text = json.dumps(joined, sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    def fields(self, stream: Stream) -> tuple[SourceField, ...]:
        """Return the fields that the source describes, and those that its records have."""
        described = {one.key: one for one in self.described(stream)}
        for one in found_fields(stream.object, self.sample(stream)):
            # What was joined is the stage's, and in the map where it is wanted.
            others = (*stream.ignore, *(f"{name}." for name in stream.joins))
            if not one.key.startswith(others):
                described.setdefault(one.key, one)
        return tuple(described.values())

    def described(self, stream: Stream) -> tuple[SourceField, ...]:
        """Return the fields that the source itself lists, where it does."""
        if stream.describe is None:
            return ()
        if stream.name not in self._described:
            self._described[stream.name] = self._describe(stream, stream.describe)
        return self._described[stream.name]

    def field_list(self, stream: Stream) -> str:
        """Return the names of fields to ask for, where records have only those."""
        if not stream.fields and stream.describe is None:
            return ""
        prefix = stream.describe.prefix if stream.describe else ""
        own = [one.key.removeprefix(prefix) for one in self.described(stream)]
        known = self._names.get(stream.name, set())
        # What the source describes is there; beside it, what nobody may hide.
        fixed = [
            name
            for name in stream.fields
            if not name.endswith("?") or name[:-1].casefold() in known or not known
        ]
        names = dict.fromkeys([name.rstrip("?") for name in fixed] + own)
        kept = [name for name in names if name.casefold() not in self._dropped]
        return ",".join(kept[:_MOST_FIELDS])

    def sample(self, stream: Stream) -> list[Any]:
        """Return the rows of the first page, with what they are joined with."""
        if stream.name not in self._samples:
            full = [one for one in stream.parts if one.when != "changes"]
            part = min(full, key=lambda one: one.optional)
            page = self._first_page(stream, part)
            joined = self.joined(stream)
            made = [
                record_of(stream, row, deleted=False, joined=joined, unversioned="now")
                for row in page.rows
            ]
            self._totals[stream.name] = page.total
            if page.next is not None:
                self._going_on.add(stream.name)
            self._samples[stream.name] = [
                one.payload for one in made if isinstance(one, RemoteRecord)
            ]
        return self._samples[stream.name]

    def count(self, stream: Stream) -> int:
        """Return how many records the source counts, or how many its first page has."""
        rows = self.sample(stream)
        total = self._totals[stream.name]
        return len(rows) if total is None else total

    def has_more(self, stream: Stream) -> bool:
        """Tell whether there may be more than `count` says: no total, and other pages."""
        self.sample(stream)
        if self._totals[stream.name] is not None:
            return False
        lists = [one for one in stream.parts if one.when != "changes"]
        alive = [one for one in lists if not one.deleted]
        return stream.name in self._going_on or len(alive) > 1

    def read_one(self, stream: Stream, id: str) -> RemoteRecord | None:
        """Return a record as it is now; None if the source has it no more."""
        # An id of dots alone would lead to another page of the source.
        if stream.one is None or not id.strip("."):
            return None
        answer = self._asked_for(stream, stream.one, id)
        if answer is None or answer.is_empty:
            return None
        row = at(answer.doc, stream.one.record)
        if isinstance(row, list):
            row = row[0] if len(row) == 1 else None
        said = hidden_error(answer.doc)
        if said and not id_of(stream, row or {}):
            if says_gone(said):
                return None
            raise TryAgainLater(
                f"{self._document.name} cannot be asked for {id} now:"
                f" {self._transport.credentials.hide(said)}.",
                hint="It is tried again by itself.",
            )
        if row is None:
            return None
        now = version_at_now()
        record = record_of(
            stream, row, deleted=False, joined=self.joined(stream), unversioned=now
        )
        if isinstance(record, RefusedRow):
            message = f"The record {id} cannot be read: {record.reason}"
            if record.external_id == id:
                raise UnreadableRecord(message, record)
            raise ConfigurationProblem(message)
        # Where two were merged, the id of one leads to the other.
        return record if record.external_id == id else None

    def _asked_for(self, stream: Stream, one: One, id: str) -> Answer | None:
        while True:
            values = {"id": id, "fields": self.field_list(stream)}
            question = Question(
                path=one.path.replace("{id}", quote(id, safe=":@")),
                params=filled_params(one.params, values),
            )
            try:
                return self._transport.find(question)
            except ConfigurationProblem as problem:
                if not self._drop_field(stream, problem):
                    raise

    def rows(self, name: str) -> list[Payload]:
        """Return all rows of a list of the source; what may not be seen is empty."""
        if name not in self._rows:
            stream = self.stream(name)
            try:
                self._rows[name] = list(self._all(stream))
            except ConfigurationProblem as problem:
                if problem.status not in _FORBIDDEN:
                    raise
                self._rows[name] = []
                self._forbidden[name] = problem
                self._warnings.append(
                    f"The {stream.label.lower()} of {self._document.name} cannot be"
                    f" read ({problem.status})."
                )
        return self._rows[name]

    def _all(self, stream: Stream) -> Iterator[Payload]:
        found: dict[str, Payload] = {}
        for part in stream.parts:
            pager = Pager(self._transport, part, {})
            while len(found) < _MOST_ROWS:
                try:
                    page = pager.ask()
                except ConfigurationProblem as problem:
                    is_first = pager.place.number == 0
                    if not (is_first and part.optional and problem.status == 404):
                        raise
                    self._warnings.append(not_there(self._document.name, part.path))
                    break
                for row in page.rows:
                    if isinstance(row, dict):
                        found.setdefault(id_of(stream, row) or str(row), row)
                if page.next is None:
                    break
                pager.go(page.next, page.rows)
        yield from found.values()

    def _first_page(self, stream: Stream, part: Part) -> Any:
        """Ask for a page; a field that may not be seen is left out and asked no more."""
        while True:
            values = {"fields": self.field_list(stream), "now": version_at_now()}
            if stream.cursor is not None and stream.cursor.initial:
                values["since"] = stream.cursor.initial
            try:
                return Pager(self._transport, part, values).ask()
            except ConfigurationProblem as problem:
                if not self._drop_field(stream, problem):
                    raise

    def _drop_field(self, stream: Stream, problem: ConfigurationProblem) -> bool:
        if problem.status in _TOO_LONG:
            return self._drop_half(stream)
        if not stream.drop_field_on or problem.status != 400:
            return False
        found = found_by(stream.drop_field_on, problem.message)
        names = [found] if found else []
        if not names:
            # It does not say which: what not everybody has goes first.
            names = [name[:-1] for name in stream.fields if name.endswith("?")]
        fresh = [name for name in names if name.casefold() not in self._dropped]
        self._dropped |= {name.casefold() for name in fresh}
        self._warnings += [
            f"The field {name} cannot be seen with these credentials." for name in fresh
        ]
        return bool(fresh)

    def _drop_half(self, stream: Stream) -> bool:
        """Ask for half as many of the fields that people made up; say which are left."""
        prefix = stream.describe.prefix if stream.describe else ""
        own = [one.key.removeprefix(prefix) for one in self.described(stream)]
        kept = [name for name in own if name.casefold() not in self._dropped]
        left = kept[len(kept) // 2 :]
        self._dropped |= {name.casefold() for name in left}
        if left:
            self._warnings.append(
                f"The fields {', '.join(left[:5])}"
                f"{f' and {len(left) - 5} more' if left[5:] else ''} are not read:"
                f" {self._document.name} takes no address so long."
            )
        return bool(left)

    def _describe(self, stream: Stream, how: Describe) -> tuple[SourceField, ...]:
        question = Question(path=how.path, params=how.params)
        try:
            answer = self._transport.find(question)
        except ConfigurationProblem as problem:
            if problem.status not in _FORBIDDEN:
                raise
            answer = None
        try:
            rows = list_at(answer.doc, how.records) if answer is not None else []
        except NothingThere:
            rows = []
        found = []
        names = self._names.setdefault(stream.name, set())
        for row in rows:
            key = text_at(row, how.key)
            names.add(key.casefold())
            if not key or not all(
                _fits(at(row, path), wanted) for path, wanted in how.where.items()
            ):
                continue
            found.append(
                SourceField(
                    object=stream.object,
                    key=f"{how.prefix}{key}",
                    label=text_at(row, how.label) or key,
                    type=our_type(text_at(row, how.type)),
                    choices=_choices(at(row, how.choices) if how.choices else None),
                )
            )
        return tuple(found)


def version_at_now() -> str:
    """Return the version of what does not say when it was changed."""
    return version_at(clock.now())


def _fits(value: Any, wanted: str) -> bool:
    """`!true` is anything but true."""
    if wanted.startswith("!"):
        return not is_same(value, wanted[1:])
    return is_same(value, wanted)


def _plain(row: Payload) -> Payload:
    return {key: value for key, value in row.items() if not isinstance(value, list)}


def _choices(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list):
        return ()
    names = ("label", "name", "value")
    found = [
        next((text_at(one, name) for name in names if text_at(one, name)), "")
        if isinstance(one, Mapping)
        else str(one)
        for one in value
    ]
    return tuple(one for one in found if one)
