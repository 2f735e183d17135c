"""Every figure of the demo's story, as the product itself works it out."""

from collections import defaultdict
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from commissions.plans.models import PlanVersion
from commissions.statements.estimate import estimate_of
from commissions.statements.missing import why_not_here
from commissions.statements.models import Dispute, Line, Proposal, Statement
from commissions.statements.receipts import receipt_of
from commissions.statements.what_changed import changed_since, since_of
from commissions_saas.lib import clock
from crm_sync.connections.models import Connection
from crm_sync.ledger.models import Entry, Payee, RefusedRecord
from payouts.checks.every import verify
from payouts.runs import duties, selectors
from payouts.runs.models import Payout, PayoutRun
from tenants.access import Member, member_of, member_of_group
from tenants.accounts.models import Business, DemoPerson, User
from tenants.rollup.months import last_months
from tenants.rollup.selectors import commission, rates
from tenants.schema import in_business

pytestmark = pytest.mark.usefixtures("story")

NOVEMBER = "2026-11"


def business(slug: str) -> Business:
    found: Business = Business.objects.get(slug=slug)
    return found


def acting(slug: str, name: str) -> Member:
    place = business(slug)
    user = User.objects.get(name=name)
    found = member_of(user=user, business=place, day=clock.today(place.time_zone))
    assert found is not None
    return found


def statement(name: str, slug: str = NOVEMBER) -> Statement:
    return Statement.objects.get(payee__name=name, period__slug=slug)


def test_mayas_november_is_the_table_of_the_story() -> None:
    with in_business(business("brightwater")):
        row = statement("Maya Okafor")
        names = dict(Entry.objects.values_list("pk", "name"))
        lines = Line.objects.filter(
            payee_id=row.payee_id, period_id=row.period_id, closed_run__isnull=True
        )
        found = sorted(
            (names[x.entry_id], x.component, f"{x.amount:.2f}", x.waiting_for, x.kind)
            for x in lines
        )

        assert (row.total, row.state) == (Decimal("4956.12"), "open")
        assert found == sorted(
            [
                _earned("Delgado residence", "system_replacement", "1021.20"),
                _earned("Whitcomb Dental", "system_replacement", "2475.00"),
                (
                    "Pruitt residence",
                    "system_replacement",
                    "831.39",
                    "customer payment",
                    "earning",
                ),
                _earned("Sandoval residence heat pump", "system_replacement", "706.53"),
                _earned("Osei residence", "maintenance_plan", "40.00"),
                _earned("Ferrer residence", "maintenance_plan", "40.00"),
                _earned("Lund residence", "maintenance_plan", "40.00"),
                _earned("Ibarra residence", "maintenance_plan", "40.00"),
                _earned("Kessler residence", "maintenance_plan", "40.00"),
                _earned("Ibarra residence", "air_quality", "245.00"),
                _earned("Kessler residence", "air_quality", "89.00"),
                ("Tran residence", "system_replacement", "-612.00", "", "clawback"),
            ]
        )


def _earned(name: str, component: str, amount: str) -> tuple[str, str, str, str, str]:
    return name, component, amount, "", "earning"


def test_since_yesterday_three_causes_make_the_whole_difference() -> None:
    with in_business(business("brightwater")):
        since = since_of("yesterday", None)
        found = changed_since(statement("Maya Okafor"), since)

        assert since == datetime(2026, 11, 24, 0, 0, tzinfo=UTC)
        assert (found.before, found.after) == (Decimal("5116.12"), Decimal("4956.12"))
        effects = [(row.effect, row.knock_on) for row in found.causes]
        assert effects == [
            (Decimal(-150), False),
            (Decimal(-50), True),
            (Decimal(40), False),
        ]
        assert found.unexplained == 0
        first, knock_on, last = found.causes
        assert first.words == "Whitcomb Dental: amount 43,750.00 → 41,250.00"
        assert first.source == "edited in Close by Priya Nair"
        assert first.at == datetime(2026, 11, 24, 15, 14, tzinfo=UTC)
        assert "your volume fell by 2,500.00" in knock_on.words
        assert last.at == datetime(2026, 11, 24, 16, 39, tzinfo=UTC)


