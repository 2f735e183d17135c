"""A period is not locked while records that may belong to it could not go in."""

from datetime import date

import pytest

from commissions.statements import errors, services
from commissions.statements.models import PayPeriod, Statement
from crm_sync.ledger.models import RefusedRecord
from crm_sync.ledger.services import ignore_refused
from tenants.access import Member
from tenants.accounts.models import Role
from tests.commissions.statements import world
from tests.crm_sync.connections.scene import Scene, later
from tests.crm_sync.connections.test_mapping_page import scene  # noqa: F401
from tests.people import a_member

pytestmark = pytest.mark.usefixtures("at_start")


@pytest.fixture
def finance(scene: Scene) -> Member:  # noqa: F811
    return a_member(scene.business, "Alice Finance", Role.FINANCE)


def frozen(by: Member) -> PayPeriod:
    period = PayPeriod.objects.get(slug="2026-11")
    services.freeze(period=period, by=by)
    return period


def test_a_refused_deal_of_the_period_keeps_it_from_being_locked(
    scene: Scene,  # noqa: F811
    finance: Member,
) -> None:
    scene.deal("No product", custom={scene.product: None}, won_on=date(2026, 11, 20))
    with later(16):
        scene.sync()
        world.catch_up()
        period = frozen(finance)
        with pytest.raises(errors.RefusedRecordsWait) as problem:
            services.lock_statements(period=period, by=finance)

        assert "1 refused record waits. It may belong to" in str(problem.value)
        assert not Statement.objects.filter(state="locked").exists()
        ignore_refused(
            refused=RefusedRecord.objects.get(),
            reason="A test deal of the fitters.",
            by=finance,
        )
        services.lock_statements(period=period, by=finance)

    assert Statement.objects.filter(state="locked").exists()


def test_a_refused_deal_of_a_later_day_keeps_nothing(
    scene: Scene,  # noqa: F811
    finance: Member,
) -> None:
    scene.deal("Next", custom={scene.product: None}, won_on=date(2026, 12, 2))
    with later(16):
        scene.sync()
        world.catch_up()
        services.lock_statements(period=frozen(finance), by=finance)

    assert RefusedRecord.objects.get().occurred_on == date(2026, 12, 2)
    assert Statement.objects.filter(state="locked").exists()
