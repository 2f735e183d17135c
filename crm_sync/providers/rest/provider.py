"""Any source with a REST interface, as its document declares it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any

from crm_sync.contract import (
    ConfigurationProblem,
    ConnectionSettings,
    Cursor,
    Listing,
    MappedField,
    Page,
    Probe,
    RemoteRecord,
    SourceField,
    SourceObject,
    SourceStatus,
    SourceUser,
    value_at,
)
from crm_sync.providers.rest.directory import Directory
from crm_sync.providers.rest.document import Document, Stream
from crm_sync.providers.rest.paths import text_at
from crm_sync.providers.rest.presets import preset_names, preset_text
from crm_sync.providers.rest.reading import read_document
from crm_sync.providers.rest.streams import StreamReader
from crm_sync.providers.rest.suggesting import suggested
from crm_sync.providers.rest.transport import Question, Transport
from crm_sync.providers.rest.writing import marks, takes, write_value


class RestProvider:
    """Reads one account of a declared source."""

    def __init__(self, settings: ConnectionSettings) -> None:
        self.document = document_of(settings.options)
        self._transport = Transport(self.document, settings)
        self._directory = Directory(self._transport, self.document)
        self._readers: dict[str, StreamReader] = {}
        self._second: dict[str, dict[str, RemoteRecord]] = {}

    def objects(self) -> tuple[SourceObject, ...]:
        """Return what the document declares, in its order."""
        return tuple(SourceObject(one.object, one.label) for one in self._streams)

    def probe(self) -> Probe:
        """Say whose account this is, how much is in it, and what cannot be seen."""
        stream = self._streams[0]
        name = ""
        path, where = self.document.organisation
        if path:
            answer = self._transport.find(Question(path))
            name = text_at(answer.doc, where) if answer is not None else ""
        return Probe(
            organisation=name or self.document.name,
            users=len(self._directory.users()),
            deals=self._directory.count(stream),
            at_least=self._directory.has_more(stream),
            currency="",
            warnings=tuple(self._directory.take_warnings()),
        )

    def warnings(self) -> tuple[str, ...]:
        """Return what could not be seen or was odd since the source was opened."""
        self._directory.take_warnings()
        return tuple(self._directory.said)

    def users(self) -> tuple[SourceUser, ...]:
        """Return the people that the source lists."""
        return self._directory.users()

    def statuses(self) -> tuple[SourceStatus, ...]:
        """Return the stages that the source lists."""
        return self._directory.statuses()

    def fields(self, object: str) -> tuple[SourceField, ...]:
        """Return what the source describes, and what its records have."""
        return self._directory.fields(self._stream(object))

    def default_mapping(
        self, object: str, fields: Sequence[SourceField]
    ) -> tuple[MappedField, ...]:
        """Return the document's map, else what the names of fields suggest."""
        return suggested(self._stream(object), fields)

    def pages(self, object: str, cursor: Cursor) -> Iterator[Page]:
        """Yield what changed since the cursor, deletes last."""
        self._directory.sample(self._stream(object))
        return self._reader(object).pages(cursor)

    def read_one(self, object: str, external_id: str) -> RemoteRecord | None:
        """Return a record as it is now. Where a source gives no single records, all are
        read once more: what two complete readings have not is gone."""
        stream = self._stream(object)
        if stream.one is not None:
            return self._directory.read_one(stream, external_id)
        if object not in self._second:
            reader = StreamReader(self._transport, stream, self._directory)
            self._second[object] = {
                record.external_id: record
                for page in reader.pages({})
                for record in page.records
                if not record.deleted
            }
        return self._second[object].get(external_id)

    def listed_ids(self, object: str) -> Listing:
        """Return all ids with their versions."""
        self._second.pop(object, None)
        return self._reader(object).listing()

    def record_url(self, record: RemoteRecord) -> str:
        """Return where a person can open the record, where the document says it."""
        template = self._stream(record.object).url
        if not template.startswith("https://"):
            return ""

        def value(hole: re.Match[str]) -> str:
            found = str(value_at(record.payload, hole[1]) or "")
            return found if re.fullmatch(r"[\w-]{1,100}", found, re.ASCII) else ""

        return re.sub(r"\{([\w.]+)\}", value, template)

    def writable(self) -> tuple[str, ...]:
        """Return the objects whose stream says how they are written."""
        return tuple(one.object for one in self._streams if one.write is not None)

    def takes(self, object: str, path: str) -> bool:
        """Say whether a field can be written."""
        return object in self.writable() and takes(self._stream(object), path)

    def write(
        self,
        object: str,
        external_id: str,
        path: str,
        value: Decimal | str | None,
        key: str = "",
    ) -> None:
        """Put a value into a field, as the document says."""
        stream = self._stream(object)
        write_value(self._transport, stream, external_id, path, value, key)

    def marks(self, object: str) -> tuple[str, ...]:
        """Return what every write moves."""
        return marks(self._stream(object))

    @property
    def _streams(self) -> tuple[Stream, ...]:
        return self.document.objects

    def _stream(self, object: str) -> Stream:
        for stream in self._streams:
            if stream.object == object:
                return stream
        known = ", ".join(one.object for one in self._streams)
        raise ConfigurationProblem(
            f"{self.document.name} has no records of the kind “{object}”.",
            hint=f"Its document declares: {known}.",
        )

    def _reader(self, object: str) -> StreamReader:
        if object not in self._readers:
            self._readers[object] = StreamReader(
                self._transport, self._stream(object), self._directory
            )
        return self._readers[object]


def document_of(options: Any) -> Document:
    """Return the document of a connection: its own, or that of the preset it names."""
    given, preset = options.get("document"), str(options.get("preset") or "")
    if given:
        return read_document(given)
    if preset not in preset_names():
        known = ", ".join(preset_names())
        raise ConfigurationProblem(
            "This connection declares no source.",
            hint=f"Send options.document, or name a preset: {known}.",
        )
    return read_document(preset_text(preset))
