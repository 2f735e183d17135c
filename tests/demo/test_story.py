"""Every figure of the other businesses' stories, and of their owner's."""

from collections import defaultdict
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from commissions.plans.models import PlanVersion
from commissions.statements.models import Line, Proposal, Statement
from commissions.statements.receipts import receipt_of
from crm_sync.connections.models import Connection, SourceField
from crm_sync.ledger.models import Entry, Payee
from payouts.checks.every import verify
from payouts.runs import duties, selectors
from payouts.runs.models import Payout, PayoutRun
from tenants.access import member_of_group
from tenants.accounts.models import DemoPerson, User
from tenants.rollup.months import last_months
from tenants.rollup.selectors import commission, rates
from tenants.schema import in_business
from tests.demo.places import acting, business, statement

pytestmark = pytest.mark.usefixtures("story")


def test_ridgelines_run_is_in_review_with_three_odd_payees() -> None:
    with in_business(business("ridgeline")):
        run = PayoutRun.objects.get(period__slug="2026-11a")
        payouts = list(selectors.payouts_of(run))
        flagged = {x.payee.name: x for x in payouts if selectors.is_flagged(x)}
        ready = [x for x in payouts if not selectors.is_flagged(x)]

        assert (run.state, run.total, len(payouts)) == (
            "in_review",
            Decimal("48529.00"),
            16,
        )
        assert run.prepared_at == datetime(2026, 11, 24, 15, 0, tzinfo=UTC)
        assert {name: x.amount for name, x in flagged.items()} == {
            "Dana Whitlock": Decimal("11240.00"),
            "Marcus Bell": Decimal("-318.20"),
            "Ines Caro": Decimal("4872.50"),
        }
        assert len(ready) == 13
        assert sum(x.amount for x in ready) == Decimal("32734.70")
        assert flagged["Dana Whitlock"].average == Decimal("3601.00")


def test_each_odd_payee_says_why() -> None:
    with in_business(business("ridgeline")):
        run = PayoutRun.objects.get(period__slug="2026-11a")
        words = {
            x.payee.name: [flag["words"] for flag in x.flags]
            for x in selectors.payouts_of(run)
        }

        assert words["Dana Whitlock"] == [
            "+212% vs own average of 3,601.00; no reason found",
            "Two Solar for Red Mesa Storage, 58,900.00 each: possible duplicate",
        ]
        assert words["Marcus Bell"][0].startswith("Below zero")
        assert "−1,200.00 clawed back" in words["Marcus Bell"]
        assert words["Ines Caro"][0] == "Bank details changed 2 days ago"


def test_sam_prepared_and_others_may_approve() -> None:
    with in_business(business("ridgeline")):
        run = PayoutRun.objects.get(period__slug="2026-11a")
        sam = acting("ridgeline", "Sam Ortiz")

        assert run.prepared_by_id == sam.user_id
        assert duties.why_not_approve(run, sam.user_id) == "You prepared this run."
        allowed = duties.who_may_approve(run)
        assert {"Helen Cho", "Amir Rao"} <= set(allowed)
        assert "Sam Ortiz" not in allowed


def test_halvorsen_was_reduced_after_the_freeze() -> None:
    with in_business(business("ridgeline")):
        rows = Proposal.objects.filter(state="waiting")

        assert {row.words for row in rows} == {
            "Halvorsen Ranch: amount 31,800.00 → 27,400.00"
        }
        joel = Payee.objects.get(name="Joel Ames")
        assert sum(row.amount for row in rows if row.payee_id == joel.pk) == -440


def test_a_leaver_is_still_paid_and_a_manager_has_two_plans() -> None:
    with in_business(business("ridgeline")):
        pia = Payout.objects.get(payee__name="Pia Sorensen", run__number=11)
        lucia = statement("Lucia Marchetti", "2026-10b")

        assert pia.amount > 0
        assert pia.payee.leaves_on == date(2026, 10, 31)
        lines = Line.objects.filter(
            payee_id=lucia.payee_id, period_id=lucia.period_id, closed_run__isnull=True
        )
        versions = PlanVersion.objects.filter(pk__in=lines.values("version_id"))
        assert versions.values("plan").distinct().count() == 2


def test_the_shared_close_has_a_field_to_write_commission_into() -> None:
    field = SourceField.objects.get(connection__name="Hale", label="Commission")

    assert (field.object, field.type, field.choices) == ("deal", "number", [])


def test_cobalts_key_is_refused_since_ten_past_six() -> None:
    connection = Connection.objects.get(name="Cobalt Desk")

    assert connection.state == "refused"
    assert connection.problem == "Close refused the key (401)."
    assert connection.problem_since == datetime(2026, 11, 24, 11, 10, tzinfo=UTC)
    with in_business(business("cobalt")):
        assert PayoutRun.objects.get(period__slug="2026-10").state == "paid"
        assert Entry.objects.filter(object="meeting", status="completed").exists()


