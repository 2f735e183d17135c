"""One business's ledger: entries, revisions, payees, and what was refused."""

from crm_sync.ledger.models.entries import (
    Change,
    Credit,
    Entry,
    RefusedRecord,
    Revision,
)
from crm_sync.ledger.models.people import (
    ExternalId,
    Leave,
    Manager,
    Payee,
    SellRight,
)
from crm_sync.ledger.models.precedence import Claim, Precedence
from crm_sync.ledger.models.sheets import SentSheet
from crm_sync.ledger.models.things import (
    FIELD,
    AttributeValue,
    Customer,
    CustomerId,
    ExchangeRate,
    Field,
    FormerState,
    Product,
    Service,
    SubjectKind,
    Territory,
)

__all__ = [
    "FIELD",
    "AttributeValue",
    "Change",
    "Claim",
    "Credit",
    "Customer",
    "CustomerId",
    "Entry",
    "ExchangeRate",
    "ExternalId",
    "Field",
    "FormerState",
    "Leave",
    "Manager",
    "Payee",
    "Precedence",
    "Product",
    "RefusedRecord",
    "Revision",
    "SellRight",
    "SentSheet",
    "Service",
    "SubjectKind",
    "Territory",
]
