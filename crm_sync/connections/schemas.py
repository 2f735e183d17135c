"""The schema registry of inbound webhooks: made from a sample, and drift is refused.

A record with a field that nobody has agreed on, or with a value of another type, never
enters quietly: the sender is told each field by its path, and nothing of it is taken.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from typing import Any

from django.db import transaction

from commissions_saas.lib.money import NotAnAmount, parse_decimal
from crm_sync.connections import errors, models
from crm_sync.connections.directory import save_fields
from crm_sync.connections.mapping import document_of
from crm_sync.connections.models import Connection, ObjectSchema
from crm_sync.connections.publishing import publish_fields
from crm_sync.connections.readers import mapping_for
from crm_sync.connections.services import save_mapping
from crm_sync.contract import ConnectionSettings, RemoteRecord, field_name, value_at
from crm_sync.json_text import Unreadable, read_object
from crm_sync.moments import as_moment
from crm_sync.providers import open_provider
from tenants.access import Member
from tenants.accounts.models import Business
from tenants.schema import in_public

Fields = dict[str, dict[str, Any]]
_YES_OR_NO = ("yes", "no", "true", "false")
_NOT = {
    "money": "not an amount like 1234.50",
    "number": "not a number",
    "percent": "not a percentage like 6%",
    "date": "not a date like 2026-11-09",
    "yesno": "neither yes nor no",
}
_MOST_FIELDS = 200
_NUMBER = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?")
_LONGEST_NAME = 60


def schemas_of(connection: Connection) -> dict[str, ObjectSchema]:
    """Return the newest schema of each object, by its name."""
    rows = ObjectSchema.objects.filter(connection=connection)
    newest = rows.order_by("object", "-version").distinct("object")
    return {row.object: row for row in newest}


def fields_of_sample(sample: Mapping[str, Any]) -> Fields:
    """Return the paths of a sample with the types of its values."""
    found: Fields = {}
    for path, value in _leaves(sample, ""):
        found[path] = {"type": _type_of(path, value), "required": False}
    if not found:
        raise errors.BadSchema("The sample holds no value.")
    if len(found) > _MOST_FIELDS:
        raise errors.BadSchema(f"The sample has more than {_MOST_FIELDS} fields.")
    return found


def read_sample(text: str) -> tuple[str, dict[str, Any]]:
    """Return the object's name and data of a pasted sample, whole message or data."""
    try:
        doc = read_object(text.encode())
    except Unreadable as problem:
        raise errors.BadSchema(f"The sample is not a JSON object: {problem}") from None
    data = doc.get("data")
    name = doc.get("objectname", doc.get("object"))
    if isinstance(data, dict):
        return (name if isinstance(name, str) else ""), data
    return "", doc


def save_schema(
    *,
    connection: Connection,
    object_: str,
    fields: Fields,
    sample: Mapping[str, Any],
    by: Member | None,
) -> ObjectSchema:
    """Agree on an object's fields; new ones are mapped by their names at once.

    A field that is left out is refused from now on; what was read of it stays.
    """
    object_ = object_.strip()
    if not object_ or field_name(object_) != object_ or len(object_) > _LONGEST_NAME:
        raise errors.BadSchema(
            f"“{object_}” is no name for an object.",
            hint=f"Write it like {field_name(object_)[:_LONGEST_NAME]}.",
        )
    if not fields:
        raise errors.BadSchema("Name at least one field.")
    with in_public(), transaction.atomic():
        Connection.objects.select_for_update().get(pk=connection.pk)
        rows = ObjectSchema.objects.filter(connection=connection, object=object_)
        last = rows.order_by("-version").first()
        if last is not None and (last.fields, last.sample) == (fields, dict(sample)):
            return last
        schema = ObjectSchema.objects.create(
            connection=connection,
            object=object_,
            version=(last.version if last else 0) + 1,
            fields=fields,
            sample=dict(sample),
            made_by_id=by.user_id if by else None,
        )
        _offer(connection, object_, fields)
        _map(connection, object_, fields, by)
    return schema


