"""The fields that every object has, before a source adds its own."""

from crm_sync.ledger.facts import FieldFact, ValueType

DEAL = "deal"
INVOICE = "invoice"
PAYMENT = "payment"
# What accounting sends: it stands on deals and customers.
DOCUMENTS = (INVOICE, PAYMENT)
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
_MONEY: tuple[tuple[str, str, ValueType], ...] = (
    ("amount", "Amount", "money"),
    ("tax", "Tax in the amount", "money"),
    ("net", "Amount without tax", "money"),
    ("currency", "Currency", "text"),
    ("customer", "Customer", "text"),
    ("deal", "Deal", "text"),
    ("deal_amounts", "Amount for each deal", "text"),
    ("deal_name", "Name of the deal", "text"),
    ("product", "Product", "text"),
    ("territory", "Territory", "text"),
    ("invoice", "Invoice", "text"),
)
_OF: dict[str, tuple[tuple[str, str, ValueType], ...]] = {
    INVOICE: (*_OTHER, *_MONEY, ("due_on", "Due on", "date")),
    PAYMENT: (*_OTHER, *_MONEY, ("invoice_amounts", "Amount for each invoice", "text")),
}
# What an invoice or payment has from its deal, where its source does not say.
DERIVED = ("tax", "net", "deal", "deal_name", "product", "territory", "customer")
# What invoices and payments say of a deal. A field of this name that a source fills
# wins, with its own type and label. The amounts are 0 for a deal without invoices.
ACCOUNT: tuple[FieldFact, ...] = (
    FieldFact(DEAL, "invoiced", "Invoiced (accounting)", "money"),
    FieldFact(DEAL, "invoiced_net", "Invoiced without tax (accounting)", "money"),
    FieldFact(DEAL, "paid", "Paid (accounting)", "money"),
    FieldFact(DEAL, "paid_net", "Paid without tax (accounting)", "money"),
    FieldFact(DEAL, "unpaid", "Unpaid (accounting)", "money"),
    FieldFact(DEAL, "paid_share", "Paid share (accounting)", "percent"),
    FieldFact(DEAL, "invoiced_on", "First invoiced on (accounting)", "date"),
    FieldFact(DEAL, "due_on", "Oldest unpaid due on (accounting)", "date"),
    FieldFact(DEAL, "paid_on", "Paid in full on (accounting)", "date"),
)
# What has not happened or is no more, by how its status begins.
STOPPED = ("cancel", "declin", "draft")
_STOPPED_OF = {
    INVOICE: (*STOPPED, "void", "delet", "submit"),
    PAYMENT: (*STOPPED, "void", "delet", "pend", "fail", "bounc", "revers", "charge"),
}

# What a mapping may fill besides values: people, and how they share.
PEOPLE_KEYS = ("owner", "split_with", "overlay", "referrer")
SHARE_KEYS = ("owner_percent", "split_percent", "overlay_percent", "referrer_percent")
# Between people, where a field of the source names several: no id has it.
BETWEEN_PEOPLE = "\n"


def standard_fields(object_: str) -> tuple[FieldFact, ...]:
    """Return the fields that this object always has; what is no record has none."""
    if object_ in SUBJECTS:
        return ()
    rows = _DEAL if object_ == DEAL else _OF.get(object_, _OTHER)
    return tuple(FieldFact(object_, *row) for row in rows)


def is_currency(code: str) -> bool:
    """Say whether a text is a currency's code: three capital letters, as in USD."""
    return len(code) == 3 and code.isascii() and code.isalpha() and code.isupper()


def people_in(value: object) -> tuple[str, ...]:
    """Return the users whom a value of `PEOPLE_KEYS` names, each once."""
    if not value:  # as most of them are, of each record that comes
        return ()
    said = str(value)
    if BETWEEN_PEOPLE not in said:
        alone = said.strip()
        return (alone,) if alone else ()
    users = (user.strip() for user in said.split(BETWEEN_PEOPLE))
    return tuple(dict.fromkeys(filter(None, users)))


def is_stopped(object_: str, status: str) -> bool:
    """Say whether a record of this status has not happened, or is no more."""
    return status.casefold().startswith(_STOPPED_OF.get(object_, STOPPED))
