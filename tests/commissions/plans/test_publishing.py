"""A plan is published by a second person, once its examples pass, and never changes."""

from datetime import date

import pytest
from django.db import IntegrityError, transaction

from commissions.plans import errors, services
from commissions.plans.document import InvalidPlan
from commissions.plans.models import PlanVersion
from commissions.plans.yaml_form import plan_from_yaml, plan_to_yaml
from tenants.access import Member
from tenants.accounts.models import Business
from tests.commissions.plans.drafts import FLAT


@pytest.fixture
def draft(acme: Business, ada: Member) -> PlanVersion:
    return services.create_plan(document=plan_from_yaml(FLAT), by=ada)


def test_a_second_person_publishes(
    draft: PlanVersion, ada: Member, ben: Member
) -> None:
    with pytest.raises(errors.NeedsSecondPerson, match="someone else must publish"):
        services.publish_version(draft=draft, starts_on=date(2026, 11, 1), by=ada)

    version = services.publish_version(draft=draft, starts_on=date(2026, 11, 1), by=ben)

    assert version.state == PlanVersion.State.PUBLISHED
    assert version.opened is not None


def test_in_solo_mode_one_person_is_enough(
    acme: Business, draft: PlanVersion, ada: Member
) -> None:
    acme.solo_mode = True

    version = services.publish_version(draft=draft, starts_on=date(2026, 11, 1), by=ada)

    assert version.state == PlanVersion.State.PUBLISHED


def test_a_failing_example_stops_publishing(
    draft: PlanVersion, ada: Member, ben: Member
) -> None:
    wrong = plan_from_yaml(FLAT.replace("total: 6.00", "total: 6.01"))
    saved = services.save_draft(draft=draft, document=wrong, seen_edition=1, by=ada)

    with pytest.raises(errors.ExamplesFail, match="“Six percent”"):
        services.publish_version(draft=saved, starts_on=date(2026, 11, 1), by=ben)

    saved.refresh_from_db()
    assert saved.state == PlanVersion.State.DRAFT


def test_a_plan_without_examples_is_not_published(
    draft: PlanVersion, ada: Member, ben: Member
) -> None:
    bare = plan_from_yaml(FLAT.partition("examples:")[0])
    saved = services.save_draft(draft=draft, document=bare, seen_edition=1, by=ada)

    with pytest.raises(errors.NoExamples):
        services.publish_version(draft=saved, starts_on=date(2026, 11, 1), by=ben)


def test_the_second_save_of_the_same_edition_is_not_taken(
    draft: PlanVersion, ada: Member, ben: Member
) -> None:
    document = plan_from_yaml(FLAT.replace("6%", "6.0%"))
    services.save_draft(draft=draft, document=document, seen_edition=1, by=ada)

    with pytest.raises(errors.SomebodySaved):
        services.save_draft(
            draft=draft, document=plan_from_yaml(FLAT), seen_edition=1, by=ben
        )

    draft.refresh_from_db()
    assert draft.sha256 == document.hash


def test_a_published_version_is_never_saved_again(
    draft: PlanVersion, ada: Member, ben: Member
) -> None:
    services.publish_version(draft=draft, starts_on=date(2026, 11, 1), by=ben)
    other = plan_from_yaml(FLAT.replace("6%", "7%"))

    with pytest.raises(errors.NotADraft, match="never changes"):
        services.save_draft(draft=draft, document=other, seen_edition=1, by=ada)


def test_saving_what_stands_there_makes_nobody_its_author(
    draft: PlanVersion, ada: Member, ben: Member
) -> None:
    same = services.save_draft(
        draft=draft, document=plan_from_yaml(FLAT), seen_edition=1, by=ben
    )

    assert (same.edited_by_id, same.edition) == (ada.user_id, 1)
    with pytest.raises(errors.NeedsSecondPerson):
        services.publish_version(draft=same, starts_on=date(2026, 11, 1), by=ada)


def test_the_file_of_a_version_makes_the_same_version(draft: PlanVersion) -> None:
    document = services.document_of(draft)

    again = plan_from_yaml(plan_to_yaml(document))

    assert again.hash == draft.sha256


def test_a_plan_has_one_draft_whatever_code_writes_it(draft: PlanVersion) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        PlanVersion.objects.create(
            plan=draft.plan,
            number=2,
            document={},
            sha256="",
            edited_at=draft.edited_at,
        )


def test_a_monthly_bonus_is_not_published_where_weeks_are_paid(
    acme: Business, ada: Member, ben: Member
) -> None:
    bonus = FLAT.replace(
        "amount: base * 6%}",
        "amount: base * 6%}\n  - {key: bonus, per: month, amount: 1}",
    )
    draft = services.create_plan(document=plan_from_yaml(bonus), by=ada)
    acme.pay_calendar = "week"

    with pytest.raises(InvalidPlan, match="months are not made of whole weeks"):
        services.publish_version(draft=draft, starts_on=date(2026, 11, 1), by=ben)