def check(connection: Connection, record: RemoteRecord) -> None:
    """Refuse a record that is not of its schema, naming every field that is not."""
    schema = schemas_of(connection).get(record.object)
    if schema is None:
        known = ", ".join(sorted(schemas_of(connection))) or "none yet"
        raise errors.SchemaDrift(
            [f"objectname: “{record.object[:60]}” has no schema. Known: {known}."]
        )
    if record.deleted:
        return
    problems = []
    present = set()
    for path, value in _leaves(record.payload, ""):
        present.add(path)
        field = schema.fields.get(path)
        if field is None:
            problems.append(
                f"data.{path}: is not in the schema of {record.object} "
                f"(version {schema.version})."
            )
        elif not _fits(value, str(field["type"])):
            shown = str(value)[:40]
            problems.append(f"data.{path}: “{shown}” is {_NOT[str(field['type'])]}.")
    problems += [
        f"data.{path}: is required."
        for path, field in schema.fields.items()
        if field.get("required") and _is_blank(value_at(record.payload, path))
    ]
    if problems:
        raise errors.SchemaDrift(problems[:50])


def _leaves(value: Mapping[str, Any], above: str) -> list[tuple[str, Any]]:
    """Return every value with its path; a list is one value."""
    found: list[tuple[str, Any]] = []
    for key, one in value.items():
        path = f"{above}{key}"[:200]
        if isinstance(one, Mapping):
            found += _leaves(one, f"{path}.")
        else:
            found.append((path, one))
    return found


def _type_of(path: str, value: Any) -> str:
    if isinstance(value, bool):
        return "yesno"
    text = value if isinstance(value, str) else ""
    if _is_day(text):
        return "date"
    if _NUMBER.fullmatch(text):
        return "number"
    return "text"


def _fits(value: Any, type_: str) -> bool:
    if _is_blank(value) or type_ == "text":
        return True
    if isinstance(value, list):
        return all(_fits(one, type_) for one in value)
    if type_ == "yesno":
        return isinstance(value, bool) or str(value).casefold() in _YES_OR_NO
    if type_ == "date":
        return isinstance(value, str) and _is_day(value)
    try:
        parse_decimal(str(value).rstrip("%").strip())
    except NotAnAmount:
        return False
    return not isinstance(value, bool)


def _is_blank(value: Any) -> bool:
    return value is None or value == "" or value == []


def _is_day(text: str) -> bool:
    if not re.match(r"\d{4}-\d\d-\d\d", text):
        return False
    try:
        if len(text) == 10:
            date.fromisoformat(text)
        else:
            as_moment(text)
    except ValueError:
        return False
    return True


def _offer(connection: Connection, object_: str, fields: Fields) -> None:
    """The fields appear where mappings choose from; the object is read from now on."""
    options = connection.options
    objects = [*options.get("objects", [])]
    if object_ not in objects:
        objects.append(object_)
    connection.options = {
        **options,
        "objects": objects,
        "schemas": {**(options.get("schemas") or {}), object_: fields},
    }
    connection.save(update_fields=["options"])


def _map(
    connection: Connection, object_: str, fields: Fields, by: Member | None
) -> None:
    """Map what is new by its name, and leave what an admin has mapped as it is."""
    provider = open_provider(
        connection.kind, ConnectionSettings(options={"schemas": {object_: fields}})
    )
    offered = provider.fields(object_)
    save_fields(connection, object_, offered)
    suggested = document_of(object_, provider.default_mapping(object_, offered))
    before = mapping_for(connection, connection.business_id, object_)
    if before is None:
        first = models.Mapping.objects.create(
            connection=connection,
            business_id=None,
            object=object_,
            version=1,
            document=suggested,
        )
        publish_fields(connection, object_, first.document, None)
        return
    read = {row["source"] for row in before.document.values()}
    added = {
        key: row
        for key, row in suggested.items()
        if key not in before.document and row["source"] not in read
    }
    if added:
        own = before.business_id is not None
        save_mapping(
            connection=connection,
            object_=object_,
            document={**before.document, **added},
            business=Business.objects.get(pk=connection.business_id) if own else None,
            by=by,
        )
