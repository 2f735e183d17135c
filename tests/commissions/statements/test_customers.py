"""A rule by customer follows the matching of ids, before and after it is mended."""

from datetime import date
from decimal import Decimal

import pytest

from commissions.plans.models import Plan
from commissions.statements.recalculate import recalculate
from crm_sync.ledger import customers, dated
from crm_sync.ledger.catalogue import save_fields
from crm_sync.ledger.customers import SourceId
from crm_sync.ledger.facts import FieldFact
from crm_sync.ledger.models import Customer, Entry, Payee
from tenants.access import Member
from tests.commissions.statements import world

BY_SEGMENT = """
plan: By segment
currency: USD
fields: {customer.segment: text}
components:
  - key: sale
    amount: 'deal.amount * IF(customer.segment == "wholesale", 2%, 10%)'
"""


@pytest.fixture
def maya_sold(maya: Payee) -> Payee:
    """A deal of 1,000.00 with the record lead_1 of the source."""
    for id, name in (("lead_1", "Whitcomb Dental"), ("lead_2", "Hollis")):
        Entry.objects.create(
            connection_id=1,
            object="lead",
            external_id=id,
            name=name,
            version="1",
            changed=1,
        )
    save_fields([FieldFact("customer", "segment", "Segment", "text")])
    plan = Plan.objects.create(name="By segment", slug="by-segment")
    world.publish(plan, BY_SEGMENT, date(2026, 7, 1))
    world.assign(maya, plan, date(2026, 7, 1))
    deal = world.a_deal("d", date(2026, 11, 9), "1000", "System", customer="lead_1")
    world.sync(deal)
    world.catch_up()
    return maya


def test_a_match_reaches_the_statement_and_taking_it_apart_does_too(
    maya_sold: Payee, alice: Member
) -> None:
    whitcomb = Customer.objects.create(name="Whitcomb")
    dated.set_value(subject=whitcomb, key="segment", value="wholesale", by=alice)
    world.catch_up()
    assert world.statement(maya_sold, "2026-11").total == Decimal("100.00")

    customers.match(ids=[SourceId(1, "lead_1")], name="Whitcomb", by=alice)
    world.catch_up()
    assert world.statement(maya_sold, "2026-11").total == Decimal("20.00")

    dated.set_value(subject=whitcomb, key="segment", value="retail", by=alice)
    world.catch_up()
    assert world.statement(maya_sold, "2026-11").total == Decimal("100.00")

    dated.set_value(subject=whitcomb, key="segment", value="wholesale", by=alice)
    customers.take_apart(ids=[SourceId(1, "lead_1")], by=alice)
    world.catch_up()
    assert world.statement(maya_sold, "2026-11").total == Decimal("100.00")
    assert recalculate(everything=True).opened == 0


def test_another_customers_match_is_nothing_to_the_deal(
    maya_sold: Payee, alice: Member
) -> None:
    before = world.written()

    customers.match(ids=[SourceId(1, "lead_2")], by=alice)
    world.catch_up()

    assert world.written() == before
