"""Records move past a locked period: its statements stay, the difference is proposed."""

from datetime import date
from decimal import Decimal

import pytest

from commissions.plans.models import Plan
from commissions.statements import services as statements
from commissions.statements.models import PayPeriod, Proposal, Statement
from crm_sync.connections import routing, sharing
from crm_sync.ledger.models import Payee
from tenants.access import Member
from tenants.accounts.models import Business, Role
from tenants.jobs.services import run_all_jobs, without_sending
from tenants.schema import in_business
from tests.commissions.statements import world
from tests.crm_sync.connections.scene import Scene
from tests.crm_sync.connections.test_mapping_page import A_TENTH
from tests.people import a_group_member, a_member

pytestmark = pytest.mark.usefixtures("at_start")


def october(business: Business) -> list[tuple[Decimal, str]]:
    with in_business(business):
        rows = Statement.objects.filter(period__slug="2026-10")
        return sorted((row.total, row.sha256) for row in rows)


def late(business: Business) -> list[Decimal]:
    with in_business(business):
        return [row.amount for row in Proposal.objects.all()]


def test_a_locked_statement_stays_and_the_move_becomes_a_late_change(
    shared: Scene, acme: Business, twin: Business, alice: Member
) -> None:
    owner = a_group_member(acme, "Renata Hale", Role.OWNER)
    with without_sending():
        with in_business(acme):
            plan = Plan.objects.create(name="A tenth", slug="a-tenth")
            world.publish(plan, A_TENTH, date(2026, 10, 1))
            maya = Payee.objects.get(name="Maya Okafor")
            world.assign(maya, plan, date(2026, 10, 1))
        deal = {"value": 200_000, "won_on": date(2026, 10, 12)}
        shared.deal("October", custom={shared.field: "Acme"}, **deal)
        shared.sync()
        run_all_jobs()
        with in_business(acme):
            period = PayPeriod.objects.get(slug="2026-10")
            cora = a_member(acme, "Cora Lind", Role.FINANCE)
            statements.freeze(period=period, by=alice)
            period.refresh_from_db()
            statements.lock_statements(period=period, by=cora)
        run_all_jobs()
        before = october(acme)

        table = routing.try_routes(
            connection=shared.connection,
            path=f"custom.{shared.field}",
            routes={"Acme": twin.pk},
            by=owner,
        )
        tried = late(acme)
        routing.save_tried(table=table, by=owner)
        run_all_jobs()

    places = {
        place["business"].slug: place for place in sharing.figures_of(table)["places"]
    }
    assert places["acme"]["booked"] == {"USD": Decimal(-2000)}
    assert (places["acme"]["lines"], places["acme"]["proposals"]) == (0, 1)
    assert places["acme"]["net"] == {"USD": Decimal(-200)}, "in the open period"
    assert tried == [], "nothing was proposed by trying"
    assert before[0][0] == Decimal(200)
    assert october(acme) == before, "to the byte"
    assert late(acme) == [Decimal(-200)]
