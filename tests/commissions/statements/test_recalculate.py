"""A change recalculates what it touches, and says by how much and why."""

from datetime import date
from decimal import Decimal

import pytest
from django.db import IntegrityError, connection, transaction

from commissions.plans.models import Plan
from commissions.statements.models import Cause, Line, Run, Statement, StoredMeasure
from commissions.statements.recalculate import recalculate
from commissions_saas.lib import clock
from crm_sync.ledger.models import Entry, Payee
from tenants.jobs.services import run_all_jobs
from tenants.rollup.models import DetailFact, PayeeFact
from tests.commissions.statements import world
from tests.commissions.statements.world import CARE, SYSTEM, a_deal, sync


def amounts(row: Statement) -> dict[str, Decimal]:
    return {
        Entry.objects.get(pk=line.entry_id).external_id: line.amount
        for line in world.live(row)
        if line.entry_id
    }


def test_a_month_of_deals_becomes_a_statement_to_the_cent(
    advisor_plan: Plan, maya: Payee, theo: Payee
) -> None:
    sync(*world.novembers_deals())

    world.catch_up()

    row = world.statement(maya, "2026-11")
    assert (row.total, row.waiting) == (Decimal("5728.12"), Decimal("831.39"))
    assert row.payable == row.total - row.waiting
    assert amounts(row)["sandoval"] == Decimal("756.53")
    assert world.statement(theo, "2026-11").total == Decimal("648.00")


def test_the_storys_change_has_three_causes_that_add_up(
    advisor_plan: Plan, maya: Payee, theo: Payee
) -> None:
    sync(*world.novembers_deals())
    world.catch_up()
    before = world.statement(maya, "2026-11").total

    with clock.at(world.moment(24, 15, 14)):
        sync(world.whitcomb_is_corrected())
        sync(world.kesslers_plan_is_won())
        recalculate()

    row = world.statement(maya, "2026-11")
    causes = Cause.objects.filter(
        payee_id=maya.pk, period_id=row.period_id, change_number__isnull=False
    ).order_by("change_number", "knock_on")
    effects = [cause.effect for cause in causes if cause.at == world.moment(24, 15, 14)]
    assert effects == [Decimal("-150.00"), Decimal("-50.00"), Decimal("40.00")]
    assert row.total - before == sum(effects) == Decimal("-160.00")
    knock_on = causes.get(knock_on=True)
    assert knock_on.words == (
        "Sandoval residence — your volume fell by 2,500.00, so less of this deal is "
        "above the 8 % tier"
    )


def test_a_full_recalculation_gives_the_same_lines_and_writes_nothing(
    advisor_plan: Plan, maya: Payee
) -> None:
    sync(*world.novembers_deals())
    world.catch_up()
    sync(world.whitcomb_is_corrected())
    world.catch_up()
    before = list(Line.objects.order_by("pk").values()), world.written()
    runs = Run.objects.count()

    summary = recalculate(everything=True)

    assert (summary.statements, summary.opened, summary.closed) == (0, 0, 0)
    assert (list(Line.objects.order_by("pk").values()), world.written()) == before
    assert Run.objects.count() == runs


def test_nothing_is_read_or_written_when_nothing_changed(
    advisor_plan: Plan, maya: Payee, django_assert_max_num_queries: object
) -> None:
    sync(*world.novembers_deals())
    world.catch_up()

    with django_assert_max_num_queries(25):  # type: ignore[operator]
        summary = recalculate()

    assert summary.statements == 0


def test_only_the_lines_that_differ_are_closed_and_opened(
    advisor_plan: Plan, maya: Payee
) -> None:
    sync(*world.novembers_deals())
    world.catch_up()

    sync(world.whitcomb_is_corrected())
    summary = recalculate()

    # Whitcomb itself, and Sandoval, which now crosses the tier later. Pruitt does not.
    assert (summary.statements, summary.opened, summary.closed) == (1, 2, 2)


def test_a_deal_that_moves_to_another_month_leaves_one_statement_for_the_other(
    advisor_plan: Plan, maya: Payee
) -> None:
    sync(a_deal("late", date(2026, 11, 2), "240", CARE))
    world.catch_up()

    with clock.at(world.moment(24, 9)):
        sync(a_deal("late", date(2026, 10, 30), "240", CARE))
        world.catch_up()

    assert world.statement(maya, "2026-11").total == 0
    assert world.statement(maya, "2026-10").total == Decimal("40.00")


def test_a_deal_that_changes_hands_leaves_one_payee_for_the_other(
    advisor_plan: Plan, maya: Payee, theo: Payee
) -> None:
    sync(a_deal("care", date(2026, 11, 2), "240", CARE))
    world.catch_up()

    with clock.at(world.moment(24, 9)):
        sync(a_deal("care", date(2026, 11, 2), "240", CARE, owner="user_theo"))
        world.catch_up()

    assert world.statement(maya, "2026-11").total == 0
    assert world.statement(theo, "2026-11").total == Decimal("40.00")


def test_a_lost_deal_leaves_an_open_statement(advisor_plan: Plan, maya: Payee) -> None:
    sync(a_deal("tran", date(2026, 11, 3), "10200", SYSTEM))
    world.catch_up()

    with clock.at(world.moment(24, 9)):
        sync(world.lost("tran", date(2026, 11, 3), date(2026, 11, 24), "10200", SYSTEM))
        world.catch_up()

    assert world.statement(maya, "2026-11").total == 0


