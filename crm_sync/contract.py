"""What a source of records must offer, as plain values that know no framework."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from dataclasses import field as default
from datetime import datetime
from decimal import Decimal
from typing import Any, Protocol, runtime_checkable

from commissions_saas.lib.errors import ProductError

# A JSON object as a source gave it. Every number in it is its own text
# ("41250", "0.5"), so that no amount ever passes through a float.
Payload = dict[str, Any]

# What a provider needs to go on later: JSON, opaque to everyone else, `{}` at first.
Cursor = dict[str, Any]


class ConfigurationProblem(ProductError):
    """A person must change something; trying again alone will not help."""

    def __init__(self, message: str, hint: str = "", status: int | None = None) -> None:
        super().__init__(message, hint)
        self.status = status


class TryAgainLater(ProductError):
    """The source cannot answer now; `after` says in how many seconds to try again."""

    def __init__(
        self, message: str, hint: str = "", after: Decimal = Decimal(60)
    ) -> None:
        super().__init__(message, hint)
        self.after = after


# Made by the million, and made in half the time without being frozen.
@dataclass(slots=True)
class RemoteRecord:
    """One version of one record, as the source gave it; nobody writes to it."""

    object: str
    external_id: str
    version: str
    """Sortable text of fixed width; a later version is a greater text."""
    payload: Payload
    deleted: bool = False
    changed_by: str | None = None
    changed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class RefusedRow:
    """What could not even become a record, and why, in words for a person."""

    object: str
    reason: str
    field: str = ""
    row: int | None = None
    external_id: str = ""
    payload: Payload = default(default_factory=dict)


class UnreadableRecord(ConfigurationProblem):
    """One record that was asked for cannot be kept; all others can be read."""

    def __init__(self, message: str, row: RefusedRow) -> None:
        super().__init__(message)
        self.row = row


@dataclass(frozen=True, slots=True)
class Page:
    """Some records, and the cursor to commit in the same transaction as they."""

    records: tuple[RemoteRecord, ...]
    cursor: Cursor
    more: bool
    requests: int = 0
    waited: Decimal = Decimal(0)
    total: int | None = None
    """How many records the source counts in all, where it says so: for progress."""
    refused: tuple[RefusedRow, ...] = ()
    warnings: tuple[str, ...] = ()
    compare_ids: bool = False
    """Deletes may have been missed: compare with `listed_ids` after this run."""
    customers_gone: tuple[str, ...] = ()
    """Customers that were deleted or merged: what stands under them is read again."""


@dataclass(frozen=True, slots=True)
class SourceObject:
    """A kind of record that a source has: `name` is our word, `label` is theirs.

    `type_id` is the source's id of a kind that its people made up themselves: the name
    that is given to it once stays when they rename it.
    """

    name: str
    label: str
    type_id: str = ""


@dataclass(frozen=True, slots=True)
class SourceUser:
    """A person in the source's directory, whether they can still log in or not."""

    external_id: str
    email: str
    name: str
    active: bool = True
    role: str = ""
    groups: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SourceField:
    """A field of a source's object; `type` is one of our value types."""

    object: str
    key: str
    label: str
    type: str
    choices: tuple[str, ...] = ()
    multiple: bool = False


@dataclass(frozen=True, slots=True)
class SourceStatus:
    """A stage that a deal can be in; `type` is active, won or lost."""

    external_id: str
    label: str
    type: str
    pipeline: str = ""


@dataclass(frozen=True, slots=True)
class Probe:
    """What a first look at a connection found."""

    organisation: str
    users: int
    deals: int
    currency: str
    warnings: tuple[str, ...] = ()
    at_least: bool = False  # `deals` are those that were seen: nobody said how many


@dataclass(frozen=True, slots=True)
class MappedField:
    """One of our fields, filled from a path in the payload.

    `transform` is "" (as it is), "cents" (a whole number of hundredths of
    `currency_from`'s currency) or "day" (a moment, of which the day in the
    business's zone counts).
    """

    field: str
    source: str
    type: str
    transform: str = ""
    currency_from: str = ""
    label: str = ""
    currency: str = ""
    """The one currency of all amounts, where records do not say it."""
    blank_currency: str = ""
    """`business`: an amount without a currency is in that of the business."""
    values: Mapping[str, str] = default(default_factory=dict)
    """The source's words to ours; any other word stays."""
    rules: tuple[Mapping[str, Any], ...] = ()
    """{"when": {path: text}, "gives": text}: the first that fits; then the value."""
    const: str = ""
    scale: str = ""
    required: bool | None = None
    """Whether a record that counts needs it; None leaves that to us."""


@dataclass(frozen=True, slots=True)
class Listing:
    """Every id that the source lists now, each with its version.

    A listing that is not `complete` must never be used to infer a delete.
    """

    versions: Mapping[str, str]
    complete: bool
    requests: int = 0
    waited: Decimal = Decimal(0)
    careful: bool = False
    """The source does not say what its key may see: a list that has lost most of what
    is known may be that of a key that sees less, and makes nothing deleted."""


@dataclass(frozen=True, slots=True)
class Organisation:
    """Whose records a key opens; one of another's is never read into the same place."""

    external_id: str
    name: str


def _sleep(seconds: Decimal) -> None:
    time.sleep(float(seconds))


def _forget(secret: str) -> None:
    """Nobody keeps it."""


