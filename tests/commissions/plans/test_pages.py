"""Plan pages: each opens, says what is wrong with a caret, and saves by both doors."""

from datetime import date

import pytest
from django.test import Client

from commissions.plans import services
from commissions.plans.models import PlanVersion
from commissions.plans.yaml_form import plan_from_yaml, plan_to_yaml
from tenants.access import Member
from tenants.accounts.models import Business, Role
from tenants.jobs.services import run_all_jobs, without_sending
from tests.commissions.plans.drafts import FLAT
from tests.people import a_group_member, a_member

BASE = "/b/acme/plans"


@pytest.fixture
def draft(acme: Business, ada: Member) -> PlanVersion:
    return services.create_plan(document=plan_from_yaml(FLAT), by=ada)


@pytest.fixture
def page(client: Client, ada: Member) -> Client:
    client.force_login(ada.user)
    return client


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/new/",
        "/flat/",
        "/flat/draft/",
        "/flat/draft/?as=yaml",
        "/flat/draft/impact/",
        "/flat/versions/1/",
        "/flat/versions/1/file/",
        "/../functions/",
        "/../assignments/",
        "/../assignments/new/?plan=flat",
        "/../assignments/upload/",
        "/../tables/",
        "/../tables/new/",
    ],
)
def test_a_plan_page_opens(page: Client, draft: PlanVersion, path: str) -> None:
    answer = page.get(
        BASE.replace("/plans", "") + path[3:] if ".." in path else BASE + path
    )

    assert answer.status_code == 200


def test_a_mistake_is_shown_with_its_place(page: Client, draft: PlanVersion) -> None:
    text = FLAT.replace("deal.amount,", "deal.amuont,")

    answer = page.post(f"{BASE}/flat/draft/check/", {"text": text})

    body = answer.content.decode()
    assert "deal.amuont" in body and "^^^" in body
    assert "deal.amount" in body


def test_a_gate_that_asks_for_a_day_is_warned_of(
    page: Client, draft: PlanVersion
) -> None:
    gate = "    payable_when: period.ends_on >= deal.won_on\n    waiting_for: the day\n"
    text = FLAT.replace(
        "components:\n", f"components:\n  - key: late\n    amount: 1\n{gate}"
    )

    answer = page.post(f"{BASE}/flat/draft/check/", {"text": text})

    assert "time alone does not open it" in answer.content.decode()


def test_a_file_is_saved(page: Client, draft: PlanVersion) -> None:
    text = FLAT.replace("6%", "7%").replace("6.00", "7.00")

    answer = page.post(
        f"{BASE}/flat/draft/?as=yaml", {"text": text, "edition": "1", "do": "save"}
    )

    assert answer.status_code == 302
    draft.refresh_from_db()
    assert draft.document["components"][0]["amount"] == "base * 7%"


def test_the_form_saves_the_same_object(page: Client, draft: PlanVersion) -> None:
    shown = page.get(f"{BASE}/flat/draft/").context["form_parts"]
    fields = [*shown["head"]]
    for block in [*shown["components"], *shown["measures"]]:
        fields += block.fields
    sent = {field.name: field.value for field in fields}

    page.post(f"{BASE}/flat/draft/", {**sent, "edition": "1", "do": "save"})

    draft.refresh_from_db()
    assert draft.sha256 == plan_from_yaml(FLAT).hash
    assert draft.edition == 1, "nothing was edited"


def test_text_that_is_no_plan_stays_in_the_editor(
    page: Client, draft: PlanVersion
) -> None:
    answer = page.post(
        f"{BASE}/flat/draft/?as=yaml",
        {"text": "plan: [unfinished", "edition": "1", "do": "save"},
    )

    assert answer.status_code == 422
    assert "plan: [unfinished" in answer.content.decode()
    draft.refresh_from_db()
    assert draft.edition == 1


def test_a_save_over_somebody_elses_is_refused_and_keeps_the_text(
    page: Client, draft: PlanVersion, ada: Member
) -> None:
    other = plan_from_yaml(FLAT.replace("6%", "6.0%"))
    services.save_draft(draft=draft, document=other, seen_edition=1, by=ada)

    answer = page.post(
        f"{BASE}/flat/draft/?as=yaml",
        {"text": plan_to_yaml(plan_from_yaml(FLAT)), "edition": "1", "do": "save"},
    )

    assert answer.status_code == 409
    assert "Somebody saved version 1" in answer.content.decode()


def test_publishing_ones_own_draft_is_refused(page: Client, draft: PlanVersion) -> None:
    answer = page.post(f"{BASE}/flat/draft/publish/", {"starts_on": "2026-11-01"})

    assert answer.status_code == 409
    draft.refresh_from_db()
    assert draft.state == PlanVersion.State.DRAFT


def test_a_version_in_force_shows_on_its_plan(
    page: Client, draft: PlanVersion, acme: Business
) -> None:
    ben = a_member(acme, "Ben", Role.ADMIN)
    services.publish_version(draft=draft, starts_on=date(2020, 1, 1), by=ben)

    body = page.get(f"{BASE}/flat/").content.decode()

    assert "Version 1 in force since" in body


def test_who_is_alone_is_told_how_a_plan_gets_published(
    client: Client, acme: Business
) -> None:
    owner = a_group_member(acme, "Nina", Role.OWNER)
    services.create_plan(document=plan_from_yaml(FLAT), by=owner)
    client.force_login(owner.user)

    with without_sending():
        client.post(f"{BASE}/flat/draft/impact/", {"starts_on": "2026-11-01"})
        run_all_jobs()

    alone = client.get(f"{BASE}/flat/draft/impact/").content.decode()
    a_member(acme, "Ben", Role.ADMIN)
    helped = client.get(f"{BASE}/flat/draft/impact/").content.decode()

    assert "There is no other admin yet." in alone
    assert 'href="/b/acme/settings/">turn on solo mode' in alone
    assert "another admin must publish it: Ben may." in helped
    assert "solo mode" not in helped
