"""The one spreadsheet of customers: every source side by side, out and back in.

Sales and finance fill in the column `match`: “yes” makes the records of a row one
customer, “no” takes them apart, and anything else leaves them as they are.
"""

from collections.abc import Iterator, Mapping, Sequence

from crm_sync.connections.models import Connection
from crm_sync.contract import field_name
from crm_sync.ledger import customers, sheets
from crm_sync.ledger.customers import Known, Matching, SourceCustomer, SourceId
from crm_sync.ledger.errors import BadRow
from crm_sync.ledger.sheets import Cells, Columns, Enter, Preview
from tenants.access import Member, Role

# Who knows the customers does this: sales and finance both.
MATCHES = (Role.MANAGER, Role.FINANCE, Role.ADMIN)
MATCH, SUGGESTED = "match", "same name"
Names = Mapping[int, str]


def names_of(connection_ids: Sequence[int]) -> dict[int, str]:
    """Return what columns call sources, each once: a second of a name has its number."""
    rows = Connection.objects.filter(pk__in=connection_ids).order_by("pk")
    found: dict[int, str] = {}
    for row in rows:
        name = field_name(row.name) or "source"
        found[row.pk] = f"{name}_{row.pk}" if name in found.values() else name
    return found


def titles_of(connection_ids: Sequence[int]) -> dict[int, str]:
    """Return what pages call sources."""
    rows = Connection.objects.filter(pk__in=connection_ids).order_by("name", "pk")
    return dict(rows.values_list("pk", "name"))


def columns_of(names: Names) -> Columns:
    """Return the columns: an id and a name for each source."""
    pairs = [(f"{name}_id", f"{name}_name") for name in names.values()]
    return Columns(
        ("customer", MATCH, *(column for pair in pairs for column in pair)), (MATCH,)
    )


def customers_file(found: Matching, names: Names) -> str:
    """Return matched customers, then what is alike, then everything that is alone."""
    return sheets.sheet_csv(columns_of(names), list(_rows(found, names)))


def names_now() -> Names:
    """Return what columns call the sources that have customers now."""
    return names_of(customers.matching().connection_ids)


def look_at_customers_now(content: bytes) -> Preview:
    """Say what a file would do by the sources that have customers now."""
    return look_at_customers(content, names_now())


def look_at_customers(content: bytes, names: Names) -> Preview:
    """Say what a file would match or take apart, and which rows it cannot."""
    known = Known.now()
    met: dict[SourceId, str] = {}

    def read(cells: Cells) -> tuple[str, Enter]:
        ids = _ids(cells, names)
        said = cells.get(MATCH, "").casefold()
        words = _words(cells, names)
        if not ids:
            raise BadRow("The row has no id of any source.")
        if said not in ("yes", "no"):
            return f"{words}: left as it is", lambda by: False
        for id in ids:
            if id in met:
                raise BadRow(
                    f"“{id.external_id}” stands in another row, too: {met[id]}."
                )
        known.require_there(ids)
        name = cells.get("customer", "")
        if said == "yes":
            known.require_one(ids, name)
        met.update(dict.fromkeys(ids, words))
        if said == "no":
            done = "taken apart" if known.any_of(ids) else "apart already"
            return f"{words}: {done}", _parting(ids)
        done = "one customer already" if known.are_one(ids) else "one customer"
        return f"{words}: {done}", _matching(ids, name)

    return sheets.look_at(content, columns_of(names), read)


def _matching(ids: list[SourceId], name: str) -> Enter:
    def enter(by: Member) -> bool:
        return customers.match(ids=ids, name=name, by=by) is not None

    return enter


def _parting(ids: list[SourceId]) -> Enter:
    def enter(by: Member) -> bool:
        return customers.take_apart(ids=ids, by=by) > 0

    return enter


def _rows(found: Matching, names: Names) -> Iterator[dict[str, str]]:
    for one in found.matched:
        for cells in _lines(one.records, names):
            yield {"customer": one.customer.name, MATCH: "yes", **cells}
    alike = {one.id for group in found.suggested for one in group}
    for group in found.suggested:
        for cells in _lines(group, names):
            yield {MATCH: SUGGESTED, **cells}
    for alone in found.alone.values():
        for record in alone:
            if record.id not in alike:
                yield from _lines([record], names)


def _lines(records: Sequence[SourceCustomer], names: Names) -> Iterator[dict[str, str]]:
    """Put records side by side; another one of the same source has a row of its own."""
    rows: list[dict[str, str]] = []
    for one in records:
        name = names[one.id.connection_id]
        row = next((row for row in rows if f"{name}_id" not in row), None)
        if row is None:
            row = {}
            rows.append(row)
        row |= {f"{name}_id": one.id.external_id, f"{name}_name": one.name}
    yield from rows


def _ids(cells: Cells, names: Names) -> list[SourceId]:
    return [
        SourceId(pk, cells[f"{name}_id"])
        for pk, name in names.items()
        if cells.get(f"{name}_id")
    ]


def _words(cells: Cells, names: Names) -> str:
    said = [
        cells.get(f"{name}_name") or cells.get(f"{name}_id", "")
        for name in names.values()
    ]
    return " = ".join(text for text in said if text)[:120]
