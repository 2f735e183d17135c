"""Forms of this app: they read and check, and never write money themselves."""

from decimal import Decimal
from typing import Any

from django import forms

from commissions.plans.models import Plan
from commissions.statements.models import MONEY, PayPeriod
from commissions_saas.lib.errors import ProductError
from commissions_saas.lib.money import parse_decimal
from crm_sync.ledger.models import Payee, Territory


class AmountField(forms.CharField):
    """An amount as people type it; it becomes a Decimal from its text."""

    widget = forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"})

    def to_python(self, value: Any) -> Any:
        text = super().to_python(value)
        if not text:
            return None
        try:
            amount = parse_decimal(text.replace("−", "-"))
        except ProductError as problem:
            raise forms.ValidationError(str(problem)) from problem
        if amount != round(amount, MONEY["decimal_places"]):
            raise forms.ValidationError("That has more digits than an amount can have.")
        return amount


class AdjustmentForm(forms.Form):
    """An amount for a payee in an open period, and why."""

    payee = forms.ModelChoiceField(queryset=Payee.objects.none(), label="Payee")
    period = forms.ModelChoiceField(queryset=PayPeriod.objects.none(), label="Period")
    amount = AmountField(
        label="Amount", help_text="Write a minus sign to take money back: -120.00"
    )
    reason = forms.CharField(
        label="Reason",
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="The payee reads it on the statement.",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        payees = Payee.objects.filter(merged_into__isnull=True, hidden=False)
        self.fields["payee"].queryset = payees.order_by("name")  # type: ignore[attr-defined]
        opened = PayPeriod.objects.filter(state=PayPeriod.State.OPEN)
        self.fields["period"].queryset = opened.order_by("-starts_on")  # type: ignore[attr-defined]


REASONS = [
    ("split", "Split or credit"),
    ("period", "Wrong period or territory"),
    ("amount", "Amount"),
    ("rate", "Rate, tier or accelerator"),
    ("clawback", "Clawback or refund"),
    ("held", "Held too long"),
    ("other", "Something else"),
]


class DisputeForm(forms.Form):
    """Why a line is questioned, and what it should be."""

    reason = forms.ChoiceField(
        choices=REASONS, widget=forms.RadioSelect, label="What is wrong?"
    )
    claimed = AmountField(label="What should it be?", required=False)
    note = forms.CharField(
        label="Explain", max_length=2000, widget=forms.Textarea(attrs={"rows": 4})
    )


class DecisionForm(forms.Form):
    """The answer to a dispute."""

    ACCEPT, ADJUST, DECLINE = "accept", "adjust", "decline"
    decision = forms.ChoiceField(
        choices=[
            (ACCEPT, "Accept as claimed"),
            (ADJUST, "Adjust to another amount"),
            (DECLINE, "Decline"),
        ],
        widget=forms.RadioSelect,
        label="Decision",
    )
    amount = AmountField(label="The line should be", required=False)
    answer = forms.CharField(
        label="Answer", max_length=2000, widget=forms.Textarea(attrs={"rows": 3})
    )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        adjusts = cleaned.get("decision") == self.ADJUST
        if adjusts and not isinstance(cleaned.get("amount"), Decimal):
            self.add_error("amount", "Say what the line should be.")
        return cleaned


class TransferForm(forms.Form):
    """Where a payee goes, and from which day."""

    starts_on = forms.DateField(
        label="From", widget=forms.DateInput(attrs={"type": "date"})
    )
    manager = forms.ModelChoiceField(
        queryset=Payee.objects.none(), required=False, empty_label="Nobody"
    )
    territory = forms.ModelChoiceField(
        queryset=Territory.objects.none(), required=False, empty_label="None"
    )
    plan = forms.ModelChoiceField(
        queryset=Plan.objects.none(),
        required=False,
        empty_label="No new plan",
        label="New plan",
        to_field_name="slug",
    )

    def __init__(self, *args: Any, payee: Payee, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        others = Payee.objects.filter(merged_into__isnull=True, hidden=False)
        choices = {
            "manager": others.exclude(pk=payee.pk).order_by("name"),
            "territory": Territory.objects.filter(active=True).order_by("name"),
            "plan": Plan.objects.filter(archived=False).order_by("name"),
        }
        for name, rows in choices.items():
            self.fields[name].queryset = rows  # type: ignore[attr-defined]


class OpeningForm(forms.Form):
    """What a measure of a plan stood at on the day before a payee began here."""

    payee = forms.ModelChoiceField(queryset=Payee.objects.none())
    plan = forms.ModelChoiceField(queryset=Plan.objects.none())
    measure = forms.CharField(max_length=100)
    value = forms.CharField(
        label="Balance", max_length=40, widget=forms.TextInput({"inputmode": "decimal"})
    )
    as_of_day = forms.DateField(
        label="As of",
        widget=forms.DateInput(attrs={"type": "date"}),
        help_text="The day before the payee's first day here.",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        payees = Payee.objects.filter(merged_into__isnull=True, hidden=False)
        plans = Plan.objects.filter(archived=False)
        self.fields["payee"].queryset = payees.order_by("name")  # type: ignore[attr-defined]
        self.fields["plan"].queryset = plans.order_by("name")  # type: ignore[attr-defined]
