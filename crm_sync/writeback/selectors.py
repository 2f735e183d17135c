"""What the pages of write-back show: what is on, how it is, and what could be written."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.db.models import Count, F, QuerySet

from crm_sync.connections.models import Connection, Route, SourceField
from crm_sync.connections.own_fields import Written, paths_of
from crm_sync.connections.readers import mapping_for
from crm_sync.connections.selectors import connections_of
from crm_sync.ledger.customers import OBJECTS
from crm_sync.ledger.models import Entry
from crm_sync.ledger.standard import DEAL, PEOPLE_KEYS, SHARE_KEYS, standard_fields
from crm_sync.providers.writes import Writes
from crm_sync.writeback.models import WriteBack, WrittenValue
from tenants.accounts.models import Business

State = WrittenValue.State
Plans = Mapping[str, Sequence[str]]
"""Our name of a field (`deal.commission`) to the plans that read it."""


@dataclass(frozen=True, slots=True)
class Standing:
    """A write-back, and how many values are where."""

    row: WriteBack
    what: str
    waiting: int
    written: int
    refused: int
    unknown: int
    changed_there: int

    @property
    def is_wrong(self) -> bool:
        """Say whether a person has to look at it."""
        return bool(self.row.problem or self.refused)

    @property
    def can_be_tried(self) -> bool:
        """Say whether there is anything to send again."""
        return self.is_wrong or bool(self.waiting)


def standings(connection: Connection) -> list[Standing]:
    """Return what this business writes into a source, each with its counts."""
    rows = WriteBack.objects.filter(connection_id=connection.pk)
    return [standing(row) for row in rows.exclude(state="off").order_by("pk")]


def standing(row: WriteBack) -> Standing:
    """Return how a write-back is."""
    counted = row.values.order_by().values_list("state").annotate(Count("pk"))
    counts: dict[str, int] = dict.fromkeys(State.values, 0) | dict(counted)
    changed = values_of(row, "changed").count()
    return Standing(row=row, what=what_of(row), changed_there=changed, **counts)


def written_words(connection_id: int) -> list[Written]:
    """Say in words how the fields are that we fill, for the connection's own page."""
    rows = WriteBack.objects.filter(connection_id=connection_id)
    found = []
    for row in rows.exclude(state=WriteBack.State.OFF).order_by("pk"):
        one = standing(row)
        said = f"{one.written:,} written, {one.waiting:,} waiting"
        problem, hint = row.problem, row.hint
        if one.refused and not problem:
            s = "" if one.refused == 1 else "s"
            problem = f"{one.refused:,} value{s} of “{row.label}” refused."
            hint = "Each says why on the page of write-back."
        found.append(Written(row.pk, row.label, said, problem, hint, row.stopped_at))
    return found


def what_of(row: WriteBack) -> str:
    """Say what is written."""
    if row.kind == WriteBack.Kind.CUSTOMER_ID:
        other = Connection.objects.filter(pk=row.other_id).first()
        return f"Ids of customers in {other.name if other else 'another source'}"
    whose = "the owner's" if row.payees == WriteBack.Payees.OWNER else "all payees'"
    which = "locked" if row.lines == WriteBack.Lines.LOCKED else "as it stands"
    return f"Commission of each deal, {whose}, {which}"


@dataclass(frozen=True, slots=True)
class InUse:
    """What a source's fields are already good for in a business."""

    mapped: Mapping[str, Sequence[str]]
    """Path to our keys that it fills."""
    taken: frozenset[str]
    """Paths that say what a record is, whose and who is paid, or decide on routes."""

    def readers_of(self, object_: str, path: str, plans: Plans) -> list[str]:
        """Return the plans that read what a path fills, each once."""
        keys = self.mapped.get(path, ())
        found = [name for key in keys for name in plans.get(f"{object_}.{key}", ())]
        return list(dict.fromkeys(found))


def in_use(connection: Connection, business: Business, object_: str) -> InUse:
    """Return which fields of an object are read for something here."""
    mapping = mapping_for(connection, business.pk, object_)
    fixed = {field.key for field in standard_fields(object_)}
    fixed |= {*PEOPLE_KEYS, *SHARE_KEYS, "customer"}
    mapped: dict[str, list[str]] = {}
    for key, row in (mapping.document if mapping else {}).items():
        for path in paths_of(row):
            mapped.setdefault(path, []).append(key)
    taken = {path for path, keys in mapped.items() if fixed.intersection(keys)}
    routes = Route.objects.filter(connection=connection)
    taken |= set(routes.values_list("path", flat=True))
    return InUse(mapped, frozenset(taken))


def holds_ours(field: SourceField) -> bool:
    """Say whether a field can hold what we write: a day, a yes or no, and a choice of a
    list cannot."""
    return field.type in ("text", "number", "money") and not field.choices


@dataclass(frozen=True, slots=True)
class Offered:
    """The fields that can be written, and those that plans keep from it."""

    fields: Sequence[tuple[str, str]]
    read_by: Sequence[tuple[str, str]]
    """(the field, which plans read it)."""


def fields_for(
    connection: Connection, business: Business, source: Writes, plans: Plans
) -> Offered:
    """Return the fields that can be written and that nothing here is read from."""
    taken = set(
        WriteBack.objects.filter(connection_id=connection.pk)
        .exclude(state="off")
        .values_list("object", "path")
    )
    wanted = (DEAL, *OBJECTS)
    used = {name: in_use(connection, business, name) for name in wanted}
    rows = SourceField.objects.filter(
        connection=connection, object__in=wanted, vanished_at=None
    ).order_by("object", "label")
    fields, read_by = [], []
    for row in rows:
        if (row.object, row.path) in taken or row.path in used[row.object].taken:
            continue
        if not holds_ours(row) or not source.takes(row.object, row.path):
            continue
        label = f"{row.object.capitalize()}: {row.label}"
        readers = used[row.object].readers_of(row.object, row.path, plans)
        if readers:
            read_by.append((label, ", ".join(readers)))
        else:
            fields.append((f"{row.object} {row.path}", label))
    return Offered(fields, read_by)


def other_sources(connection: Connection, business: Business) -> list[Connection]:
    """Return the other sources of the business that know customers."""
    others = connections_of(business).exclude(pk=connection.pk)
    knowing = Entry.objects.filter(object__in=OBJECTS, deleted=False)
    ids = set(knowing.values_list("connection_id", flat=True).distinct())
    return [one for one in others if one.pk in ids]


def values_of(row: WriteBack, state: str) -> QuerySet[WrittenValue]:
    """Return the values of a write-back; of one state, or those changed in the source."""
    if state == "changed":
        ours = row.values.filter(state=State.WRITTEN, shown__isnull=False)
        return ours.exclude(shown=F("written"))
    if state in State.values:
        return row.values.filter(state=state)
    return row.values.all()


def entries_of(values: Iterable[WrittenValue]) -> dict[int, Entry]:
    """Return the records by their id here."""
    return Entry.objects.in_bulk([value.entry_id for value in values])
