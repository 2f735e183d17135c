"""What pages show of facts by date."""

from typing import Any

from crm_sync.ledger import days, forms
from crm_sync.ledger.models import (
    AttributeValue,
    Leave,
    Payee,
    SellRight,
    SubjectKind,
)


def of_payee(payee: Payee) -> dict[str, Any]:
    """Return what a payee's page shows of the facts by date, with their forms."""
    return {
        "values": values_about(SubjectKind.PAYEE.value, payee.pk),
        "leave": days.live(Leave, payee=payee).order_by("-starts_on"),
        "rights": days.live(SellRight, payee=payee).order_by("kind", "name"),
        "value_form": forms.ValueForm(),
        "leave_form": forms.LeaveForm(),
        "right_form": forms.SellRightForm(),
    }


def values_about(kind: str, subject_id: int) -> Any:
    """Return the values of one subject as they are known now, the newest first."""
    rows = days.live(AttributeValue, kind=kind, subject_id=subject_id)
    return rows.order_by("key", "-starts_on")
