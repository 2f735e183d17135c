"""Late changes that cross a second freeze, lock or reopening are paid exactly once."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from commissions.plans.models import Plan
from commissions.statements import errors, services
from commissions.statements.documents import document_of
from commissions.statements.models import PayPeriod, Proposal, Statement, StoredMeasure
from commissions_saas.lib import clock
from crm_sync.ledger.models import Payee
from tenants.access import Member
from tenants.accounts.models import Business
from tenants.accounts.models import Member as MemberRow
from tests.commissions.statements import standing, world
from tests.commissions.statements.world import a_deal, sync

DECEMBER = datetime(2026, 12, 2, 18, 0, tzinfo=UTC)
FLAT = """
plan: Seller
currency: USD
components:
  - key: commission
    amount: deal.amount * 10%
"""
WALL_ONLY = """
plan: Seller
currency: USD
measures:
  sold: {sum: deal.amount, over: quarter}
components:
  - key: commission
    when: deal.product == "Wall"
    amount: sold.before * 1%
"""
QUARTER = """
plan: Seller
currency: USD
measures:
  sold: {sum: deal.amount, over: quarter}
components:
  - key: commission
    amount: deal.amount * 10%
  - key: bonus
    per: period
    amount: sold.total * 1%
"""


@pytest.fixture
def finance(alice: MemberRow, acme: Business) -> Member:
    return world.acting(alice, acme)


def period(slug: str) -> PayPeriod:
    return PayPeriod.objects.get(slug=slug)


def on_plan(payee: Payee, text: str) -> None:
    plan = Plan.objects.create(name="Seller", slug="seller")
    world.publish(plan, text, date(2026, 7, 1))
    world.assign(payee, plan, date(2026, 10, 1))


def october_deal(key: str, amount: str, day: int = 10) -> None:
    sync(a_deal(key, date(2026, 10, day), amount, "Roof"))
    standing.settle()


def frozen(slug: str, finance: Member) -> None:
    services.freeze(period=period(slug), by=finance)


def locked(slug: str, finance: Member) -> None:
    services.lock_statements(period=period(slug), by=finance)
    standing.settle()


def totals() -> dict[str, Decimal]:
    rows = Statement.objects.exclude(total=0).values_list("period__slug", "total")
    return dict(rows)


def stands_as_if_reckoned_anew() -> None:
    standing.settle()
    known, anew = standing.canonical(), standing.from_scratch()
    assert known == anew, "\n".join(standing.difference(known, anew))


def test_a_late_change_goes_past_a_statement_in_review_to_the_next_open_one(
    maya: Payee, finance: Member
) -> None:
    on_plan(maya, FLAT)
    october_deal("first", "1000")
    frozen("2026-10", finance)
    locked("2026-10", finance)

    with clock.at(datetime(2026, 11, 30, 18, 0, tzinfo=UTC)):
        frozen("2026-11", finance)
        october_deal("late", "500", 11)
    with clock.at(DECEMBER):
        locked("2026-11", finance)

    assert totals() == {"2026-10": Decimal(100), "2026-12": Decimal(50)}


def test_a_late_change_stays_in_the_period_that_only_others_have_in_review(
    maya: Payee, theo: Payee, finance: Member
) -> None:
    on_plan(maya, FLAT)
    october_deal("first", "1000")
    frozen("2026-10", finance)
    locked("2026-10", finance)
    Statement.objects.create(
        payee=theo,
        period=period("2026-11"),
        currency="USD",
        state=Statement.State.IN_REVIEW,
    )

    october_deal("late", "500", 11)

    assert totals() == {"2026-10": Decimal(100), "2026-11": Decimal(50)}


@pytest.fixture
def booked_from_review(maya: Payee, acme: Business, finance: Member) -> Payee:
    """October is in review, and a late change of it was accepted: November has it."""
    acme.posts_late_changes = False
    on_plan(maya, FLAT)
    october_deal("first", "1000")
    frozen("2026-10", finance)
    october_deal("late", "500", 11)
    waiting = Proposal.objects.get(state=Proposal.State.WAITING)
    services.decide_proposal(proposal=waiting, accept=True, by=finance)
    standing.settle()
    return maya


def test_a_period_is_not_opened_again_once_its_late_change_is_frozen_elsewhere(
    booked_from_review: Payee, finance: Member
) -> None:
    with clock.at(DECEMBER):
        standing.settle()
        frozen("2026-11", finance)

        with pytest.raises(errors.BookedAlready) as in_review:
            services.reopen(period=period("2026-10"), by=finance)

        locked("2026-11", finance)
        with pytest.raises(errors.BookedAlready):
            services.reopen(period=period("2026-10"), by=finance)
        standing.settle()

    assert "Late changes of Maya Okafor are booked in November 2026" in str(
        in_review.value
    )
    assert totals() == {"2026-10": Decimal(100), "2026-11": Decimal(50)}
    assert Proposal.objects.get().state == Proposal.State.POSTED


def test_opening_both_periods_again_takes_the_late_change_back(
    booked_from_review: Payee, finance: Member
) -> None:
    with clock.at(DECEMBER):
        standing.settle()
        frozen("2026-11", finance)
        services.reopen(period=period("2026-11"), by=finance)
        services.reopen(period=period("2026-10"), by=finance)
        standing.settle()

    assert totals() == {"2026-10": Decimal(150)}


def test_a_deal_that_moves_only_a_measure_in_review_counts_for_later_periods(
    maya: Payee, finance: Member
) -> None:
    on_plan(maya, WALL_ONLY)
    october_deal("first", "1000")
    sync(a_deal("wall", date(2026, 11, 10), "1000", "Wall"))
    standing.settle()
    frozen("2026-10", finance)

    october_deal("late", "500", 11)
    assert totals() == {"2026-11": Decimal(15)}
    locked("2026-10", finance)

    assert totals() == {"2026-11": Decimal(15)}
    stands_as_if_reckoned_anew()


def test_the_locked_document_keeps_the_measures_of_the_freeze(
    maya: Payee, finance: Member
) -> None:
    on_plan(maya, WALL_ONLY)
    october_deal("first", "1000")
    frozen("2026-10", finance)
    before = document_of(world.statement(maya, "2026-10"))

    october_deal("late", "500", 11)
    locked("2026-10", finance)

    assert world.statement(maya, "2026-10").document == before


@pytest.fixture
def two_late_deals(maya: Payee, acme: Business, finance: Member) -> Payee:
    """October is locked with 1,000 sold; late deals of 500 and 7,000 wait."""
    acme.posts_late_changes = False
    on_plan(maya, QUARTER)
    october_deal("first", "1000")
    frozen("2026-10", finance)
    locked("2026-10", finance)
    october_deal("small", "500", 11)
    october_deal("large", "7000", 12)
    return maya


def decide(amount: str, finance: Member, *, accept: bool) -> None:
    """Decide about the commission of this amount."""
    waiting = Proposal.objects.get(
        state=Proposal.State.WAITING, component="commission", amount=amount
    )
    services.decide_proposal(proposal=waiting, accept=accept, by=finance)
    standing.settle()


def sold(payee: Payee) -> Decimal:
    return StoredMeasure.objects.get(
        payee_id=payee.pk, period_slug="2026-10", closed_run__isnull=True
    ).value


@pytest.mark.parametrize("first", ["declined", "posted"])
def test_later_periods_count_the_posted_deal_and_not_the_declined_one(
    two_late_deals: Payee, finance: Member, first: str
) -> None:
    if first == "posted":
        decide("50", finance, accept=True)
        decide("700", finance, accept=False)
    else:
        decide("700", finance, accept=False)
        decide("50", finance, accept=True)

    assert sold(two_late_deals) == Decimal(1500)


def test_later_periods_count_every_deal_once_all_are_posted(
    two_late_deals: Payee, finance: Member
) -> None:
    decide("50", finance, accept=True)
    assert sold(two_late_deals) == Decimal(1500)

    decide("700", finance, accept=True)
    assert sold(two_late_deals) == Decimal(8500)


def test_a_deal_whose_second_change_is_declined_counts_as_first_posted(
    two_late_deals: Payee, finance: Member
) -> None:
    decide("50", finance, accept=True)
    sync(a_deal("small", date(2026, 10, 11), "900", "Roof", version="z"))
    standing.settle()
    decide("40", finance, accept=False)
    decide("700", finance, accept=True)

    assert sold(two_late_deals) == Decimal(8500)
