"""Whose pay is whose is one rule, whichever page asks."""

from collections.abc import Callable
from datetime import date

import pytest

from commissions.plans import assigning
from commissions.plans import errors as plan_errors
from commissions.plans.models import Plan
from commissions.statements import errors, services
from commissions.statements.periods import current_period, row_of
from crm_sync.ledger import dated
from crm_sync.ledger import errors as ledger_errors
from crm_sync.ledger.models import Payee
from crm_sync.ledger.own import own_payee_ids
from crm_sync.ledger.services import create_payee
from tenants.access import Member
from tenants.accounts.models import Business, Role
from tests.people import a_member

DAY = date(2026, 11, 1)
Known = Callable[[Member], tuple[Payee, Payee]]


@pytest.fixture
def fay(acme: Business) -> Member:
    return a_member(acme, "Fay", Role.FINANCE, Role.ADMIN)


def merged(own: Payee, other: Payee) -> tuple[Payee, Payee]:
    """Return both after `own` was merged into `other`."""
    Payee.objects.filter(pk=own.pk).update(merged_into=other)
    own.refresh_from_db()
    return own, other


def by_log_in(fay: Member) -> tuple[Payee, Payee]:
    return merged(create_payee(name="F.", user_id=fay.user_id), create_payee(name="F"))


def by_address(fay: Member) -> tuple[Payee, Payee]:
    shouted = fay.email.upper()
    return merged(create_payee(name="F.", email=shouted), create_payee(name="F"))


def by_address_of_the_other(fay: Member) -> tuple[Payee, Payee]:
    return merged(create_payee(name="F."), create_payee(name="F", email=fay.email))


@pytest.mark.parametrize("known", [by_log_in, by_address, by_address_of_the_other])
def test_a_merged_payee_is_the_same_person_at_every_door(
    acme: Business, fay: Member, known: Known
) -> None:
    own, other = known(fay)
    plan = Plan.objects.create(name="Seller", slug="seller")

    assert own_payee_ids(fay) == {own.pk, other.pk}
    for payee in (own, other):
        with pytest.raises(plan_errors.PlanError):
            assigning.assign(
                payee=payee, plan=plan, starts_on=DAY, ends_on=None, values={}, by=fay
            )
        with pytest.raises(ledger_errors.OwnFacts):
            dated.set_value(
                subject=payee, key="hours", value="1", starts_on=DAY, by=fay
            )
        with pytest.raises(errors.OwnPay):
            services.add_adjustment(
                payee=payee,
                period=row_of(current_period()),
                amount="1.00",
                currency="USD",
                reason="Because",
                by=fay,
            )


def test_a_namesake_without_the_log_in_or_the_address_is_somebody_else(
    acme: Business, fay: Member
) -> None:
    mine = create_payee(name="Fay", user_id=fay.user_id)
    create_payee(name="Fay")

    assert own_payee_ids(fay) == {mine.pk}
