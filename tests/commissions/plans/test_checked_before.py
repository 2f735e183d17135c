"""What publishing would refuse is shown while one writes, not at the end."""

import pytest
from django.test import Client

from commissions.plans.models import PlanVersion
from commissions.plans.services import create_plan
from commissions.plans.yaml_form import plan_from_yaml
from tenants.accounts.models import Business, Role
from tests.commissions.plans.drafts import FLAT, text_of
from tests.people import a_member

DRAFT = "/b/acme/plans/flat/draft/"
EUROS = FLAT.replace("currency: USD", "currency: EUR")
WEEKLY = FLAT.replace(
    "base * 6%}", "base * 6%}\n  - {key: week, per: period, over: week, amount: '5'}"
).replace("currency: USD", "currency: USD\npays: week")


@pytest.fixture
def draft(acme: Business, client: Client) -> PlanVersion:
    ada = a_member(acme, "Ada", Role.ADMIN)
    client.force_login(ada.user)
    return create_plan(document=plan_from_yaml(FLAT), by=ada)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (EUROS, "Flat pays in EUR, and statements here are in USD"),
        (WEEKLY, "weeks are not made of whole months"),
    ],
)
def test_the_check_while_typing_says_what_publishing_would_refuse(
    draft: PlanVersion, client: Client, text: str, words: str
) -> None:
    typed = client.post(f"{DRAFT}check/", {"text": text})
    pressed = client.post(f"{DRAFT}?as=yaml", {"text": text, "do": "check"})

    for answer in (typed, pressed):
        assert answer.status_code == 200
        assert words in text_of(answer)
        assert "every worked example gives" not in text_of(answer)


def test_a_saved_draft_says_it_when_it_is_opened(
    draft: PlanVersion, client: Client
) -> None:
    client.post(f"{DRAFT}?as=yaml", {"text": EUROS, "do": "save", "edition": "1"})

    assert "pays in EUR" in text_of(client.get(DRAFT))


def test_a_sound_draft_says_so(draft: PlanVersion, client: Client) -> None:
    typed = client.post(f"{DRAFT}check/", {"text": FLAT})

    assert "every worked example gives what it promises" in text_of(typed)


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_a_problem_of_the_file_says_its_line_and_column_there(
    draft: PlanVersion, client: Client, newline: str
) -> None:
    text = f"# The plan for 2026\n{FLAT}".replace("deal.amount,", "deal.amuont,")
    line = text[: text.index("deal.amuont")].count("\n") + 1
    column = text.split("\n")[line - 1].index("deal.amuont") + 1
    sent = text.replace("\n", newline)

    typed = client.post(f"{DRAFT}check/", {"text": sent})
    pressed = client.post(f"{DRAFT}?as=yaml", {"text": sent, "do": "check"})
    broken = client.post(f"{DRAFT}?as=yaml", {"text": sent + "colour: red\n"})
    begun = client.post("/b/acme/plans/new/", {"text": sent + "colour: red\n"})

    for answer in (typed, pressed):
        assert f"Line {line}, column {column} of the file." in text_of(answer)
    for answer in (broken, begun):
        assert answer.status_code == 422
        assert f"Line {text.count(chr(10)) + 1}, colour: “colour”" in text_of(answer)
