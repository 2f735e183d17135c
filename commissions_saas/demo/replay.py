"""The months gone by, lived again through the product: deals, syncs, payouts."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from commissions.plans.models import Plan
from commissions.statements.models import PayPeriod
from commissions.statements.recalculate import recalculate
from commissions_saas.demo.book import Book
from commissions_saas.demo.close_server.server import CloseServer, running
from commissions_saas.demo.close_server.store import Store
from commissions_saas.demo.founding import House
from commissions_saas.demo.stand_in import APP, store_file
from commissions_saas.lib import clock
from crm_sync.connections import services as connections
from crm_sync.connections.models import Connection
from payouts.runs import selectors
from payouts.runs.models import Payout, PayoutRun
from payouts.runs.services.decide import approve_payouts, sign_run
from payouts.runs.services.pay import export_run, mark_run_paid
from payouts.runs.services.prepare import prepare_run
from tenants.jobs.models import Job
from tenants.jobs.services import run_all_jobs, run_now
from tenants.schema import in_business

PREPARER = "sam"


class Went(Exception):
    """A step of the replay ended otherwise than the story has it."""


class Replay:
    """The stand-in, the books in it, and the connections that read them."""

    def __init__(self, house: House, store: Store, server: CloseServer) -> None:
        self.house = house
        self.store = store
        self.server = server
        self.moment = clock.now()
        self.books: list[Book] = []
        self.connections: list[Connection] = []
        self.keys: dict[int, str] = {}
        self.plans: dict[str, Plan] = {}

    @contextmanager
    def at(self, moment: datetime) -> Iterator[None]:
        """Set the clock for us and for the stand-in."""
        self.moment = moment
        with clock.at(moment):
            yield

    def connect(
        self, book: Book, *, name: str, business: str = "", objects: tuple[str, ...]
    ) -> Connection:
        """Add a connection with an admin's key."""
        key = book.account.add_key(next(iter(book.users.values())))
        place = self.house.businesses[business] if business else None
        connection = connections.create_connection(
            group=self.house.group,
            business=place,
            kind="close",
            name=name,
            secret=key,
            base_url=self.server.url,
            objects=objects,
            # Months pass in a minute here, and nobody listens yet.
            options={
                "allow_loopback": True,
                "app_url": APP,
                "stand_in": True,
                "webhooks": False,
            },
            by=self.house.owner(),
        )
        self.books.append(book)
        self.connections.append(connection)
        self.keys[connection.pk] = key
        return connection

    def advance(
        self, moment: datetime, *, only: str = "", is_long_ago: bool = False
    ) -> None:
        """Let everything happen until then, read the sources, and recalculate.

        Nobody asks which deal of months ago moved a statement by how much, so what was
        read at a moment long ago is one cause.
        """
        for book in self.books:
            book.write_until(moment)
        with self.at(moment):
            for connection in self.connections:
                if only not in ("", connection.name):
                    continue
                job = connections.start_sync(connection=connection)
                require_done([run_now(job)])
            for business in self.house.businesses.values() if is_long_ago else ():
                with in_business(business):
                    recalculate(most_triggers=0)
            require_done(run_all_jobs())

    def prepare(self, business: str, slug: str, moment: datetime) -> PayoutRun:
        """Put a period in review."""
        with self.at(moment), in_business(self.house.businesses[business]):
            period = PayPeriod.objects.get(slug=slug)
            by = self.house.member(PREPARER, business)
            return prepare_run(period=period, by=by)

    def pay(
        self, business: str, slug: str, moment: datetime, approvers: tuple[str, str]
    ) -> PayoutRun:
        """Take a period from review to the bank: three people, three days."""
        run = self.prepare(business, slug, moment)
        with in_business(self.house.businesses[business]):
            with self.at(moment + timedelta(hours=3)):
                run = self._approve(run, business, approvers)
            with self.at(moment + timedelta(hours=5)):
                self._export(run, business)
            with self.at(moment + timedelta(days=2)):
                self._mark_paid(run, business)
        with self.at(moment + timedelta(days=2, hours=1)):
            require_done(run_all_jobs())
        return run

    def _approve(
        self, run: PayoutRun, business: str, approvers: tuple[str, str]
    ) -> PayoutRun:
        ready = list(run.payouts.filter(state=Payout.State.READY))
        first = self.house.member(approvers[0], business)
        approve_payouts(
            run=run,
            payout_ids=[payout.pk for payout in ready],
            seen_version=run.version,
            seen_total=sum((payout.amount for payout in ready), Decimal(0)),
            by=first,
        )
        for key in approvers:
            run.refresh_from_db()
            if run.state == PayoutRun.State.IN_REVIEW:
                total = selectors.approved_total(run)
                by = self.house.member(key, business)
                run = sign_run(
                    run=run, seen_version=run.version, seen_total=total, by=by
                )
        return run

    def _export(self, run: PayoutRun, business: str) -> None:
        export_run(
            run=run,
            format_name="payroll_csv",
            seen_total=selectors.approved_total(run),
            reason="",
            by=self.house.member(PREPARER, business),
        )

    def _mark_paid(self, run: PayoutRun, business: str) -> None:
        place = self.house.businesses[business]
        mark_run_paid(
            run=run,
            paid_on=clock.today(place.time_zone),
            reference=f"{business[:2].upper()}-{run.period.slug}",
            seen_total=selectors.approved_total(run),
            by=self.house.member(PREPARER, business),
        )


@contextmanager
def replaying(house: House) -> Iterator[Replay]:
    """Run the stand-in in this process, with an empty store."""
    file = store_file()
    for name in (file.name, f"{file.name}-wal", f"{file.name}-shm"):
        file.with_name(name).unlink(missing_ok=True)
    made: list[Replay] = []
    # The stand-in answers in threads of its own, which do not see our clock.
    store = Store(file, now=lambda: made[0].moment)
    try:
        with running(store) as server:
            server.faults.change({"allowed_per_second": 100_000})
            made.append(Replay(house, store, server))
            yield made[0]
    finally:
        store.close()


def require_done(jobs: list[Job]) -> None:
    """Refuse to go on where a job ended otherwise than done."""
    for job in jobs:
        if job.state != Job.State.DONE:
            raise Went(f"{job.title}: {job.state}, {job.problem}")


def mapping_document(book: Book, fields: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """Return Close's own fields and the custom ones of this book, by our names."""
    document: dict[str, dict[str, Any]] = {
        "name": {"source": "lead_name", "type": "text"},
        "amount": {
            "source": "value",
            "type": "money",
            "transform": "cents",
            "currency_from": "value_currency",
        },
        "status": {"source": "status_label", "type": "text"},
        "status_type": {"source": "status_type", "type": "text"},
        "won_on": {"source": "date_won", "type": "date"},
        "lost_on": {"source": "date_lost", "type": "date", "transform": "day"},
        "owner": {"source": "user_id", "type": "text"},
        "customer": {"source": "lead_id", "type": "text"},
        "confidence": {"source": "confidence", "type": "percent"},
    }
    for key, row in fields.items():
        label = row["label"]
        path = f"custom.{book.fields[label]}"
        document[key] = {**row, "source": path}
    return document
