"""One CRM, two businesses: each writes the deals that belong to it, and no others."""

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from crm_sync.connections.routing import save_routes
from crm_sync.writeback import services
from crm_sync.writeback.looking import look
from crm_sync.writeback.models import WriteBack, WrittenValue
from crm_sync.writeback.running import write_what_changed
from tenants.access import Member
from tenants.accounts.models import Business
from tenants.jobs.models import Job
from tenants.jobs.services import run_now
from tenants.schema import in_business
from tests.crm_sync.connections.scene import Scene, later
from tests.crm_sync.providers.close_source import close_source
from tests.crm_sync.writeback.stage import TEN_PERCENT, Stage


@pytest.fixture
def shared(
    acme: Business, twin: Business, priya: Member, tmp_path: Path
) -> Iterator[Stage]:
    with close_source(tmp_path / "close.db") as source:
        scene = Scene(source, acme, shared=True)
        stage = Stage(scene, priya)
        scene.payees(twin)
        save_routes(
            connection=scene.connection,
            path=f"custom.{scene.field}",
            routes={"Acme": acme.pk, "Twin": twin.pk},
        )
        yield stage


def write() -> None:
    """Do the runs of the business that is entered."""
    write_what_changed()
    for job in Job.objects.filter(kind="write_back", state=Job.State.QUEUED):
        run_now(job)


def moved(stage: Stage, deal: str, to: str) -> None:
    stage.scene.account.edit(deal, {f"custom.{stage.scene.field}": to})
    stage.read()


def on_in(stage: Stage, business: Business) -> WriteBack:
    with in_business(business):
        row = stage.intended(lines="live")
        return services.turn_on(intended=row, seen=look(row).digest, by=stage.by)


def test_only_the_business_that_a_deal_belongs_to_writes_it(
    shared: Stage, acme: Business, twin: Business
) -> None:
    ours = shared.pay(custom={shared.scene.field: "Acme"})
    theirs = shared.pay(custom={shared.scene.field: "Twin"})
    on_in(shared, acme)
    on_in(shared, twin)

    write()
    with in_business(twin):
        write()  # its deals pay nothing: no plan is there

    assert shared.in_close(ours) == TEN_PERCENT
    assert shared.in_close(theirs) is None
    assert shared.writes() == [f"PUT opportunity/{ours}/"]


def test_what_we_wrote_on_a_deal_that_left_us_is_taken_out(
    shared: Stage, acme: Business
) -> None:
    deal = shared.pay(custom={shared.scene.field: "Acme"})
    on_in(shared, acme)
    write()

    with later(5):
        moved(shared, deal, "Twin")
        write()
        stood = shared.in_close(deal)
        write()

    assert stood is None
    assert shared.writes() == [f"PUT opportunity/{deal}/"] * 2
    assert not WrittenValue.objects.exists()


def test_the_new_business_goes_on_with_a_deal_where_it_writes_the_same_field(
    shared: Stage, acme: Business, twin: Business
) -> None:
    deal = shared.pay(custom={shared.scene.field: "Acme"})
    on_in(shared, acme)
    on_in(shared, twin)
    write()

    with later(5):
        moved(shared, deal, "Twin")
        write()
        left = shared.in_close(deal)
        with in_business(twin):
            write()

    assert left == Decimal(TEN_PERCENT)  # we no longer write it, not even to empty it
    assert shared.in_close(deal) is None  # theirs pays nothing for it
    assert not WrittenValue.objects.exists()
