"""A version leaves as a file and comes back as the same version, to the last byte."""

import tempfile
from pathlib import Path

import pytest
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from commissions.plans import services
from commissions.plans.document import InvalidPlan
from commissions.plans.models import PlanVersion
from commissions.plans.templates_page import FOLDER
from commissions.plans.yaml_form import plan_from_yaml, plan_to_yaml
from tenants.accounts.models import Business, Role
from tests.people import a_member

PROJECT = Path(__file__).parents[3]
FILES = [
    *sorted(FOLDER.glob("*.yaml")),
    *sorted((PROJECT / "tests" / "plans").glob("*.yaml")),
    *sorted((PROJECT / "commissions_saas" / "demo" / "plans").glob("*.yaml")),
]
# What YAML reads as something else, or as nothing, unless it is quoted.
TRAPS = ["yes", "no", "~", "null", "1e3", "0x1F", "2026-11-01", "12:30", "- a", "a: b"]
TRAPS += ["# c", "&a", "*a", "!x", "%x", "@x", "`x", "'", '"', "|", ">", "{", "[", "<<"]
WORDS = st.one_of(
    st.sampled_from(TRAPS),
    st.text(
        st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufeff"),
        min_size=1,
        max_size=40,
    ).filter(lambda text: bool(text.strip())),
)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_plan_file_survives_the_round_trip(path: Path) -> None:
    document = plan_from_yaml(path.read_text())

    again = plan_from_yaml(plan_to_yaml(document))

    assert again.hash == document.hash
    assert plan_to_yaml(again) == plan_to_yaml(document)


@given(says=WORDS, name=WORDS, example=WORDS, because=st.lists(WORDS, max_size=3))
def test_whatever_people_write_survives_the_round_trip(
    says: str, name: str, example: str, because: list[str]
) -> None:
    document = _with_words(says, name, example, because)
    if document is None:
        return

    again = plan_from_yaml(plan_to_yaml(document))

    assert again.raw == document.raw
    assert again.hash == document.hash


def _with_words(says: str, name: str, example: str, because: list[str]):  # type: ignore[no-untyped-def]
    raw = {
        "plan": "Words",
        "currency": "USD",
        "says": says,
        "components": [
            {"key": "a", "name": name, "amount": "deal.amount * 6%", "says": says}
        ],
        "examples": [
            {
                "name": example,
                "because": because,
                "period": "2026-11",
                "deals": [{"id": "a", "won_on": "2026-11-04", "amount": "100"}],
                "expect": {"total": "6.00"},
            }
        ],
    }
    try:
        return services.document_of(PlanVersion(document=raw))
    except InvalidPlan:
        return None  # a sentence for it is tested elsewhere


def test_the_downloaded_file_makes_the_same_version_in_another_plan(
    acme: Business, client: Client
) -> None:
    ada = a_member(acme, "Ada", Role.ADMIN)
    text = (FOLDER / "draw.yaml").read_text()
    draft = services.create_plan(document=plan_from_yaml(text), by=ada)
    client.force_login(ada.user)

    file = client.get("/b/acme/plans/draw/versions/1/file/").content.decode()

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "draw.yaml"
        path.write_text(file)
        assert plan_from_yaml(path.read_text()).hash == draft.sha256
