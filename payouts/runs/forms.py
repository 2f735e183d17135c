"""What people send to payout pages, read exactly."""

from django import forms


class SeenForm(forms.Form):
    """What the person saw when they pressed: the run's version and the total."""

    seen_version = forms.IntegerField(min_value=1)
    seen_total = forms.DecimalField(max_digits=19, decimal_places=4)


class ApproveForm(SeenForm):
    """Some payees, or all that are ready."""

    payouts = forms.TypedMultipleChoiceField(coerce=int)

    def __init__(self, *args: object, choices: list[int], **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        field = self.fields["payouts"]
        assert isinstance(field, forms.TypedMultipleChoiceField)
        field.choices = [(pk, str(pk)) for pk in choices]


class ReasonForm(forms.Form):
    """Why a payee is held or rejected, or a payment came back."""

    reason = forms.CharField(
        max_length=500,
        strip=True,
        error_messages={"required": "Write the reason in a sentence."},
    )


class ExportForm(forms.Form):
    """Which file, and why another one where there is one already."""

    format = forms.CharField(max_length=30)
    seen_total = forms.DecimalField(max_digits=19, decimal_places=4)
    reason = forms.CharField(max_length=500, required=False)


class PaidForm(forms.Form):
    """The day and the bank's reference of a payment."""

    paid_on = forms.DateField(
        error_messages={"invalid": "Write the day like 2026-12-15."}
    )
    reference = forms.CharField(max_length=100)
    seen_total = forms.DecimalField(max_digits=19, decimal_places=4)


def first_problem(form: forms.Form) -> str:
    """Return the first thing that is wrong, with the field that it is about."""
    for name, problems in form.errors.items():
        label = name.replace("_", " ")
        return f"{label.capitalize()}: {problems[0]}"
    return ""
