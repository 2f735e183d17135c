"""What people send to the pages of payees, products and territories."""

from typing import Any

from django import forms

from crm_sync.ledger.models import Payee, Territory


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


class FileForm(forms.Form):
    """A CSV file like the download."""

    file = forms.FileField(
        label="CSV file",
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
