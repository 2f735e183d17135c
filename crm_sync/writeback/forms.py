"""What people send to the page of write-back."""

from __future__ import annotations

from typing import Any

from django import forms

from crm_sync.connections.models import Connection
from crm_sync.ledger.customers import OBJECTS
from crm_sync.ledger.standard import DEAL
from crm_sync.writeback.models import WriteBack

COMMISSION = "commission"


class WriteBackForm(forms.Form):
    """What is written, and into which field."""

    what = forms.ChoiceField(
        label="What to write",
        error_messages={"required": "Choose what to write."},
    )
    field = forms.ChoiceField(
        label="Into which field",
        help_text="A field that your people made for this, and that nobody else fills.",
        error_messages={"required": "Choose a field."},
    )
    payees = forms.ChoiceField(
        label="Whose commission",
        choices=[
            (WriteBack.Payees.ALL, "Everybody's on the deal, added up"),
            (WriteBack.Payees.OWNER, "Its owner's alone"),
        ],
        initial=WriteBack.Payees.ALL,
    )
    lines = forms.ChoiceField(
        label="Which commission",
        choices=[
            (WriteBack.Lines.LOCKED, "What is on locked and paid statements"),
            (WriteBack.Lines.LIVE, "All that is earned, which may still change"),
        ],
        initial=WriteBack.Lines.LOCKED,
        help_text="Locked amounts do not move any more; a later change adds to them.",
    )

    def __init__(
        self,
        *args: Any,
        fields: list[tuple[str, str]],
        others: list[Connection],
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        what, field = self.fields["what"], self.fields["field"]
        assert isinstance(what, forms.ChoiceField)
        assert isinstance(field, forms.ChoiceField)
        ids = [
            (f"ids {one.pk}", f"The ids of its customers in {one.name}")
            for one in others
        ]
        what.choices = [(COMMISSION, "The commission of each deal"), *ids]
        # Nothing is chosen at first: what is there would be overwritten.
        field.choices = [("", "Choose a field"), *fields] if fields else []

    def clean(self) -> dict[str, Any]:
        """A commission goes onto a deal, an id onto a customer."""
        data = super().clean() or {}
        object_, _, _ = data.get("field", "").partition(" ")
        wanted = (DEAL,) if data.get("what") == COMMISSION else OBJECTS
        if data.get("what") and object_ and object_ not in wanted:
            said = "a deal" if wanted == (DEAL,) else "a customer"
            self.add_error("field", f"Choose a field of {said} for this.")
        return data

    def as_intended(self) -> dict[str, Any]:
        """Return what the form asks for, in the words of the service."""
        data = self.cleaned_data
        object_, _, path = data["field"].partition(" ")
        kind, _, other = data["what"].partition(" ")
        is_commission = kind == COMMISSION
        return {
            "object_": object_,
            "path": path,
            "kind": WriteBack.Kind.COMMISSION
            if is_commission
            else WriteBack.Kind.CUSTOMER_ID,
            "payees": data["payees"],
            "lines": data["lines"],
            "other_id": int(other or 0),
        }


class TurnOffForm(forms.Form):
    """What becomes of what was written."""

    leave = forms.ChoiceField(
        label="What was written",
        choices=[
            ("leave", "Leave it there"),
            ("clear", "Take it out again: every field that we filled is emptied"),
        ],
        initial="leave",
        widget=forms.RadioSelect,
    )
