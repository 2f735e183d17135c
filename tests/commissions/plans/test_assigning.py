"""Assignments and rate tables are dated twice, and nothing overlaps."""

from datetime import date

import pytest

from commissions.plans import assigning, assigning_csv, errors, services
from commissions.plans.models import Assignment, Plan, RateTableRows
from commissions.plans.yaml_form import plan_from_yaml
from crm_sync.ledger import sheets
from crm_sync.ledger.models import Change, Payee
from crm_sync.ledger.services import create_payee
from tenants.access import Member
from tenants.accounts.models import Business

WITH_QUOTA = """
plan: Quota
currency: USD
variables: {quota: money}
components:
  - {key: deals, name: Deals, base: deal.amount, amount: base * 6%}
"""
JULY, NOVEMBER = date(2026, 7, 1), date(2026, 11, 1)


@pytest.fixture
def maya(acme: Business) -> Payee:
    return create_payee(name="Maya Okafor", email="maya@acme.example")


@pytest.fixture
def plan(acme: Business, alice: Member) -> Plan:
    document = plan_from_yaml(WITH_QUOTA)
    return services.create_plan(document=document, by=alice).plan


@pytest.fixture
def assignment(maya: Payee, plan: Plan, alice: Member) -> Assignment:
    return assigning.assign(
        payee=maya,
        plan=plan,
        starts_on=JULY,
        ends_on=None,
        values={"quota": "90000.00"},
        by=alice,
    )


def test_a_changed_quota_keeps_what_was_known_before(
    assignment: Assignment, alice: Member
) -> None:
    changed = assigning.change_assignment(
        assignment=assignment,
        starts_on=JULY,
        ends_on=None,
        values={"quota": "95000"},
        by=alice,
    )

    assignment.refresh_from_db()
    assert assignment.closed == changed.opened
    words = Change.objects.get(number=changed.opened).words
    assert "quota 90,000 → 95,000" in words


def test_saving_the_same_again_writes_nothing(
    assignment: Assignment, alice: Member
) -> None:
    changes = Change.objects.count()

    same = assigning.change_assignment(
        assignment=assignment,
        starts_on=JULY,
        ends_on=None,
        values={"quota": "90000.00"},
        by=alice,
    )

    assert (same.pk, Change.objects.count()) == (assignment.pk, changes)


def test_nobody_sets_their_own_quota(
    assignment: Assignment, maya: Payee, alice: Member
) -> None:
    Payee.objects.filter(pk=maya.pk).update(user_id=alice.user_id)

    with pytest.raises(errors.OwnAssignment, match="your own plan and quota"):
        assigning.change_assignment(
            assignment=assignment,
            starts_on=JULY,
            ends_on=None,
            values={"quota": "1"},
            by=alice,
        )

    assert Assignment.objects.filter(closed__isnull=True).get() == assignment


def test_two_assignments_to_one_plan_never_overlap(
    assignment: Assignment, alice: Member
) -> None:
    with pytest.raises(errors.Overlaps, match="Maya Okafor is on Quota already"):
        assigning.assign(
            payee=assignment.payee,
            plan=assignment.plan,
            starts_on=NOVEMBER,
            ends_on=None,
            values={"quota": "1"},
            by=alice,
        )


@pytest.mark.parametrize("text", ["", "many", "1,000"])
def test_a_value_that_cannot_be_read_is_refused_by_name(
    maya: Payee, plan: Plan, alice: Member, text: str
) -> None:
    with pytest.raises(errors.WrongValue, match="quota"):
        assigning.assign(
            payee=maya,
            plan=plan,
            starts_on=JULY,
            ends_on=None,
            values={"quota": text},
            by=alice,
        )


def test_new_rows_end_the_rows_before_them(acme: Business, alice: Member) -> None:
    def rows(starts_on: date, rate: str) -> RateTableRows:
        return assigning.set_table(
            key="advisor",
            name="Advisor tiers",
            starts_on=starts_on,
            rows=[{"from": "0", "rate": rate}],
            by=alice,
        )

    rows(JULY, "6%")
    rows(NOVEMBER, "7%")

    live = RateTableRows.objects.filter(closed__isnull=True).order_by("starts_on")
    assert [(r.starts_on, r.ends_on, r.rows[0]["rate"]) for r in live] == [
        (JULY, date(2026, 10, 31), "0.06"),
        (NOVEMBER, None, "0.07"),
    ]


