"""The fields that every object has, before a source adds its own."""

from crm_sync.ledger.facts import FieldFact, ValueType

DEAL = "deal"
# What has attributes and is no record of a source.
SUBJECTS = ("payee", "product", "service", "territory", "customer", "business")

_DEAL: tuple[tuple[str, str, ValueType], ...] = (
    ("name", "Name", "text"),
    ("amount", "Amount", "money"),
    ("currency", "Currency", "text"),
    ("won_on", "Won on", "date"),
    ("lost_on", "Lost on", "date"),
    ("status", "Status", "text"),
    ("status_type", "Kind of status", "text"),
    ("product", "Product", "text"),
    ("territory", "Territory", "text"),
    ("owner", "Owner", "text"),
    ("id", "Id in the source", "text"),
    ("share", "Share of the credit", "percent"),
    ("role", "Role of the credit", "text"),
)
_OTHER: tuple[tuple[str, str, ValueType], ...] = (
    ("name", "Name", "text"),
    ("occurred_on", "Day", "date"),
    ("status", "Status", "text"),
    ("owner", "Owner", "text"),
    ("id", "Id in the source", "text"),
    ("share", "Share of the credit", "percent"),
    ("role", "Role of the credit", "text"),
)

# What a mapping may fill besides values: people, and how they share.
PEOPLE_KEYS = ("owner", "split_with", "overlay", "referrer")
SHARE_KEYS = ("owner_percent", "split_percent", "overlay_percent", "referrer_percent")


def standard_fields(object_: str) -> tuple[FieldFact, ...]:
    """Return the fields that this object always has; what is no record has none."""
    if object_ in SUBJECTS:
        return ()
    rows = _DEAL if object_ == DEAL else _OTHER
    return tuple(FieldFact(object_, *row) for row in rows)
