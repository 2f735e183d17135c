"""Opening balances: entered by hand or by file, for measures that the plan has."""

from datetime import date
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from commissions.plans.models import Plan
from commissions.statements import errors, opening
from commissions.statements.models import OpeningBalance
from crm_sync.ledger import sheets
from crm_sync.ledger.changes import latest_change
from crm_sync.ledger.models import Payee
from tenants.access import Member
from tenants.accounts.models import Business
from tenants.accounts.models import Member as MemberRow
from tests.commissions.statements import world

JUNE = date(2026, 6, 30)


@pytest.fixture
def finance(alice: MemberRow, acme: Business) -> Member:
    return world.acting(alice, acme)


def test_a_balance_is_corrected_and_the_old_one_stays_readable(
    advisor_plan: Plan, maya: Payee
) -> None:
    for value in ("42000", "42000", "43000.50"):
        opening.set_balance(
            payee=maya, plan=advisor_plan, measure="volume", value=value, as_of_day=JUNE
        )

    now = opening.balances_known([maya.pk], latest_change())[maya.pk]
    then = opening.balances_known([maya.pk], latest_change() - 1)[maya.pk]
    assert [row.value for row in now] == [Decimal("43000.50")]
    assert [row.value for row in then] == [Decimal(42000)]


def test_a_measure_that_the_plan_does_not_have_is_refused(
    advisor_plan: Plan, maya: Payee
) -> None:
    with pytest.raises(errors.BadBalance, match="has no measure “sold”") as refused:
        opening.set_balance(
            payee=maya, plan=advisor_plan, measure="sold", value="1", as_of_day=JUNE
        )
    assert "volume" in refused.value.hint


def test_balances_go_out_and_in_by_file(
    advisor_plan: Plan, maya: Payee, finance: Member
) -> None:
    text = (
        "name,plan,measure,balance,as_of\n"
        "Maya Okafor,comfort_advisor,volume,42000.00,2026-06-30\n"
        "Maya Okafor,comfort_advisor,volume,much,2026-06-30\n"
        "Maya Okafor,another,volume,1,2026-06-30\n"
        "Maya Okafor,comfort_advisor,volume,7.00,2026-06-30\n"
    )

    done = sheets.enter(opening.look_at_balances(text.encode()), finance)
    file = opening.balances_file()
    again = sheets.enter(opening.look_at_balances(file.encode()), finance)

    assert (done.changed, len(done.refused)) == (1, 3)
    assert "“much” is not a number." in sheets.refused_csv(done)
    assert "Another row is about the same" in sheets.refused_csv(done)
    assert (again.changed, again.unchanged) == (0, 1)
    assert OpeningBalance.objects.get().value == Decimal(42000)


def test_a_longer_file_is_looked_at_with_no_more_queries(
    advisor_plan: Plan, maya: Payee, finance: Member
) -> None:
    head = "name,plan,measure,balance,as_of\n"
    row = "Maya Okafor,comfort_advisor,volume,{}.00,2026-06-30\n"

    def asked(rows: int) -> int:
        text = head + "".join(row.format(number) for number in range(rows))
        with CaptureQueriesContext(connection) as queries:
            opening.look_at_balances(text.encode())
        return len(queries)

    assert asked(20) == asked(1)
