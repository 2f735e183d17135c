"""Every figure of Brightwater's story, as the product itself works it out."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from commissions.plans.models import PlanVersion
from commissions.statements.estimate import estimate_of
from commissions.statements.missing import why_not_here
from commissions.statements.models import Dispute, Line, Proposal, Statement
from commissions.statements.receipts import receipt_of
from commissions.statements.what_changed import changed_since, since_of
from crm_sync.ledger.models import Entry, RefusedRecord
from tenants.accounts.models import User
from tenants.schema import in_business
from tests.demo.places import NOVEMBER, acting, business, statement

pytestmark = pytest.mark.usefixtures("story")


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
