"""What the document of a source says, once it is read and checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from typing import Any

from crm_sync.providers.rest.hook import Hook


@dataclass(frozen=True, slots=True)
class Auth:
    """One way to say who asks; `names` are those of credentials, never values."""

    kind: str = "none"
    names: Mapping[str, str] = field(default_factory=dict)
    header: str = ""
    query: str = ""
    prefix: str = ""
    token_url: str = ""
    scope: str = ""


@dataclass(frozen=True, slots=True)
class Rate:
    """How the source says that it is asked too often, and for how long."""

    header: str = "retry-after"
    pattern: str = ""
    retry_after: str = "seconds"  # seconds | date | epoch
    default_wait: Decimal = Decimal(60)
    max_wait: Decimal = Decimal(900)
    max_per_second: Decimal | None = None
    when: tuple[tuple[int, str], ...] = ()
    """Beside 429: a status, and a text that is in the body then."""


@dataclass(frozen=True, slots=True)
class Retry:
    """What may succeed if it is asked again."""

    on: frozenset[str] = frozenset(
        {"408", "425", "500", "502", "503", "504", "network", "truncated_json"}
    )
    tries: int = 6
    restart_on: tuple[str, ...] = ()
    """What an error says after which all must be asked anew, from the first page."""
    base: Decimal = Decimal(1)
    cap: Decimal = Decimal(60)


@dataclass(frozen=True, slots=True)
class Paging:
    """How to get from one page to the next."""

    kind: str = "none"
    size_param: str = ""
    size: int = 100
    param: str = ""
    within: str = "query"  # or body
    first: int = 1
    token_path: str = ""
    token_header: str = ""
    """The header of the answer with what leads to the next page, if not in its body."""
    has_more_path: str = ""
    total_path: str = ""
    field: str = ""  # keyset: whose last value asks for the next page
    max_pages: int = 10_000
    cap: int = 0
    """So many rows at most come of one question; then it is asked anew."""


@dataclass(frozen=True, slots=True)
class CursorRule:
    """By what a later version is known, and how to ask for those since."""

    fields: tuple[str, ...]
    format: str = "iso8601"  # iso8601 | epoch_s | epoch_ms | date
    asks_in: str = ""
    """The format in which `since` is sent, where it is not that of the field."""
    param: str = ""
    op: str = "gte"
    precision: str = "s"  # ms | s | min | day
    lookback: timedelta = timedelta(seconds=300)
    order: str = "none"  # asc | desc | none
    initial: str = ""


@dataclass(frozen=True, slots=True)
class Part:
    """One question that a stream is read by; most streams have one."""

    when: str = "always"  # always | full | changes
    path: str = ""
    method: str = "GET"
    params: Mapping[str, str] = field(default_factory=dict)
    body: Any = None
    records: str = ""
    page: Paging = Paging()
    order: str = "none"
    deleted: bool = False
    optional: bool = False
    """Not every account has this address: where it is missing, the others are read."""


@dataclass(frozen=True, slots=True)
class Deletes:
    """How a deleted record is known."""

    kind: str = "none"  # none | flag | endpoint | events | reconcile
    path: str = ""
    value: str = ""
    """Of a flag: what it says of what is deleted; without it anything but no."""
    stream: str = ""
    every: timedelta = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class MapRow:
    """One of our fields, and what fills it."""

    target: str
    source: str = ""
    type: str = "text"
    values: Mapping[str, str] = field(default_factory=dict)
    rules: tuple[Mapping[str, Any], ...] = ()
    const: str = ""
    currency: str = ""
    blank_currency: str = ""
    scale: str = ""
    label: str = ""
    required: bool | None = None


@dataclass(frozen=True, slots=True)
class Describe:
    """Where the source lists the fields of an object."""

    path: str
    records: str
    key: str
    label: str = ""
    type: str = ""
    choices: str = ""
    prefix: str = ""
    """What stands before a field's name to make it a path in the record."""
    where: Mapping[str, str] = field(default_factory=dict)
    params: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class One:
    """Where a single record is, by its id."""

    path: str
    record: str = ""
    params: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Write:
    """How a value of ours is put into a field of one record."""

    path: str
    method: str = "PATCH"
    body: Any = None
    """With `{field}` as a name and `{value}` as a value, once each."""
    prefix: str = ""
    """What stands before the field's name in a path of the record."""
    numbers: str = "number"  # number | text
    empty: str = "null"  # null | text: what empties a field


@dataclass(frozen=True, slots=True)
class Stream:
    """A list of the source: of an object, or of people, stages and the like."""

    name: str
    object: str
    label: str
    parts: tuple[Part, ...]
    key: tuple[str, ...] = ("id",)
    cursor: CursorRule | None = None
    deletes: Deletes = Deletes()
    merges: str = ""
    one: One | None = None
    joins: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    """Name in the record to (stream, path of its id): what is found is put in."""
    describe: Describe | None = None
    fields: tuple[str, ...] = ()
    drop_field_on: str = ""
    key_form: str = ""  # or salesforce: an id of 15 characters is one of 18
    ignore: tuple[str, ...] = ()
    map: tuple[MapRow, ...] = ()
    url: str = ""
    changed_by: str = ""
    write: Write | None = None


@dataclass(frozen=True, slots=True)
class Document:
    """A source as a whole."""

    name: str
    base_url: str
    auth: tuple[Auth, ...]
    streams: Mapping[str, Stream]
    headers: Mapping[str, str] = field(default_factory=dict)
    rate: Rate = Rate()
    retry: Retry = Retry()
    fatal: frozenset[int] = frozenset({401, 402, 403})
    organisation: tuple[str, str] = ("", "")
    """Path to ask, and where the organisation's name is in the answer."""
    checked_on: str = ""
    base_path: str = ""
    """What stands behind the server where the address has no path of its own."""
    strip: str = ""
    """What may stand at the end of an address and is in our paths already."""
    webhook: Hook | None = None

    @property
    def objects(self) -> tuple[Stream, ...]:
        """Return the streams whose records go into the ledger, in their order."""
        return tuple(one for one in self.streams.values() if one.object)
