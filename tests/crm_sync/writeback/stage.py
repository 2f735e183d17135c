"""A Close whose deals pay ten percent, and a field in it that we write."""

from datetime import UTC, date, datetime
from decimal import Decimal

from commissions.plans.models import Plan
from commissions.statements import services as statements
from commissions.statements.models import PayPeriod
from commissions.statements.recalculate import recalculate
from commissions_saas.lib import clock
from crm_sync.ledger.models import Change, Entry, Payee, Revision
from crm_sync.writeback import services
from crm_sync.writeback.looking import look
from crm_sync.writeback.models import WriteBack, WrittenValue
from tenants.access import Member
from tenants.jobs.models import Job
from tenants.jobs.services import run_now
from tests.commissions.statements import world
from tests.crm_sync.connections.scene import Scene

PLAN = """
plan: Seller
currency: USD
components:
  - {key: commission, name: Commission, amount: deal.amount * deal.share * 10%}
"""
DECEMBER = datetime(2026, 12, 2, 16, 0, tzinfo=UTC)


class Stage:
    """A scene in which deals pay, with a field for what they pay."""

    def __init__(self, scene: Scene, by: Member) -> None:
        self.scene, self.by = scene, by
        self.field = scene.account.add_custom_field("Commission", "number")
        self.split = scene.account.add_custom_field("Split with", "user")
        self.part = scene.account.add_custom_field("Split percent", "number")
        scene.payees()
        plan = Plan.objects.create(name="Seller", slug="seller")
        world.publish(plan, PLAN, date(2026, 7, 1))
        for payee in Payee.objects.all():
            world.assign(payee, plan, date(2026, 10, 1))

    @property
    def path(self) -> str:
        return f"custom.{self.field}"

    def intended(self, **given: str) -> WriteBack:
        return services.intended(
            **{
                "connection": self.scene.connection,
                "object_": "deal",
                "path": self.path,
                "kind": WriteBack.Kind.COMMISSION,
                **given,
            }  # type: ignore[arg-type]
        )

    def turn_on(self, **given: str) -> WriteBack:
        row = self.intended(**given)
        return services.turn_on(intended=row, seen=look(row).digest, by=self.by)

    def pay(self, amount: int = 4_375_000, **given: object) -> str:
        """A deal that is won, read, and pays ten percent of its amount in cents."""
        deal = self.scene.deal(value=amount, **given)  # type: ignore[arg-type]
        self.read()
        return deal

    def read(self) -> None:
        self.scene.sync()
        recalculate()

    def lock(self, slug: str = "2026-11") -> None:
        period = PayPeriod.objects.get(slug=slug)
        with clock.at(DECEMBER):
            statements.freeze(period=period, by=self.by)
            statements.lock_statements(period=period, by=self.by)

    def write(self) -> Job:
        """Do the run that was asked for."""
        job = Job.objects.filter(kind="write_back", state=Job.State.QUEUED).get()
        return run_now(job)

    def in_close(self, deal: str) -> object:
        return self.scene.account.store.doc(deal).get(self.path)

    def writes(self) -> list[str]:
        asked = self.scene.source.server.requests
        return [one for one in asked if one.startswith("PUT opportunity")]


def value_of(deal: str) -> WrittenValue:
    return WrittenValue.objects.get(external_id=deal)


def entry_of(deal: str) -> Entry:
    return Entry.objects.get(external_id=deal)


def history() -> tuple[int, int]:
    """How much the ledger has seen change."""
    return Change.objects.count(), Revision.objects.count()


TEN_PERCENT = Decimal("4375.00")
