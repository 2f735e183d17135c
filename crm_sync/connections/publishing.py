"""A mapping's fields appear in the catalogues of the businesses that read by it."""

from collections.abc import Mapping
from typing import Any, cast

from crm_sync.connections.models import Connection
from crm_sync.connections.readers import businesses_of
from crm_sync.ledger.catalogue import save_fields
from crm_sync.ledger.facts import FieldFact, ValueType
from tenants.schema import in_business


def publish_fields(
    connection: Connection,
    object_: str,
    document: Mapping[str, Mapping[str, Any]],
    business_id: int | None,
) -> None:
    """Offer the mapped fields as names that formulas can use, in one business or all."""
    facts = [
        FieldFact(
            object_,
            key,
            str(row.get("label") or key.replace("_", " ").capitalize()),
            cast(ValueType, row["type"]),
        )
        for key, row in document.items()
    ]
    for business in businesses_of(connection):
        if business_id is None or business.pk == business_id:
            with in_business(business):
                save_fields(facts)
