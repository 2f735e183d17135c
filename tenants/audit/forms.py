"""The filter of the trail."""

from typing import Any

from django import forms


class FilterForm(forms.Form):
    """Words, a person, a kind of object, and days."""

    q = forms.CharField(label="Words", required=False, max_length=100)
    by = forms.CharField(label="Who", required=False, max_length=100)
    kind = forms.ChoiceField(label="What", required=False)
    since = forms.DateField(
        label="From", required=False, widget=forms.DateInput({"type": "date"})
    )
    until = forms.DateField(
        label="To", required=False, widget=forms.DateInput({"type": "date"})
    )

    def __init__(self, *args: Any, kinds: list[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [("", "Everything"), *((kind, kind.title()) for kind in kinds)]
        self.fields["kind"] = forms.ChoiceField(
            label="What", required=False, choices=choices
        )
