"""What people send to the pages of payees, named things and facts by date."""

from datetime import date
from typing import Any

from django import forms

from crm_sync.ledger.days import ALWAYS
from crm_sync.ledger.models import Payee, SellRight, Territory


class PayeeForm(forms.Form):
    """What is known of a payee."""

    name = forms.CharField(max_length=200)
    email = forms.EmailField(required=False, label="E-mail")
    employee_number = forms.CharField(max_length=40, required=False)
    title = forms.CharField(max_length=100, required=False)
    leaves_on = forms.DateField(
        required=False,
        label="Last day",
        widget=forms.DateInput(attrs={"type": "date"}),
        help_text="Pay for earlier deals goes on after it.",
    )
    attributes = forms.CharField(
        required=False,
        label="Attributes",
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text="One in each line, like level: senior. Formulas read payee.level.",
    )

    def clean_attributes(self) -> dict[str, str]:
        return read_attributes(self.cleaned_data["attributes"])


class NamedForm(forms.Form):
    """A product or territory; its name is what the source calls it."""

    name = forms.CharField(max_length=200)
    attributes = forms.CharField(
        required=False,
        label="Attributes",
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text="One in each line, like family: roofs.",
    )
    active = forms.BooleanField(required=False, initial=True, label="In use")

    def clean_attributes(self) -> dict[str, str]:
        return read_attributes(self.cleaned_data["attributes"])


class PlacementForm(forms.Form):
    """Whom a payee reports to and where they sell, from a day."""

    manager = forms.ModelChoiceField(
        queryset=Payee.objects.none(), required=False, empty_label="Nobody"
    )
    territory = forms.ModelChoiceField(
        queryset=Territory.objects.none(), required=False, empty_label="None"
    )
    starts_on = forms.DateField(
        label="From", widget=forms.DateInput(attrs={"type": "date"})
    )
    ends_on = forms.DateField(
        label="To", required=False, widget=forms.DateInput(attrs={"type": "date"})
    )

    def __init__(self, *args: Any, payee: Payee, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        others = Payee.objects.filter(merged_into__isnull=True, hidden=False)
        for name, rows in (
            ("manager", others.exclude(pk=payee.pk).order_by("name")),
            ("territory", Territory.objects.filter(active=True).order_by("name")),
        ):
            field = self.fields[name]
            assert isinstance(field, forms.ModelChoiceField)
            field.queryset = rows


class MergeForm(forms.Form):
    """Into whom a payee is merged."""

    into = forms.ModelChoiceField(
        queryset=Payee.objects.none(), empty_label="Choose a payee"
    )

    def __init__(self, *args: Any, payee: Payee, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        others = Payee.objects.filter(merged_into__isnull=True, hidden=False)
        field = self.fields["into"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = others.exclude(pk=payee.pk).order_by("name")


class SpanForm(forms.Form):
    """From a day to a day, both included."""

    starts_on = forms.DateField(
        label="From", widget=forms.DateInput(attrs={"type": "date"})
    )
    ends_on = forms.DateField(
        label="To", required=False, widget=forms.DateInput(attrs={"type": "date"})
    )


class LongSpanForm(SpanForm):
    """From a day on, or always."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["starts_on"].required = False
        self.fields["starts_on"].help_text = "Left empty, it has always held."

    def clean_starts_on(self) -> date:
        given: date | None = self.cleaned_data["starts_on"]
        return given or ALWAYS


class ValueForm(LongSpanForm):
    """What somebody or something has from a day on; an empty value takes it away."""

    key = forms.CharField(
        label="What", max_length=60, help_text="Like salary, hours, score or family."
    )
    value = forms.CharField(
        max_length=200,
        required=False,
        help_text="An empty one takes what is there away.",
    )
    field_order = ("key", "value", "starts_on", "ends_on")


class LeaveForm(SpanForm):
    """Days on which a payee is away."""

    reason = forms.CharField(max_length=200, required=False)


class SellRightForm(LongSpanForm):
    """A product or service that a payee may sell."""

    kind = forms.ChoiceField(choices=SellRight.Kind.choices, label="Kind")
    name = forms.CharField(max_length=200)
    field_order = ("kind", "name", "starts_on", "ends_on")


class RateForm(SpanForm):
    """What one unit of a currency is worth in another, and who says so."""

    currency = forms.CharField(label="One", max_length=3, help_text="Like EUR.")
    rate = forms.CharField(label="Is worth", max_length=30, help_text="Like 1.0842.")
    into = forms.CharField(label="In", max_length=3, help_text="Like USD.")
    source = forms.CharField(
        max_length=200, help_text="Who published it: lines name the source."
    )
    field_order = ("currency", "rate", "into", "starts_on", "ends_on", "source")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["ends_on"].help_text = "Left empty, it is the rate of that day."


class FileForm(forms.Form):
    """A CSV file or a workbook like the download."""

    file = forms.FileField(
        label="CSV file or XLSX workbook",
        help_text="Columns as in the download. An empty cell empties what is there; a "
        "column that is missing leaves it.",
    )


def read_attributes(text: str) -> dict[str, str]:
    """Read `level: senior`, one in each line."""
    found: dict[str, str] = {}
    for line in text.splitlines():
        if not line.strip():
            continue
        key, colon, value = line.partition(":")
        if not colon or not key.strip():
            raise forms.ValidationError(f"“{line[:40]}” is not like level: senior.")
        found[key.strip()] = value.strip()
    return found


def write_attributes(attributes: dict[str, Any]) -> str:
    """Write attributes as the form reads them."""
    return "\n".join(f"{key}: {value}" for key, value in sorted(attributes.items()))