def test_a_table_that_does_not_rise_is_refused(acme: Business, alice: Member) -> None:
    with pytest.raises(errors.WrongTable):
        assigning.set_table(
            key="wrong",
            name="Wrong",
            starts_on=JULY,
            rows=[{"from": "100", "rate": "6%"}, {"from": "0", "rate": "8%"}],
            by=alice,
        )


def test_a_file_is_entered_row_by_row_and_bad_rows_say_why(
    assignment: Assignment, alice: Member
) -> None:
    text = (
        "payee,email,plan,from,to,quota\n"
        "Maya Okafor,,Quota,2026-07-01,,95000\n"
        "Nobody,,Quota,2026-07-01,,1\n"
        "Maya Okafor,,Quota,July,,1\n"
    )
    found = assigning_csv.look_at_assignments(text.encode())
    words = [row.words for row in found.rows]
    done = sheets.enter(found, by=alice)

    assert (done.changed, done.unchanged) == (1, 0)
    assert words == ["Maya Okafor on Quota from 2026-07-01: quota 90000.00 → 95000"]
    assert [(bad.line, bad.why) for bad in found.refused] == [
        (3, "There is no payee “Nobody”."),
        (4, "“July” is not a day like 2026-12-31."),
    ]
    now = Assignment.objects.get(closed__isnull=True)
    assert now.values == {"quota": "95000"}


def test_a_value_that_cannot_be_entered_is_said_beforehand_and_comes_back(
    assignment: Assignment, alice: Member
) -> None:
    text = (
        "payee;plan;from;to;quota\n"
        "Maya Okafor;Quota;2026-07-01;;much\n"
        "Maya Okafor;Quota;2026-07-01;2026-09-30;80000;x\n"
    )

    found = assigning_csv.look_at_assignments(text.encode())

    assert found.rows == []
    assert [row.why for row in found.refused] == [
        "quota: “much” is not money.",
        "The row has 6 cells, but there are 5 columns.",
    ]
    back = sheets.refused_csv(found).splitlines()
    assert back[0] == "payee,email,plan,from,to,quota,why"
    assert back[1].startswith("Maya Okafor,,Quota,2026-07-01,,much,")


def test_rows_of_two_people_or_about_the_same_and_doubtful_quotas_come_back(
    assignment: Assignment, alice: Member
) -> None:
    create_payee(name="Theo Brandt", email="theo@acme.example")
    text = (
        "payee;email;plan;from;quota\n"
        "Maya Okafor;;Quota;2026-07-01;95000\n"
        "Maya Okafor;;Quota;2026-07-01;80000\n"
        "Maya Okafor;theo@acme.example;Quota;2026-08-01;80000\n"
        "Theo Brandt;;Quota;2026-08-01;80.000\n"
    )

    found = assigning_csv.look_at_assignments(text.encode())

    assert [row.line for row in found.rows] == [2]
    assert [row.why.partition(":")[0] for row in found.refused] == [
        "Another row is about the same",
        "The row names two people, Theo Brandt and Maya Okafor.",
        "“quota” 80.000 may be 80.000 or 80000",
    ]


def test_a_column_that_is_missing_leaves_its_value(
    assignment: Assignment, alice: Member
) -> None:
    text = "payee,plan,from,to\nMaya Okafor,Quota,2026-07-01,2026-12-31\n"

    done = sheets.enter(assigning_csv.look_at_assignments(text.encode()), by=alice)

    assert done.changed == 1
    now = Assignment.objects.get(closed__isnull=True)
    assert (now.values, str(now.ends_on)) == (assignment.values, "2026-12-31")


def test_the_download_sent_back_changes_nothing(
    assignment: Assignment, alice: Member
) -> None:
    changes = Change.objects.count()
    Payee.objects.filter(pk=assignment.payee_id).update(name="=Maya")
    text = assigning_csv.assignments_file()

    found = assigning_csv.look_at_assignments(text.encode())
    done = sheets.enter(found, by=alice)

    assert ("'=Maya" in text, found.refused, done.unchanged) == (True, [], 1)
    assert Change.objects.count() == changes
