"""What people send to the pages of connections."""

from collections import Counter
from typing import Any

from django import forms

from crm_sync.connections.models import SourceField
from crm_sync.ledger.models import Payee
from crm_sync.ledger.values import TYPES
from crm_sync.workbooks.limits import LARGEST_FILE

OBJECTS = (("deal", "Deals"), ("meeting", "Meetings"))
FILE_OBJECTS = (*OBJECTS, ("invoice", "Invoices"), ("payment", "Payments"))
CLOSE_OBJECTS = (
    *OBJECTS,
    ("call", "Calls"),
    ("email", "E-mails"),
    ("sms", "SMS"),
    ("note", "Notes"),
    ("task", "Tasks"),
    ("lead", "Leads"),
    ("contact", "Contacts"),
)
MEMBERS = (
    ("", "No"),
    ("yes", "Yes, each as a rep"),
    ("with rights", "Yes, and its administrators as administrators"),
)
TRANSFORMS = (("", "As it is"), ("cents", "Cents to money"), ("day", "Day of a moment"))


class NewConnectionForm(forms.Form):
    """A source and the key to it."""

    name = forms.CharField(
        max_length=200, initial="Close", help_text="How your people call it."
    )
    secret = forms.CharField(
        label="API key",
        max_length=500,
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
        help_text="In Close: Settings → Developer → API Keys. It is kept encrypted.",
        error_messages={"required": "Paste the key."},
    )
    objects = forms.MultipleChoiceField(
        label="What to read",
        choices=CLOSE_OBJECTS,
        initial=["deal"],
        widget=forms.CheckboxSelectMultiple,
        help_text="Tick all, and what your people made up themselves is read, too.",
        error_messages={"required": "Choose at least one."},
    )
    people = forms.BooleanField(
        label="Make a payee of everyone who sells there",
        required=False,
        initial=True,
        help_text="Whoever has left there gets a last day here; trailing pay goes on.",
    )
    members = forms.ChoiceField(
        label="Give them a log-in",
        choices=MEMBERS,
        required=False,
        help_text="Each is told by mail, and chooses a password.",
    )
    base_url = forms.CharField(
        label="Address of the API",
        max_length=500,
        required=False,
        help_text="Leave empty for Close's own.",
    )


class ObjectsForm(forms.Form):
    """What is read of a source."""

    objects = forms.MultipleChoiceField(
        label="What to read",
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": "Choose at least one."},
    )

    def __init__(self, *args: Any, offered: dict[str, str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["objects"]
        assert isinstance(field, forms.MultipleChoiceField)
        field.choices = list(offered.items())


class InboundForm(forms.Form):
    """A sender that has no CRM."""

    name = forms.CharField(
        max_length=200, initial="Webhook", help_text="How your people call the sender."
    )


class SampleForm(forms.Form):
    """A record as it would be sent."""

    object = forms.CharField(
        label="Object",
        max_length=60,
        required=False,
        help_text="Such as deal. May be left empty where the sample names it.",
    )
    sample = forms.CharField(
        label="Sample",
        max_length=100_000,
        widget=forms.Textarea(attrs={"rows": 12, "spellcheck": "false"}),
        help_text="JSON: a whole message with objectname and data, or the data alone.",
        error_messages={"required": "Paste a record."},
    )
    required = forms.CharField(
        label="Must be there",
        max_length=2000,
        required=False,
        help_text="Names of fields, with spaces between them.",
    )


class KeyForm(forms.Form):
    """Another key in place of the one that is there."""

    secret = forms.CharField(
        label="New API key",
        max_length=500,
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
        error_messages={"required": "Paste the new key."},
    )


class ReasonForm(forms.Form):
    """Why something is done."""

    reason = forms.CharField(
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 2}),
        error_messages={"required": "Write the reason in a sentence."},
    )


class UploadForm(forms.Form):
    """A CSV file or a workbook."""

    object = forms.ChoiceField(label="What it holds", choices=FILE_OBJECTS)
    file = forms.FileField(
        label="CSV file or XLSX workbook",
        help_text="At most 20 MB and 200,000 rows. Each row needs an id.",
        error_messages={"required": "Choose a file.", "empty": "The file is empty."},
    )

    def clean_file(self) -> Any:
        file = self.cleaned_data["file"]
        if file.size > LARGEST_FILE:
            raise forms.ValidationError("The file is larger than 20 MB.")
        return file


class MatchForm(forms.Form):
    """Which payee a source's user is, by name: one list serves all users of a page."""

    payee = forms.CharField(
        max_length=500, error_messages={"required": "Choose a payee."}
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        rows = Payee.objects.filter(merged_into__isnull=True, hidden=False)
        payees = list(rows.order_by("name", "pk"))
        names = Counter(payee.name for payee in payees)
        self.payees = {
            payee.name if names[payee.name] == 1 else _told_apart(payee): payee
            for payee in payees
        }

    def said_of(self, payee: Payee | None) -> str:
        """Return how the list calls a payee."""
        return next((said for said, one in self.payees.items() if one == payee), "")

    def clean_payee(self) -> Payee:
        said = self.cleaned_data["payee"]
        if said not in self.payees:
            raise forms.ValidationError(
                f"No payee is “{said}”: choose one of the list."
            )
        return self.payees[said]


def _told_apart(payee: Payee) -> str:
    known = payee.email or payee.employee_number or "no e-mail"
    return f"{payee.name}, {known}, number {payee.pk}"


class MappingRowForm(forms.Form):
    """One of our fields and what fills it."""

    label = forms.CharField(max_length=200, required=False)
    source = forms.ChoiceField(required=False)
    type = forms.ChoiceField(choices=[(name, name) for name in TYPES])
    transform = forms.ChoiceField(choices=TRANSFORMS, required=False)
    required = forms.BooleanField(required=False)
    listed = forms.BooleanField(required=False)

    def __init__(
        self, *args: Any, sources: list[SourceField], kept: str = "", **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        choices = [("", "Not mapped")]
        choices += [
            (row.path, row.label + (" (gone)" if row.vanished_at else ""))
            for row in sources
        ]
        if kept and kept not in {path for path, _ in choices}:
            choices.append((kept, f"{kept} (gone)"))
        field = self.fields["source"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = choices


class RoutesForm(forms.Form):
    """Which value of a field belongs to which business; one line each."""

    path = forms.ChoiceField(label="Field that names the business")

    def __init__(
        self, *args: Any, sources: list[SourceField], kept: str = "", **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        choices = [(row.path, row.label) for row in sources]
        if kept and kept not in {path for path, _ in choices}:
            choices.append((kept, kept))
        field = self.fields["path"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = choices
