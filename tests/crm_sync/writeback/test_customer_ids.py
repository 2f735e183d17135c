"""A matched customer's id in one source is written into the other, and taken out again."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from crm_sync.connections import services as connections
from crm_sync.connections.models import Connection
from crm_sync.ledger import customers
from crm_sync.ledger.customers import SourceId
from crm_sync.writeback import services
from crm_sync.writeback.looking import look
from crm_sync.writeback.models import WriteBack
from crm_sync.writeback.running import write_what_changed
from tenants.accounts.models import Business
from tenants.jobs.models import Job
from tenants.jobs.services import run_now
from tests.crm_sync.connections.scene import later
from tests.crm_sync.writeback.books import Books, books_of, read
from tests.crm_sync.writeback.stage import Stage, history


@dataclass
class Both:
    """Close and Books, each with the same customer and one of its own."""

    stage: Stage
    books: Books
    accounting: Connection
    field: str
    lead: str

    @property
    def crm(self) -> Connection:
        return self.stage.scene.connection

    def ids(self) -> list[SourceId]:
        return [SourceId(self.crm.pk, self.lead), SourceId(self.accounting.pk, "K-1")]

    def on(self, into: Connection, object_: str, path: str, other: int) -> WriteBack:
        row = services.intended(
            connection=into,
            object_=object_,
            path=path,
            kind=WriteBack.Kind.CUSTOMER_ID,
            other_id=other,
        )
        return services.turn_on(intended=row, seen=look(row).digest, by=self.stage.by)

    def write(self) -> None:
        write_what_changed()
        for job in Job.objects.filter(kind="write_back", state=Job.State.QUEUED):
            run_now(job)

    def in_lead(self) -> object:
        return self.stage.scene.account.store.doc(self.lead).get(f"custom.{self.field}")


@pytest.fixture
def both(stage: Stage, acme: Business) -> Iterator[Both]:
    account = stage.scene.account
    field = account.add_custom_field("Accounting id", of="lead")
    lead = account.add_lead("Delgado residence")
    account.add_lead("Somebody else")
    connection = stage.scene.connection
    connection.options = {**connection.options, "objects": ["deal", "lead"]}
    connection.save(update_fields=["options"])
    connections.test_connection(connection=connection)
    stage.scene.sync()
    with books_of(acme) as (books, accounting):
        books.add("K-1", "Delgado Residence Inc")
        books.add("K-2", "Nobody we know")
        connections.test_connection(connection=accounting)
        read(accounting)
        yield Both(stage, books, accounting, field, lead)


def test_only_accepted_matches_are_written_into_the_crm(both: Both) -> None:
    both.on(both.crm, "lead", f"custom.{both.field}", both.accounting.pk)
    both.write()
    before = both.in_lead()

    customers.match(ids=both.ids(), by=both.stage.by)
    both.write()

    assert before is None
    assert both.in_lead() == "K-1"


def test_the_crms_id_goes_into_accounting_by_the_same_way(both: Both) -> None:
    customers.match(ids=both.ids(), by=both.stage.by)
    both.on(both.accounting, "customer", "custom.crm", both.crm.pk)

    both.write()

    assert both.books.rows["K-1"]["custom"] == {"crm": both.lead}
    assert both.books.rows["K-2"]["custom"] == {"crm": None}
    assert both.books.writes == ["K-1"]


def test_taking_a_match_apart_takes_the_id_out_again(both: Both) -> None:
    customers.match(ids=both.ids(), by=both.stage.by)
    both.on(both.crm, "lead", f"custom.{both.field}", both.accounting.pk)
    both.write()

    customers.take_apart(ids=both.ids()[1:], by=both.stage.by)
    both.write()

    assert both.in_lead() is None


def test_several_ids_of_one_customer_are_all_written(both: Both) -> None:
    customers.match(
        ids=[*both.ids(), SourceId(both.accounting.pk, "K-2")], by=both.stage.by
    )
    both.on(both.crm, "lead", f"custom.{both.field}", both.accounting.pk)

    both.write()

    assert both.in_lead() == "K-1, K-2"


def test_an_id_that_comes_back_from_accounting_is_no_change(both: Both) -> None:
    customers.match(ids=both.ids(), by=both.stage.by)
    both.on(both.accounting, "customer", "custom.crm", both.crm.pk)
    both.write()
    before = history()

    with later(5):
        read(both.accounting)

    assert history() == before
    assert WriteBack.objects.get().values.get().shown == both.lead


def test_a_matching_that_changes_asks_for_a_run_by_itself(both: Both) -> None:
    both.on(both.crm, "lead", f"custom.{both.field}", both.accounting.pk)
    both.write()

    customers.match(ids=both.ids(), by=both.stage.by)
    catch_up = Job.objects.get(kind="catch_up", state=Job.State.QUEUED)
    run_now(catch_up)
    run_now(Job.objects.get(kind="write_back", state=Job.State.QUEUED))

    assert both.in_lead() == "K-1"