def test_lanterns_bank_returned_one_payment_of_nine() -> None:
    with in_business(business("lantern")):
        october = Payout.objects.filter(run__period__slug="2026-10")
        returned = october.get(state="returned")

        assert (returned.payee.name, returned.amount) == (
            "Noah Tremblay",
            Decimal("2318.40"),
        )
        assert returned.reason == "Account closed"
        assert october.filter(state="paid").count() == 8
        assert Payee.objects.filter(name="Élodie Gagné").exists()


def test_a_policy_in_euros_is_converted_at_the_rate_of_its_day() -> None:
    with in_business(business("lantern")):
        entry = Entry.objects.get(name="Atelier Marchand")
        line = Line.objects.get(entry_id=entry.pk, closed_run__isnull=True)
        receipt = receipt_of(line).receipt

        assert receipt is not None
        assert (entry.currency, line.currency) == ("EUR", "CAD")
        assert (line.base, line.amount) == (Decimal("2339.14"), Decimal("818.70"))
        assert "1.6132" in receipt.text
        assert "Bank of Canada" in receipt.text


def test_a_new_seller_owes_what_the_draw_filled_up_and_pays_it_back() -> None:
    with in_business(business("cobalt")):
        owed = Decimal(0)
        rows = Statement.objects.filter(payee__name="Fiona Blake")
        for row in rows.order_by("period__starts_on"):
            paid = _by_component(row)
            earned = sum(paid[key] for key in ("new_arr", "onboarding", "accelerator"))
            filled, back = max(2_500 - earned, 0), min(owed, max(earned - 2_500, 0))

            assert (paid["draw"], paid["recovery"]) == (filled, -back)
            owed += filled - back
        assert rows.count() == 6
        assert owed > 0


def _by_component(row: Statement) -> dict[str, Decimal]:
    lines = Line.objects.filter(
        payee_id=row.payee_id, period_id=row.period_id, closed_run__isnull=True
    )
    found: dict[str, Decimal] = defaultdict(Decimal)
    for line in lines:
        found[line.component] += line.amount
    return found


def test_the_owners_matrix_has_the_shape_of_the_story() -> None:
    group = business("brightwater").group
    assert group is not None
    renata = User.objects.get(name="Renata Hale")
    owner = member_of_group(user=renata, group=group, day=date(2026, 11, 24))
    assert owner is not None
    months = last_months(date(2026, 11, 24), 6)
    totals = commission(owner, months)
    currencies = {"lantern": "CAD"}
    found = {
        slug: [
            totals[business(slug).pk, month, currencies.get(slug, "USD")]
            for month in months
        ]
        for slug in ("brightwater", "ridgeline", "cobalt", "lantern")
    }

    assert all(60_000 < total < 96_000 for total in found["brightwater"])
    assert all(70_000 < total < 120_000 for total in found["ridgeline"])
    assert all(24_000 < total < 52_000 for total in found["cobalt"])
    assert max(found["cobalt"]) == found["cobalt"][3], "September is the peak"
    assert min(found["ridgeline"][:5]) == found["ridgeline"][4], "October is the dip"
    assert all(30_000 < total < 46_000 for total in found["lantern"])


def test_people_can_log_in_and_one_of_them_has_an_empty_business() -> None:
    people = DemoPerson.objects.order_by("position").values_list("key", flat=True)

    assert list(people) == [
        "maya",
        "helen",
        "sam",
        "renata",
        "priya",
        "theo",
        "amir",
        "new",
    ]
    empty = business("ellery-pools")
    with in_business(empty):
        assert not Payee.objects.exists()


def test_one_payee_has_ten_thousand_lines() -> None:
    with in_business(business("perf")):
        row = statement("Load Test")
        lines = Line.objects.filter(payee_id=row.payee_id, closed_run__isnull=True)

        assert lines.count() == 10_214
        assert Payee.objects.get().hidden


@pytest.mark.parametrize(
    "slug", ["brightwater", "ridgeline", "cobalt", "lantern", "perf", "ellery-pools"]
)
def test_nothing_in_the_books_is_broken(slug: str) -> None:
    with in_business(business(slug)):
        assert verify() == []


def test_the_rates_are_said_to_be_invented() -> None:
    group = business("lantern").group
    assert group is not None
    found = rates(group.pk, last_months(date(2026, 11, 24), 6), "USD")

    dollars = [rate for rate in found.values() if rate.currency == "CAD"]
    assert [str(rate.rate.normalize()) for rate in dollars] == [
        "0.731",
        "0.7284",
        "0.7262",
        "0.724",
        "0.7198",
        "0.718",
    ]
    assert {rate.source for rate in found.values()} == {"demo rates, invented"}
