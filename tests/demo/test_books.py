"""Lantern's books: most customers paid, some are late, and one invoice is nobody's."""

from decimal import Decimal

import pytest

from commissions.statements.models import Proposal
from crm_sync.accounting import accounts, queue
from crm_sync.accounting.models import Reference
from crm_sync.ledger.models import Customer, Entry, Revision
from tenants.schema import in_business
from tests.demo.places import acting, business

pytestmark = pytest.mark.usefixtures("story")


def test_every_invoice_but_one_stands_on_its_policy() -> None:
    with in_business(business("lantern")):
        waiting = queue.waiting()
        invoices = Entry.objects.filter(object="invoice", counts=True)

        assert [one.sentence for one in waiting] == [
            "F-1016 names the deal “LP-2610-999”, which is not here."
        ]
        named = Reference.objects.filter(kind="deal", target__isnull=False)
        assert named.count() == invoices.count() - 1 == 16
        assert not queue.customers_waiting()


def test_what_is_late_and_was_paid_out_already_comes_first() -> None:
    with in_business(business("lantern")):
        late = queue.overdue()

        assert len(late) == 2
        assert late[0].paid_out
        assert all(part.currency == "CAD" for one in late for part in one.paid_out)


def test_a_policy_says_what_was_paid_for_it_and_pay_did_not_move() -> None:
    with in_business(business("lantern")):
        amir = acting("lantern", "Amir Rao")
        paid = Revision.objects.filter(
            closed__isnull=True, values__paid_share="1", entry__object="deal"
        )
        deal = Entry.objects.get(pk=paid.order_by("entry_id")[0].entry_id)
        account = accounts.account_of(deal, amir)

        (totals,) = account.totals
        assert totals.invoiced == totals.paid > 0
        assert (totals.open, totals.overdue) == (Decimal(0), Decimal(0))
        assert not Proposal.objects.filter(entry_id=deal.pk).exists()


def test_a_customer_in_euros_is_in_euros() -> None:
    with in_business(business("lantern")):
        amir = acting("lantern", "Amir Rao")
        atelier = Customer.objects.get(name="Atelier Marchand")

        (totals,) = accounts.account_of_customer(atelier, amir).totals

        assert (totals.currency, totals.open) == ("EUR", Decimal("10962.00"))