def test_the_receipt_of_sandoval_shows_how_the_tier_is_crossed() -> None:
    with in_business(business("brightwater")):
        row = statement("Maya Okafor")
        entry = Entry.objects.get(name="Sandoval residence heat pump")
        found = receipt_of(_line_of(row, entry))

        assert found.receipt is not None
        assert found.version is not None
        assert found.version.number == 3
        assert found.differs_by == 0
        figures = ("72,126.50", "7,873.50", "472.41", "2,926.50", "234.12", "706.53")
        missing = [figure for figure in figures if figure not in found.receipt.text]
        assert missing == []


def _line_of(row: Statement, entry: Entry) -> Line:
    return Line.objects.get(
        payee_id=row.payee_id,
        period_id=row.period_id,
        entry_id=entry.pk,
        closed_run__isnull=True,
    )


def test_tran_is_taken_back_in_november_from_a_september_that_stays_paid() -> None:
    with in_business(business("brightwater")):
        taken = Proposal.objects.get(words__startswith="Tran residence")
        september = statement("Maya Okafor", "2026-09")
        assert taken.line_id is not None
        original = Line.objects.get(pk=taken.line_id)

        assert (taken.state, taken.amount) == ("posted", Decimal(-612))
        assert taken.adjustment is not None
        assert taken.adjustment.period.slug == NOVEMBER
        assert original.period_id == september.period_id
        assert original.amount == 612
        assert (september.state, original.closed_run) == ("paid", None)


def test_theo_has_half_of_sandoval_and_claims_more() -> None:
    with in_business(business("brightwater")):
        entry = Entry.objects.get(name="Sandoval residence heat pump")
        row = statement("Theo Brandt")

        assert _line_of(row, entry).amount == 648
        dispute = Dispute.objects.get(state=Dispute.State.OPEN)
        assert (dispute.claimed, dispute.computed) == (Decimal("777.6"), Decimal(648))
        states = Dispute.objects.values_list("state", flat=True)
        assert sorted(states) == ["accepted", "declined", "open"]


def test_the_open_pipeline_is_an_estimate() -> None:
    with in_business(business("brightwater")):
        found = estimate_of(statement("Maya Okafor"))

        assert found.together == Decimal("5476.00")
        assert found.weighted == Decimal("3296.00")
        assert {deal.entry.name: deal.alone for deal in found.deals} == {
            "Abbott Bakery": Decimal(2944),
            "Nguyen residence": Decimal(1540),
            "Castellano residence": Decimal(992),
        }


def test_three_records_are_refused() -> None:
    with in_business(business("brightwater")):
        rows = RefusedRecord.objects.filter(state="waiting")

        assert sorted(rows.values_list("code", "name")) == [
            ("no_product", "Quade residence"),
            ("unknown_owner", "Bergstrom residence"),
            ("unknown_owner", "Castle Hill Cafe"),
        ]


def test_a_missing_deal_has_the_right_reason() -> None:
    with in_business(business("brightwater")):
        member = acting("brightwater", "Helen Cho")
        row = statement("Maya Okafor")
        october = Entry.objects.filter(
            owner__name="Maya Okafor", occurred_on__month=10, product__startswith="Sys"
        ).first()
        assert october is not None
        reasons = []
        for name in ("Bergstrom", "Hollis", october.name):
            verdict = why_not_here(row, name, member)[0]
            assert verdict.failed is not None
            reasons.append(verdict.failed.words)

        assert len(set(reasons)) == 3, reasons


def test_the_draft_would_change_37_statements_by_1240() -> None:
    with in_business(business("brightwater")):
        sold = Line.objects.filter(
            period_id=statement("Maya Okafor").period_id,
            component="maintenance_plan",
            kind="earning",
            closed_run__isnull=True,
        )
        draft = PlanVersion.objects.get(state="draft")

        assert (sold.count(), sold.values("payee_id").distinct().count()) == (62, 37)
        assert draft.number == 4
        assert draft.edited_by_id != User.objects.get(name="Priya Nair").pk
        amounts = [part["amount"] for part in draft.document["components"]]
        assert "60 * deal.share" in amounts


def test_somebody_sold_nothing_and_has_a_statement_of_zero() -> None:
    with in_business(business("brightwater")):
        row = statement("Wes Tatum")

        assert row.total == 0
        assert not Line.objects.filter(
            payee_id=row.payee_id, period_id=row.period_id, closed_run__isnull=True
        ).exists()


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
