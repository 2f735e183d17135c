"""The guided form: it shows what a plan has, and sends back the same plan."""

from pathlib import Path

import pytest

from commissions.plans.form_blocks import FormBlock, FormField
from commissions.plans.form_door import document_from_form, form_of
from commissions.plans.yaml_form import plan_from_yaml

PLANS = sorted((Path(__file__).resolve().parents[2] / "plans").glob("*.yaml"))


@pytest.mark.parametrize("path", PLANS, ids=lambda path: path.stem)
def test_a_form_that_is_sent_back_as_it_was_shown_changes_nothing(path: Path) -> None:
    document = plan_from_yaml(path.read_text())

    again = document_from_form(document.raw, sent_back(form_of(document.raw)))

    assert again.hash == document.hash


def sent_back(form: dict[str, object]) -> dict[str, str]:
    sent: dict[str, str] = {}
    for part in form.values():
        assert isinstance(part, list | tuple)
        for item in part:
            fields = item.fields if isinstance(item, FormBlock) else [item]
            for field in fields:
                assert isinstance(field, FormField)
                sent[field.name] = field.value
    return sent


def test_the_weeks_that_the_business_pays_by_can_be_chosen() -> None:
    own = "4-4-5 to the last Saturday of January"

    (field,) = (one for one in form_of({}, own)["head"] if one.name == "pays")

    assert (own, own) in field.options