@dataclass(frozen=True, slots=True)
class ConnectionSettings:
    """Where a source is and how to get in; `options` are the kind's own.

    `wait` is called with the seconds whenever the source must be left alone, `keep`
    with the new secret where a source has put another in its place, and `kept` gives
    the one that is kept now: somebody else may have put another in its place.
    """

    base_url: str = ""
    secret: str = default(default="", repr=False)
    options: Mapping[str, Any] = default(default_factory=dict)
    wait: Callable[[Decimal], None] = _sleep
    keep: Callable[[str], None] = _forget
    kept: Callable[[], str] = str


@dataclass(frozen=True, slots=True)
class Subscription:
    """Where a source sends its events; `secret` is there only when it is made."""

    external_id: str
    active: bool
    secret: str = default(default="", repr=False)
    why: str = ""
    """What the source says is wrong with it."""


@dataclass(frozen=True, slots=True)
class Event:
    """What a delivery claims, once its signature is known to be right.

    An event is a hint: the record is read again. Only where a source cannot be asked
    is `record` what it sent.
    """

    id: str
    version: str
    kind: str
    """What happened, in the source's words: `opportunity updated`."""
    object: str = ""
    """Our word for the object to read again; empty: the whole source is read."""
    external_id: str = ""
    deleted: bool = False
    by: str | None = None
    at: datetime | None = None
    before: Payload = default(default_factory=dict)
    record: RemoteRecord | None = None


class Forged(ProductError):
    """A delivery that this source did not sign, or not now."""


class Unreadable(ProductError):
    """A delivery that is signed rightly and still cannot be taken."""


@runtime_checkable
class Discovers(Protocol):
    """A source in which people make up kinds of records themselves."""

    def own_objects(self) -> tuple[SourceObject, ...]:
        """Return these kinds; a name that one was given once is in the options."""


@runtime_checkable
class Counts(Protocol):
    """A source that says how many records it has without listing them."""

    def count(self, object: str) -> int | None:
        """Return how many there are; None where that cannot be said for certain."""


@runtime_checkable
class Warns(Protocol):
    """A source that says what its key does not see, without being looked at whole."""

    def warnings(self) -> tuple[str, ...]:
        """Return what a person should know of the key, one sentence each."""


@runtime_checkable
class Pushes(Protocol):
    """A source that tells of changes by itself, if it is given an address."""

    def subscribe(self, url: str) -> Subscription:
        """Ask for events at this address; call it once, it is never repeated."""

    def subscription(self, external_id: str) -> Subscription | None:
        """Return how a subscription is; None if the source has it no more."""

    def unsubscribe(self, external_id: str) -> None:
        """Ask for no more events; one that is gone already is no problem."""


@runtime_checkable
class Identifies(Protocol):
    """A source that says whose it is.

    Given that in its options (`organisation`: `id` and `name`), it refuses to answer a
    key of anybody else.
    """

    def organisation(self) -> Organisation:
        """Return whose records the key opens."""


class Provider(Protocol):
    """A source that can be read. Every call may raise one of the two errors above."""

    def objects(self) -> tuple[SourceObject, ...]:
        """Return the kinds of records that can be read, in the order to read them."""

    def probe(self) -> Probe:
        """Say what this connection reaches, and what it cannot see."""

    def users(self) -> tuple[SourceUser, ...]:
        """Return everyone in the directory, those who have left included."""

    def statuses(self) -> tuple[SourceStatus, ...]:
        """Return the stages of deals, in the source's own order."""

    def fields(self, object: str) -> tuple[SourceField, ...]:
        """Return the fields of an object, custom ones included."""

    def default_mapping(
        self, object: str, fields: Sequence[SourceField]
    ) -> tuple[MappedField, ...]:
        """Suggest what fills our fields, given the fields that `fields` returned."""

    def pages(self, object: str, cursor: Cursor) -> Iterator[Page]:
        """Yield what changed since `cursor`, which is `{}` for everything."""

    def read_one(self, object: str, external_id: str) -> RemoteRecord | None:
        """Return a record as it is now; None only if the source has it no more."""

    def listed_ids(self, object: str) -> Listing:
        """Return all ids, for a compare that finds what paging has missed."""

    def record_url(self, record: RemoteRecord) -> str:
        """Return where a person can open this record in the source, or ""."""


def value_at(payload: Mapping[str, Any], path: str) -> Any:
    """Return what is at `path`, or None: the whole path as one key first, then part by
    part, a whole number being a place in a list and `*` each of its places."""
    if path in payload:
        return payload[path]
    value: Any = payload
    before, each, after = path.partition(".*.")
    if each:
        value = value_at(payload, before)
        rows = value if isinstance(value, list) else []
        # What has nothing there keeps its place: two such lists stay side by side.
        found = [value_at(row, after) for row in rows if isinstance(row, Mapping)]
        return ["" if one is None else one for one in found] or None
    parts = path.split(".")
    for number, part in enumerate(parts):
        if isinstance(value, Mapping):
            if part not in value:
                # A name may have dots of its own, such as @odata.nextLink.
                return value.get(".".join(parts[number:]))
            value = value[part]
        elif isinstance(value, list) and part.isdecimal() and int(part) < len(value):
            value = value[int(part)]
        else:
            return None
    return value


def field_name(label: str) -> str:
    """Return a label as a name that formulas can use: "Dealer fee" is dealer_fee."""
    name = re.sub(r"[^a-z0-9]+", "_", label.casefold()).strip("_")
    return f"f_{name}" if not name or name[0].isdigit() else name
