"""Late changes that are undone, declined or overtaken count once, or not at all."""

from datetime import date
from decimal import Decimal

import pytest

from commissions.plans.models import Plan
from commissions.statements import errors, services
from commissions.statements.models import (
    Adjustment,
    PayPeriod,
    Proposal,
    Release,
    Statement,
    StoredMeasure,
)
from commissions.statements.recalculate import recalculate
from crm_sync.ledger.catalogue import save_fields
from crm_sync.ledger.facts import FieldFact
from crm_sync.ledger.models import Payee
from payouts.runs.selectors import payable_lines
from tenants.access import Member
from tenants.accounts.models import Business
from tenants.accounts.models import Member as MemberRow
from tests.commissions.statements import standing, world
from tests.commissions.statements.exactness import version
from tests.commissions.statements.world import a_deal, sync

FLAT = """
plan: Seller
currency: USD
components:
  - key: commission
    amount: deal.amount * 10%
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
GATED = """
plan: Seller
currency: USD
fields: {deal.customer_paid: yesno}
components:
  - key: commission
    amount: deal.amount * 10%
    payable_when: deal.customer_paid
    waiting_for: customer payment
"""


@pytest.fixture
def finance(alice: MemberRow, acme: Business) -> Member:
    acme.posts_late_changes = False
    return world.acting(alice, acme)


def on_plan(payee: Payee, text: str) -> None:
    plan = Plan.objects.create(name="Seller", slug="seller")
    world.publish(plan, text, date(2026, 7, 1))
    world.assign(payee, plan, date(2026, 10, 1))


def deal(key: str, amount: str, day: date = date(2026, 10, 10), **values: bool) -> None:
    sync(a_deal(key, day, amount, "Roof", version=version(), **values))
    standing.settle()


def october() -> PayPeriod:
    return PayPeriod.objects.get(slug="2026-10")


def waiting() -> list[Decimal]:
    rows = Proposal.objects.filter(state=Proposal.State.WAITING)
    return list(rows.order_by("pk").values_list("amount", flat=True))


def decide(finance: Member, *, accept: bool) -> None:
    proposal = Proposal.objects.get(state=Proposal.State.WAITING)
    services.decide_proposal(proposal=proposal, accept=accept, by=finance)
    standing.settle()


def undo(finance: Member) -> Adjustment:
    (booked,) = Adjustment.objects.filter(kind=Adjustment.Kind.LATE_CHANGE)
    undone = services.undo_adjustment(adjustment=booked, reason="Wrong", by=finance)
    standing.settle()
    return undone


def totals() -> dict[str, Decimal]:
    rows = Statement.objects.exclude(total=0).values_list("period__slug", "total")
    return dict(rows)


@pytest.fixture
def gated(maya: Payee, finance: Member) -> Payee:
    """October is in review with a deal of 1,000 that the customer has not paid."""
    save_fields([FieldFact("deal", "customer_paid", "Customer paid", "yesno")])
    on_plan(maya, GATED)
    deal("roof", "1000", customer_paid=False)
    services.freeze(period=october(), by=finance)
    return maya


@pytest.fixture
def frozen(maya: Payee, finance: Member) -> Payee:
    """October is in review with a deal of 1,000."""
    on_plan(maya, FLAT)
    deal("roof", "1000")
    services.freeze(period=october(), by=finance)
    return maya


@pytest.fixture
def undone(frozen: Payee, finance: Member) -> Payee:
    """Its deal became 1,500; that was posted and taken back again."""
    deal("roof", "1500")
    decide(finance, accept=True)
    undo(finance)
    return frozen


def test_opening_again_does_not_take_an_undone_late_change_back_twice(
    undone: Payee, finance: Member
) -> None:
    services.reopen(period=october(), by=finance)
    standing.settle()

    assert totals() == {"2026-10": Decimal(150)}


def test_a_deal_that_changes_back_is_not_deducted_where_its_change_was_undone(
    undone: Payee,
) -> None:
    deal("roof", "1000")

    assert totals() == {"2026-10": Decimal(100)}
    assert waiting() == []


def test_an_undone_late_change_is_not_proposed_again(undone: Payee) -> None:
    recalculate(everything=True)

    assert totals() == {"2026-10": Decimal(100)}
    assert waiting() == []


def test_a_deal_that_changes_again_proposes_what_was_undone_as_well(
    undone: Payee, finance: Member
) -> None:
    deal("roof", "1700")
    assert waiting() == [Decimal(70)]

    decide(finance, accept=True)
    assert totals() == {"2026-10": Decimal(100), "2026-11": Decimal(70)}


@pytest.fixture
def changed_twice(frozen: Payee, finance: Member) -> list[Adjustment]:
    """Its deal became 1,500 and then 1,700; both were posted."""
    deal("roof", "1500")
    decide(finance, accept=True)
    deal("roof", "1700")
    decide(finance, accept=True)
    return list(Adjustment.objects.order_by("pk"))


def test_a_late_change_is_not_undone_under_a_later_one_of_its_line(
    changed_twice: list[Adjustment], finance: Member
) -> None:
    with pytest.raises(errors.MorePostedSince):
        services.undo_adjustment(
            adjustment=changed_twice[0], reason="Wrong", by=finance
        )


@pytest.mark.parametrize(("undone", "left"), [(1, 50), (2, 0)])
def test_late_changes_of_a_line_are_undone_one_after_the_other(
    changed_twice: list[Adjustment], finance: Member, undone: int, left: int
) -> None:
    for each in reversed(changed_twice[2 - undone :]):
        services.undo_adjustment(adjustment=each, reason="Wrong", by=finance)
    standing.settle()
    recalculate(everything=True)
    standing.settle()

    assert sum(totals().values()) == 100 + left
    assert waiting() == []


def test_a_change_and_its_way_back_are_undone_to_what_was_frozen(
    frozen: Payee, finance: Member
) -> None:
    deal("roof", "1500")
    decide(finance, accept=True)
    deal("roof", "1000")
    decide(finance, accept=True)

    for each in Adjustment.objects.order_by("-pk"):
        services.undo_adjustment(adjustment=each, reason="Wrong", by=finance)
    standing.settle()

    assert totals() == {"2026-10": Decimal(100)}
    assert waiting() == []


def test_nothing_is_undone_twice(undone: Payee, finance: Member) -> None:
    booked = Adjustment.objects.order_by("pk")[0]

    with pytest.raises(errors.AlreadyDecided):
        services.undo_adjustment(adjustment=booked, reason="Again", by=finance)


def test_undoing_is_not_undone_where_it_left_a_late_change_out(
    undone: Payee, finance: Member
) -> None:
    undoing = Adjustment.objects.order_by("pk")[1]

    with pytest.raises(errors.UndoesAlready):
        services.undo_adjustment(adjustment=undoing, reason="Again", by=finance)


def test_what_was_taken_back_by_opening_again_is_not_undone(
    frozen: Payee, finance: Member
) -> None:
    deal("roof", "1500")
    decide(finance, accept=True)
    services.reopen(period=october(), by=finance)

    with pytest.raises(errors.AlreadyDecided):
        undo(finance)


def test_a_late_change_that_is_gone_no_longer_waits(frozen: Payee) -> None:
    deal("late", "500")
    assert waiting() == [Decimal(50)]

    deal("late", "500", date(2026, 11, 11))

    assert waiting() == []
    assert totals() == {"2026-10": Decimal(100), "2026-11": Decimal(50)}


def test_a_declined_amount_is_due_again_once_more_than_it_was_posted(
    frozen: Payee, finance: Member
) -> None:
    deal("roof", "1500")
    decide(finance, accept=False)
    deal("roof", "1700")
    decide(finance, accept=True)

    deal("roof", "1500")

    assert waiting() == [Decimal(-20)]


def test_opening_again_forgets_what_was_declined(
    frozen: Payee, finance: Member
) -> None:
    deal("roof", "1500")
    decide(finance, accept=False)
    services.reopen(period=october(), by=finance)
    deal("roof", "1000")
    services.freeze(period=october(), by=finance)

    deal("roof", "1500")

    assert totals() == {"2026-10": Decimal(100)}
    assert waiting() == [Decimal(50)]


def test_later_months_count_a_deal_that_opening_again_took_in(
    maya: Payee, finance: Member
) -> None:
    on_plan(maya, QUARTER)
    deal("roof", "1000")
    deal("wall", "100", date(2026, 11, 10))
    services.freeze(period=october(), by=finance)
    deal("late", "500")
    assert totals()["2026-11"] == Decimal(21)

    services.reopen(period=october(), by=finance)
    standing.settle()

    assert totals()["2026-11"] == Decimal(26)


def test_later_months_do_not_count_a_late_change_that_was_undone(
    maya: Payee, finance: Member
) -> None:
    on_plan(maya, QUARTER)
    deal("roof", "1000")
    deal("wall", "100", date(2026, 11, 10))
    services.freeze(period=october(), by=finance)
    deal("roof", "1500")
    for proposal in Proposal.objects.filter(state=Proposal.State.WAITING):
        services.decide_proposal(proposal=proposal, accept=True, by=finance)
    standing.settle()
    assert totals()["2026-11"] == Decimal(26) + Decimal(50) + Decimal(5)

    for booked in Adjustment.objects.order_by("-pk"):
        services.undo_adjustment(adjustment=booked, reason="Wrong", by=finance)
    standing.settle()

    measure = StoredMeasure.objects.get(period_slug="2026-10", closed_run__isnull=True)
    assert measure.value == Decimal(1000)
    assert totals()["2026-11"] == Decimal(21)


def test_opening_again_forgets_that_a_gate_had_opened(
    gated: Payee, finance: Member
) -> None:
    deal("roof", "1000", customer_paid=True)
    assert Release.objects.count() == 1
    deal("roof", "1000", customer_paid=False)

    services.reopen(period=october(), by=finance)
    services.freeze(period=october(), by=finance)

    assert world.statement(gated, "2026-10").waiting == Decimal(100)
    assert not payable_lines(up_to=october()).exists()


def test_what_undoes_a_waiting_amount_waits_with_it(
    gated: Payee, finance: Member
) -> None:
    deal("roof", "1500", customer_paid=False)
    decide(finance, accept=True)
    undo(finance)

    november = world.statement(gated, "2026-11")
    assert november.total == november.payable == 0
