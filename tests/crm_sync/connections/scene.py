"""A Close with people, stages and fields, a connection to it, and a clock to turn."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from commissions_saas.lib import clock
from crm_sync.connections import matching, services
from crm_sync.ledger.models import Entry
from crm_sync.ledger.services import create_payee
from tenants.accounts.models import Business
from tenants.jobs.models import Job
from tenants.jobs.services import run_now
from tenants.schema import in_business
from tests.crm_sync.providers.close_source import Source

START = datetime(2026, 11, 24, 16, 0, tzinfo=UTC)


class Scene:
    """A Close with people, stages and custom fields, and a connection to it."""

    def __init__(self, source: Source, business: Business, *, shared: bool) -> None:
        self.source = source
        self.account = source.account
        # Its threads do not see this test's clock.
        source.server.store._clock = tick
        self.business = business
        self.maya = self.account.add_user(name="Maya Okafor", email="maya@acme.example")
        self.theo = self.account.add_user(name="Theo Brandt", email="theo@acme.example")
        self.won = self.account.add_status("Won", "won")
        self.open = self.account.add_status("Negotiation", "active")
        self.lost = self.account.add_status("Lost", "lost")
        self.product = self.account.add_custom_field("Product")
        self.field = self.account.add_custom_field("Business")
        assert business.group is not None
        self.connection = services.create_connection(
            group=business.group,
            business=None if shared else business,
            kind="close",
            name="Close",
            secret=source.key,
            base_url=source.server.url,
            options={"allow_loopback": True, "page_size": 10, "retry_seconds": "0.01"},
        )

    def payees(self, business: Business | None = None) -> None:
        with in_business(business or self.business):
            for name, email in (
                ("Maya Okafor", "maya@acme.example"),
                ("Theo Brandt", "theo@acme.example"),
            ):
                create_payee(name=name, email=email)
        services.test_connection(connection=self.connection)
        matching.accept_exact_matches(
            connection=self.connection, business=business or self.business
        )

    def deal(self, name: str = "Whitcomb Dental", **given: object) -> str:
        custom = {self.product: "System replacement"} | given.pop("custom", {})  # type: ignore[operator]
        lead = self.account.add_lead(name)
        values = {
            "user": self.maya,
            "status": self.won,
            "value": 4_375_000,
            "won_on": date(2026, 11, 9),
        } | given
        return self.account.add_opportunity(lead=lead, custom=custom, **values)  # type: ignore[arg-type]

    def sync(self) -> Job:
        job = services.start_sync(connection=self.connection)
        job = run_now(job)
        self.connection.refresh_from_db()
        return job


at = {"now": START}


def tick() -> datetime:
    """The source's clock: a millisecond passes with each look at it."""
    at["now"] += timedelta(milliseconds=1)
    return at["now"]


@contextmanager
def later(minutes: int) -> Iterator[None]:
    moment = START + timedelta(minutes=minutes)
    at["now"] = moment - timedelta(minutes=1)
    with clock.at(moment):
        yield


def ledger_of(scene: Scene) -> dict[str, tuple[object, ...]]:
    """What is here, field by field."""
    rows = Entry.objects.filter(deleted=False).select_related("owner")
    return {
        row.external_id: (row.name, row.amount, row.status, row.occurred_on, row.counts)
        for row in rows
    }


def source_of(scene: Scene) -> dict[str, tuple[object, ...]]:
    """What is at the source, worked out from its own store."""
    store = scene.source.server.store
    found: dict[str, tuple[object, ...]] = {}
    for doc in store.docs("opportunity", scene.account.id):
        status = store.doc(doc["status_id"], "status")
        lead = store.doc(doc["lead_id"], "lead")
        won = status["type"] == "won"
        if f"custom.{scene.product}" not in doc and won:
            continue  # what the stand-in puts in between has none, and is refused
        found[doc["id"]] = (
            lead["name"],
            Decimal(doc["value"]) / 100,
            status["label"],
            date.fromisoformat(doc["date_won"]) if won else None,
            won,
        )
    return found


def names_in(business: Business) -> dict[str, bool]:
    with in_business(business):
        return {row.name: row.counts for row in Entry.objects.all()}
