"""A field that a source turns into another type fails lines, not the calculation."""

from datetime import date
from decimal import Decimal

import pytest

from commissions.plans import services
from commissions.plans.models import Plan
from commissions.plans.yaml_form import plan_from_yaml
from commissions.statements.recalculate import recalculate
from crm_sync.ledger.as_of import entry_facts
from crm_sync.ledger.catalogue import save_fields
from crm_sync.ledger.changes import latest_change
from crm_sync.ledger.facts import FieldFact, ValueType
from crm_sync.ledger.models import Payee
from crm_sync.ledger.services import create_product
from tenants.access import Member
from tenants.accounts.models import Business
from tenants.accounts.models import Member as MemberRow
from tests.commissions.statements import world
from tests.commissions.statements.world import SYSTEM, a_deal, sync

PLAN = world.plan_text("after_the_fee")


def is_now(type_: ValueType) -> None:
    save_fields([FieldFact("deal", "dealer_fee", "Dealer fee", type_)])


def a_sale(id_: str) -> None:
    sync(a_deal(id_, date(2026, 11, 5), "1000", SYSTEM, dealer_fee=Decimal(100)))
    world.catch_up()


@pytest.fixture
def by(acme: Business, alice: MemberRow) -> Member:
    acme.solo_mode = True
    return world.acting(alice, acme)


def put_on(payee: Payee, text: str, by: Member) -> None:
    """Publish a plan, which keeps the types that its fields have by then."""
    draft = services.create_plan(document=plan_from_yaml(text), by=by)
    services.publish_version(
        draft=draft, starts_on=date(2026, 1, 1), by=by, moves=Decimal(0)
    )
    world.assign(payee, draft.plan, date(2026, 1, 1))


@pytest.fixture
def sells(maya: Payee, by: Member) -> Payee:
    """Maya on a plan that was published while the fee was an amount."""
    is_now("money")
    put_on(maya, PLAN, by)
    a_sale("before")
    return maya


def test_another_kind_of_number_changes_nothing(sells: Payee) -> None:
    is_now("number")
    a_sale("after")

    assert world.statement(sells, "2026-11").total == Decimal("180.00")


def test_a_type_that_changes_moves_what_was_worked_out_by_the_old_one(
    sells: Payee,
) -> None:
    is_now("text")
    world.catch_up()

    (line,) = world.live(world.statement(sells, "2026-11"))
    assert "should be an amount" in line.failed

    is_now("money")
    world.catch_up()

    assert world.statement(sells, "2026-11").total == Decimal("90.00")
    assert recalculate(everything=True).statements == 0


def test_what_was_worked_out_is_explained_by_the_types_of_its_time(
    sells: Payee,
) -> None:
    before = latest_change()
    known = entry_facts(
        payee_ids=[sells.pk], first=date.min, last=date.max, change=before
    )

    is_now("text")

    again = entry_facts(
        payee_ids=[sells.pk], first=date.min, last=date.max, change=before
    )
    assert again == known
    assert again[sells.pk][0].values["dealer_fee"] == Decimal(100)


def test_an_attribute_of_another_type_moves_who_reads_it(
    maya: Payee, by: Member
) -> None:
    create_product(name=SYSTEM, attributes={"margin": "20%"})
    fee = "(deal.amount - deal.dealer_fee) * 10%"
    text = PLAN.replace(fee, '"deal.amount * or_else(product.margin, 1) * 10%"')
    put_on(maya, text.replace(", dealer_fee: 10", "").replace("9}", "10}"), by)
    a_sale("one")
    assert world.statement(maya, "2026-11").total == Decimal("20.00")

    save_fields([FieldFact("product", "margin", "Margin", "text")])
    world.catch_up()

    assert world.statement(maya, "2026-11").failures == 1


def test_a_field_that_joins_the_catalogue_is_read_by_plans_that_declared_it(
    maya: Payee,
) -> None:
    plan = Plan.objects.create(name="Declared", slug="declared")
    declared = PLAN.replace("currency", "fields: {deal.tip: money}\ncurrency")
    declared = declared.replace("dealer_fee", "tip")
    world.publish(plan, declared, date(2026, 1, 1))
    world.assign(maya, plan, date(2026, 1, 1))
    sync(a_deal("one", date(2026, 11, 5), "1000", SYSTEM, tip=Decimal(100)))
    world.catch_up()
    assert world.statement(maya, "2026-11").failures == 1

    save_fields([FieldFact("deal", "tip", "Tip", "money")])
    world.catch_up()

    assert world.statement(maya, "2026-11").total == Decimal("90.00")


def test_what_is_no_number_any_more_fails_the_lines_that_read_it(
    sells: Payee, theo: Payee
) -> None:
    other = Plan.objects.create(name="Plain", slug="plain")
    plain = PLAN.replace("(deal.amount - deal.dealer_fee)", "deal.amount")
    world.publish(other, plain.replace(", dealer_fee: 10", ""), date(2026, 1, 1))
    world.assign(theo, other, date(2026, 1, 1))

    is_now("text")
    sync(
        a_deal("after", date(2026, 11, 5), "1000", SYSTEM, dealer_fee="much"),
        a_deal("theos", date(2026, 11, 5), "1000", SYSTEM, owner="user_theo"),
    )
    world.catch_up()

    failed = [line.failed for line in world.live(world.statement(sells, "2026-11"))]
    assert len(failed) == 2
    assert all("should be an amount" in words for words in failed)
    assert world.statement(theo, "2026-11").total == Decimal("100.00")


def test_a_plan_that_declares_its_fields_needs_no_more(maya: Payee) -> None:
    """Also of versions that were published before their types were kept."""
    is_now("money")
    plan = Plan.objects.create(name="Declared", slug="declared")
    declared = PLAN.replace("currency", "fields: {deal.dealer_fee: money}\ncurrency")
    world.publish(plan, declared, date(2026, 1, 1))
    world.assign(maya, plan, date(2026, 1, 1))

    is_now("percent")
    a_sale("after")

    assert world.statement(maya, "2026-11").total == Decimal("90.00")
