"""Rows behind the pages of statements, for the walk through all routes."""

from datetime import date
from decimal import Decimal

from commissions.statements.disputes import open_dispute
from commissions.statements.models import (
    Adjustment,
    Line,
    OpeningBalance,
    PayPeriod,
    Proposal,
    Statement,
)
from commissions.statements.recalculate import recalculate
from commissions_saas.lib import clock
from tenants.access import Member, member_of
from tenants.accounts.models import Business, Role
from tests.commissions.statements import world
from tests.people import a_member

Arguments = tuple[object, ...]

# Reps and managers are let in too, and find nothing of others there.
SEE_ALL_PAY = frozenset({Role.FINANCE, Role.ADMIN})
LISTS = frozenset({Role.MANAGER, Role.FINANCE, Role.ADMIN})
PAID = frozenset({Role.REP, Role.MANAGER, Role.FINANCE, Role.ADMIN})


def a_line(business: Business) -> Line:
    """A statement with one line, of somebody who is no member."""
    payee = world.a_payee("Nina Payee", "user_maya")
    plan = world.a_plan("technician", starts_on=date(2020, 1, 1))
    world.assign(payee, plan, date(2020, 1, 1))
    day = clock.today(business.time_zone)
    world.sync(world.a_deal("care", day, "240", world.CARE))
    recalculate()
    return Line.objects.get(payee_id=payee.pk, closed_run__isnull=True)


def a_statement(business: Business) -> Arguments:
    line = a_line(business)
    return line.payee_id, PayPeriod.objects.get(pk=line.period_id).slug


def a_line_page(business: Business) -> Arguments:
    line = a_line(business)
    return line.payee_id, PayPeriod.objects.get(pk=line.period_id).slug, line.pk


def a_deal(business: Business) -> Arguments:
    return (a_line(business).entry_id,)


def a_dispute(business: Business) -> Arguments:
    dispute = open_dispute(
        line=a_line(business),
        reason="amount",
        claimed=Decimal("50"),
        note="It should be more.",
        by=_finance(business),
    )
    return (dispute.pk,)


def a_proposal(business: Business) -> Arguments:
    line = a_line(business)
    row = Statement.objects.get(payee_id=line.payee_id, period_id=line.period_id)
    proposal = Proposal.objects.create(
        payee_id=row.payee_id,
        period_id=row.period_id,
        component=line.component,
        component_name=line.component_name,
        entry_id=line.entry_id,
        frozen=line.amount,
        current=line.amount + 1,
        amount=1,
        currency=line.currency,
        change_number=1,
        words="Care: amount 240.00 → 250.00",
        made_at=clock.now(),
    )
    return (proposal.pk,)


def an_adjustment(business: Business) -> Arguments:
    line = a_line(business)
    adjustment = Adjustment.objects.create(
        payee_id=line.payee_id,
        period_id=line.period_id,
        kind=Adjustment.Kind.MANUAL,
        amount=1,
        currency=line.currency,
        reason="Referral",
        made_at=clock.now(),
        opened=1,
    )
    return (adjustment.pk,)


def an_opening(business: Business) -> Arguments:
    payee = world.a_payee("Nina Began", "user_nina")
    row = OpeningBalance.objects.create(
        payee=payee,
        plan_id=1,
        measure="sold",
        value=1,
        as_of=date(2020, 1, 1),
        opened=1,
    )
    return (row.pk,)


def _finance(business: Business) -> Member:
    row = a_member(business, "Fiona Asks", Role.FINANCE)
    day = clock.today(business.time_zone)
    found = member_of(user=row.user, business=business, day=day)
    assert found is not None
    return found
