"""Variables, rate tables and worked examples through the guided form."""

import pytest

from commissions.plans.document import InvalidPlan
from commissions.plans.form_blocks import FormBlock
from commissions.plans.form_door import document_from_form, form_of, raw_from_form
from commissions.plans.templates_page import plan_templates
from tests.commissions.plans_pure.test_form_door import sent_back

TIERS = plan_templates()["tiers"].document.raw


def sent(**changed: str) -> dict[str, str]:
    """Send the form of the plan with tiers, with some fields changed."""
    return sent_back(form_of(TIERS)) | {
        k.replace("_", "-"): changed[k] for k in changed
    }


@pytest.mark.parametrize("name", list(plan_templates()))
def test_a_template_is_the_same_after_the_form(name: str) -> None:
    document = plan_templates()[name].document

    again = document_from_form(document.raw, sent_back(form_of(document.raw)))

    assert again.hash == document.hash


def test_tiers_are_changed_in_lines_with_or_without_their_heading() -> None:
    rows = [{"from": "0", "rate": "5%"}, {"from": "50000", "rate": "9%"}]

    named = raw_from_form(TIERS, sent(t0_rows="from, rate\r\n0, 5%\r\n50000, 9%\r\n"))
    bare = raw_from_form(TIERS, sent(t0_rows="0,5%\n\n50000,9%"))

    assert named["tables"] == bare["tables"]
    assert named["tables"] == {"volume": {"unit": "money", "rows": rows}}


def test_rows_that_cannot_be_read_stay_as_they_were_typed() -> None:
    typed = "from,rate\n0,5%,and more"

    with pytest.raises(InvalidPlan):
        document_from_form(TIERS, sent(t0_rows=typed))

    block = form_of(raw_from_form(TIERS, sent(t0_rows=typed)))["tables"][0]
    assert isinstance(block, FormBlock)
    assert block.rows[0].value == typed


def test_an_example_is_added_with_what_each_deal_pays() -> None:
    raw = raw_from_form(
        TIERS,
        sent(
            e1_name="Two deals",
            e1_period="2026-11",
            e1_total="150.00",
            e1_deals="id,won_on,amount,pays\na,2026-11-02,1000,50\nb,2026-11-03,2000,",
        ),
    )

    assert list(raw["examples"])[1] == {
        "name": "Two deals",
        "period": "2026-11",
        "deals": [
            {"id": "a", "won_on": "2026-11-02", "amount": "1000"},
            {"id": "b", "won_on": "2026-11-03", "amount": "2000"},
        ],
        "expect": {"total": "150.00", "lines": {"a": "50"}},
    }


def test_what_is_emptied_is_gone_and_what_is_not_sent_is_kept() -> None:
    emptied = raw_from_form(TIERS, sent(t0_name="", e0_name="", e0_deals=""))
    short = {k: v for k, v in sent().items() if k[0] not in "tev"}

    assert "tables" not in emptied
    assert "examples" not in emptied
    kept = raw_from_form(TIERS, short)
    assert kept["tables"] == TIERS["tables"]
    assert kept["examples"] == TIERS["examples"]


def test_a_value_of_each_payee_has_a_type_and_may_have_a_default() -> None:
    raw = raw_from_form(
        TIERS, sent(v0_name="quota", v0_type="money", v0_default="90000")
    )

    assert raw["variables"] == {"quota": {"type": "money", "default": "90000"}}
    assert form_of(raw)["examples"][0].short[3].name == "e0-values"


def test_an_example_of_several_payees_is_left_to_the_file() -> None:
    split = plan_templates()["split"].document.raw

    assert form_of(split)["examples"][0] == FormBlock(
        "Sixty and forty, and a specialist on top", ()
    )
