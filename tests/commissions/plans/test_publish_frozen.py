"""The price that publishing consumes is of the same open and frozen periods."""

from datetime import date

import pytest

from commissions.plans import errors
from commissions.plans.models import Plan, Preview
from commissions.statements import previews
from commissions.statements.models import PayPeriod
from commissions.statements.services import freeze, reopen
from tenants.access import Member
from tenants.accounts.models import Business, Role
from tenants.accounts.models import Member as MemberRow
from tenants.jobs.services import run_all_jobs
from tests.commissions.plans.drafts import a_draft, previewed
from tests.commissions.statements import world
from tests.databases import Copy
from tests.people import a_member
from tests.security.test_races_and_cents import at_once, told, won

OCTOBER = date(2026, 10, 1)


@pytest.fixture
def finance(alice: MemberRow, acme: Business) -> Member:
    return world.acting(alice, acme)


@pytest.fixture
def october(plan: Plan) -> PayPeriod:
    """Maya sold a maintenance plan in October, too."""
    world.sync(world.a_deal("october", date(2026, 10, 5), "240", world.CARE))
    run_all_jobs()
    return PayPeriod.objects.get(slug="2026-10")


def test_freezing_between_look_and_press_is_a_reason_to_look_again(
    plan: Plan, october: PayPeriod, ada: Member, ben: Member, finance: Member
) -> None:
    found = previewed(a_draft(plan, ada), ben, OCTOBER)
    assert (found.summary["statements"], found.summary["frozen"]) == (2, 0)
    freeze(period=october, by=finance)

    with pytest.raises(errors.FiguresMoved, match=r"now 1 statement, \+\$100\.00"):
        previews.publish_previewed(preview=found, by=ben)

    instead = Preview.objects.get()
    assert (instead.summary["statements"], instead.summary["frozen"]) == (1, 1)
    assert previews.publish_previewed(preview=instead, by=ben).state == "published"


def test_opening_again_between_look_and_press_is_one_too(
    plan: Plan, october: PayPeriod, ada: Member, ben: Member, finance: Member
) -> None:
    freeze(period=october, by=finance)
    found = previewed(a_draft(plan, ada), ben, OCTOBER)
    reopen(period=october, by=finance)

    with pytest.raises(errors.FiguresMoved, match=r"now 2 statements, \+\$120\.00"):
        previews.publish_previewed(preview=found, by=ben)


def test_freezing_what_the_draft_leaves_alone_is_none(
    plan: Plan, october: PayPeriod, ada: Member, ben: Member, finance: Member
) -> None:
    world.sync(world.a_deal("june", date(2026, 7, 5), "9000", world.SYSTEM))
    run_all_jobs()
    found = previewed(a_draft(plan, ada), ben, date(2026, 7, 1))
    freeze(period=PayPeriod.objects.get(slug="2026-07"), by=finance)

    assert previews.publish_previewed(preview=found, by=ben).state == "published"


def test_a_freeze_and_a_press_at_once_agree_on_what_is_open(
    fresh_db: Copy, acme: Business, plan: Plan, ada: Member, ben: Member
) -> None:
    finance = a_member(acme, "Fay", Role.FINANCE)
    world.sync(world.a_deal("october", date(2026, 10, 5), "240", world.CARE))
    run_all_jobs()
    found = previewed(a_draft(plan, ada), ben, OCTOBER)
    period = PayPeriod.objects.get(slug="2026-10")

    answers = at_once(
        acme,
        lambda: previews.publish_previewed(preview=found, by=ben),
        lambda: freeze(period=period, by=finance),
    )

    # Whoever came second was refused: the figures moved, or changes are to be read.
    assert len(won(answers)) == 1, answers
    refusals = {"commissions.plans.errors", "commissions.statements.errors"}
    assert set(told(answers)) <= refusals, answers