def test_a_new_version_recalculates_from_the_day_it_is_in_force(
    advisor_plan: Plan, maya: Payee
) -> None:
    sync(
        a_deal("october", date(2026, 10, 5), "240", CARE),
        a_deal("november", date(2026, 11, 5), "240", CARE),
    )
    world.catch_up()

    text = world.plan_text("comfort_advisor").replace("40 * deal", "60 * deal")
    world.publish(advisor_plan, text, date(2026, 11, 1))
    world.catch_up()

    assert world.statement(maya, "2026-10").total == Decimal("40.00")
    assert world.statement(maya, "2026-11").total == Decimal("60.00")


def test_a_deal_without_a_value_that_its_plan_needs_fails_loudly(
    advisor_plan: Plan, maya: Payee
) -> None:
    text = world.plan_text("comfort_advisor").replace(
        "or_else(deal.dealer_fee, 0)", "deal.dealer_fee"
    )
    world.publish(advisor_plan, text, date(2026, 11, 1))
    sync(a_deal("whitcomb", date(2026, 11, 9), "41250", SYSTEM))

    world.catch_up()

    row = world.statement(maya, "2026-11")
    (line,) = world.live(row)
    assert row.failures == 1
    assert line.amount == Decimal(0)
    assert '"deal.dealer_fee" has no value here' in line.failed


def test_measures_are_stored_and_closed_when_they_move(
    advisor_plan: Plan, maya: Payee
) -> None:
    sync(*world.novembers_deals())
    world.catch_up()
    sync(world.whitcomb_is_corrected())
    world.catch_up()

    rows = StoredMeasure.objects.filter(payee_id=maya.pk, name__endswith="/volume")
    values = [row.value for row in rows.filter(period_slug="2026-11").order_by("pk")]
    assert values == [Decimal("85426.5"), Decimal("82926.5")]
    assert rows.filter(period_slug="2026-11", closed_run__isnull=True).count() == 1


def test_roll_up_facts_are_the_statement(advisor_plan: Plan, maya: Payee) -> None:
    sync(*world.novembers_deals())
    world.catch_up()

    fact = PayeeFact.objects.get(payee_id=maya.pk, period="2026-11")
    row = world.statement(maya, "2026-11")
    details = DetailFact.objects.filter(payee_id=maya.pk, period="2026-11")
    assert (fact.earned, fact.waiting) == (row.total, row.waiting)
    assert (fact.quota, fact.attained) == (Decimal("90000"), Decimal("85426.5"))
    assert sum(detail.earned for detail in details) == row.total
    assert details.get(product=CARE).earned == Decimal("160.00")


def test_a_job_catches_up_after_every_change(advisor_plan: Plan, maya: Payee) -> None:
    sync(*world.novembers_deals())

    done = run_all_jobs()

    assert {job.kind for job in done} == {"catch_up"}
    assert world.statement(maya, "2026-11").total == Decimal("5728.12")


def test_somebody_on_a_plan_without_deals_has_an_empty_statement(
    advisor_plan: Plan, theo: Payee
) -> None:
    world.catch_up()

    row = world.statement(theo, "2026-11")
    assert row.total == Decimal(0)
    assert row.calculated_at is not None


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE statements_line SET amount = 1",
        "UPDATE statements_line SET closed_run = NULL",
        "UPDATE statements_line SET closed_run = 9, amount = 1",
        "DELETE FROM statements_line",
        "UPDATE statements_cause SET effect = 1",
        "DELETE FROM statements_cause",
    ],
)
def test_the_database_refuses_to_change_a_line_or_a_cause(
    advisor_plan: Plan, maya: Payee, statement: str
) -> None:
    sync(a_deal("care", date(2026, 11, 2), "240", CARE))
    world.catch_up()

    with (
        pytest.raises(IntegrityError),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)


def test_very_many_changes_at_once_are_one_cause(
    advisor_plan: Plan, maya: Payee
) -> None:
    world.catch_up()
    before = Cause.objects.count()
    first = date(2026, 11, 1)
    sync(*(a_deal(f"many_{number}", first, "240", CARE) for number in range(60)))

    recalculate()

    (cause,) = Cause.objects.filter(payee_id=maya.pk)[before:]
    assert (cause.change_number, cause.effect) == (None, Decimal("2400.00"))
    assert cause.words == "60 changes"


def test_a_calculation_gives_way_to_one_that_has_read_further(
    advisor_plan: Plan, maya: Payee
) -> None:
    sync(*world.novembers_deals())
    world.catch_up()
    Statement.objects.filter(payee_id=maya.pk).update(change=10_000)
    sync(world.whitcomb_is_corrected())

    recalculate()

    row = world.statement(maya, "2026-11")
    assert (row.change, row.total) == (10_000, Decimal("5728.12"))


def test_a_statement_knows_which_tier_was_passed_with_which_deal(
    advisor_plan: Plan, maya: Payee, theo: Payee
) -> None:
    sync(*world.novembers_deals())
    world.catch_up()

    row = world.statement(maya, "2026-11")
    sandoval = world.entry("sandoval")

    assert [(t["bound"], t["rate"], t["on"], t["entry"]) for t in row.tiers] == [
        ("80000", "0.08", "2026-11-19", str(sandoval.pk))
    ]
    assert world.statement(theo, "2026-11").tiers == []
