"""Two at once: one takes effect, the other is told in a sentence."""

from datetime import date
from decimal import Decimal

from commissions.plans.models import PlanVersion
from commissions.plans.services import create_plan, publish_version, save_draft
from commissions.plans.yaml_form import plan_from_yaml
from commissions.statements.models import PayPeriod
from payouts.journal.models import Journal
from payouts.runs.models import ExportFile, Payout, PayoutEvent, PayoutRun
from payouts.runs.services import decide, pay, prepare
from tenants.access import Member
from tenants.accounts.models import Business, Role
from tenants.audit.models import AuditRow
from tests.commissions.plans.drafts import FLAT
from tests.databases import Copy
from tests.payouts.conftest import owed_to, sign
from tests.people import a_member
from tests.security.test_races_and_cents import Act, at_once, told, won

TOTAL = Decimal("1740.00")


def test_a_run_goes_from_a_period_to_paid_once_though_everybody_presses_at_once(
    fresh_db: Copy, acme: Business, october: PayPeriod, alice: Member, helen: Member
) -> None:
    """One database for the whole way, since a copy takes longer than it."""
    amir = a_member(acme, "Amir Rao", Role.FINANCE)
    two_prepare(acme, october, alice, amir)
    two_approve(acme, helen, a_member(acme, "Cora Whit", Role.ADMIN))
    two_sign(acme, helen)
    two_export(acme, alice)
    two_pay(acme, alice)
    two_return(acme, alice)
    two_arrive(acme, alice)


def fresh() -> PayoutRun:
    return PayoutRun.objects.select_related("period").exclude(state="void").get()


def two_prepare(acme: Business, october: PayPeriod, one: Member, two: Member) -> None:
    def act(by: Member) -> Act:
        return lambda: prepare.prepare_run(period=october, by=by)

    found = at_once(acme, act(one), act(one), act(one))

    assert len(won(found)) == 1, found
    assert set(told(found)) == {"payouts.runs.errors"}, found
    assert PayoutRun.objects.count() == 1


def two_approve(acme: Business, one: Member, two: Member) -> None:
    run = fresh()
    ids = list(run.payouts.values_list("pk", flat=True))

    def act(by: Member) -> Act:
        return lambda: decide.approve_payouts(
            run=fresh_as(run), payout_ids=ids, seen_version=1, seen_total=TOTAL, by=by
        )

    found = at_once(acme, act(one), act(two), act(one), act(two))

    assert won(found) == [2], found
    assert set(told(found)) == {"payouts.runs.errors"}, found
    assert PayoutEvent.objects.filter(kind="payees_approved").count() == 1
    assert AuditRow.objects.filter(action="runs.run.payees_approved").count() == 1


def fresh_as(run: PayoutRun) -> PayoutRun:
    """Return the run as a request of its own would hold it."""
    return PayoutRun.objects.select_related("period").get(pk=run.pk)


def two_sign(acme: Business, by: Member) -> None:
    found = at_once(acme, *(lambda: sign(fresh(), by) for _ in range(3)))

    assert len(won(found)) == 1, found
    assert set(told(found)) == {"payouts.runs.errors"}, found
    assert Journal.objects.filter(kind="earned").count() == 1


def two_export(acme: Business, by: Member) -> None:
    def act() -> ExportFile:
        return pay.export_run(
            run=fresh(), format_name="payroll_csv", seen_total=TOTAL, reason="", by=by
        )

    found = at_once(acme, act, act, act)

    assert len(won(found)) == 1, found
    assert set(told(found)) == {"payouts.runs.errors"}, found
    assert ExportFile.objects.count() == 1


def two_pay(acme: Business, by: Member) -> None:
    def act() -> None:
        pay.mark_run_paid(
            run=fresh(),
            paid_on=date(2026, 11, 16),
            reference="BW-1",
            seen_total=TOTAL,
            by=by,
        )

    found = at_once(acme, act, act, act)

    assert won(found) == [None], found
    assert set(told(found)) == {"payouts.runs.errors"}, found
    assert Journal.objects.filter(kind="paid").count() == 1


def two_return(acme: Business, by: Member) -> None:
    payout = Payout.objects.select_related("run__period", "payee").first()
    assert payout is not None

    def act() -> None:
        pay.mark_returned(payout=payout, reason="Account closed", by=by)

    found = at_once(acme, act, act, act)

    assert won(found) == [None], found
    assert Journal.objects.filter(kind="returned").count() == 1


def two_arrive(acme: Business, by: Member) -> None:
    """“It arrived after all” is booked once, whoever pressed it too."""
    payout = Payout.objects.select_related("run__period", "payee").get(state="returned")

    def act() -> None:
        pay.undo_returned(payout=payout, by=by)

    found = at_once(acme, act, act, act)

    assert won(found) == [None], found
    assert set(told(found)) == {"payouts.runs.errors"}, found
    assert Journal.objects.filter(kind="reversal").count() == 1
    assert PayoutEvent.objects.filter(kind="arrived").count() == 1
    assert owed_to(payout.payee) == Decimal(60)  # what waits for its gate
    assert not payout.items.filter(live=False).exists()


def test_a_draft_is_saved_or_published_but_never_both_from_one_state(
    fresh_db: Copy, acme: Business
) -> None:
    ada, eve = (a_member(acme, name, Role.ADMIN) for name in ("Ada", "Eve"))
    draft = create_plan(document=plan_from_yaml(FLAT), by=ada)
    other = plan_from_yaml(FLAT.replace("6%", "6.0%"))

    def save() -> PlanVersion:
        return save_draft(draft=draft, document=other, seen_edition=1, by=ada)

    def publish() -> PlanVersion:
        return publish_version(draft=draft, starts_on=date(2026, 11, 1), by=eve)

    found = at_once(acme, save, publish, save)

    assert len(won(found)) == 1, found
    assert set(told(found)) == {"commissions.plans.errors"}, found
    stored = PlanVersion.objects.get(pk=draft.pk)
    published = stored.state == PlanVersion.State.PUBLISHED
    assert stored.sha256 == (draft.sha256 if published else other.hash)
