"""A deal that is gone at Close ends here, and none that is only out of sight does."""

from datetime import UTC, datetime, timedelta

from crm_sync.contract import Pushes
from tests.crm_sync.providers.close_source import Ledger, Source


def test_a_deleted_deal_comes_as_a_deleted_record_with_what_it_was(
    close: Source,
) -> None:
    close.deals(5)
    ledger = Ledger()
    ledger.sync(close.provider())
    gone = close.deal(value=4_125_000)
    ledger.sync(close.provider())
    close.account.delete(gone, by=close.admin)

    ledger.sync(close.provider())

    record = ledger.records[gone]
    assert record.deleted
    assert record.changed_by == close.admin
    assert record.payload["value"] == "4125000"
    assert ledger.versions() == close.truth()


def test_a_deal_deleted_during_the_first_sync_is_noticed_in_it(close: Source) -> None:
    close.deals(50)
    ledger = Ledger()
    pages = close.provider().pages("deal", {})
    for record in next(pages).records:
        ledger.take(record)
    close.account.delete(next(iter(ledger.records)))

    for page in pages:
        for record in page.records:
            ledger.take(record)

    assert ledger.versions() == close.truth()


def test_many_deletes_are_read_through_all_pages_of_the_event_log(
    close: Source,
) -> None:
    close.deals(150)
    ledger = Ledger()
    ledger.sync(close.provider())
    with close.account.store.transaction():
        for id in list(close.truth())[:130]:
            close.account.delete(id)

    ledger.sync(close.provider())

    assert ledger.versions() == close.truth()


def test_an_event_of_a_delete_is_not_believed_while_the_deal_is_there(
    close: Source,
) -> None:
    id = close.deal(key="back again")
    close.account.delete(id)
    assert close.deal(key="back again") == id
    ledger = Ledger()

    ledger.sync(close.provider())

    assert ledger.versions() == close.truth()


def test_deletes_older_than_the_event_log_are_found_by_comparing_ids(
    close: Source,
) -> None:
    close.deals(30)
    ledger = Ledger()
    ledger.sync(close.provider())
    long_ago = datetime.now(UTC) - timedelta(days=40)
    close.account.delete(next(iter(close.truth())), at=long_ago)
    ledger.cursor |= {
        "read_at": (long_ago - timedelta(days=1)).strftime("%Y-%m-%dT%H:%M:%S.000000Z")
    }

    ledger.sync(close.provider())
    assert ledger.pages[-1].compare_ids
    assert "29 days ago" in ledger.pages[-1].warnings[0]
    ledger.reconcile(close.provider())

    assert ledger.versions() == close.truth()


def test_what_a_weaker_key_no_longer_sees_is_not_missing(close: Source) -> None:
    close.deals(30)
    bob = close.account.add_user(
        name="Bob Reed", email="bob@hale.example", role="restricteduser"
    )
    own = close.deal(user=bob)
    weak = close.account.add_key(bob)
    provider = close.provider(weak)

    probe = provider.probe()
    listing = provider.listed_ids("deal")

    assert probe.deals == 1
    assert "cannot see all leads" in probe.warnings[0]
    assert list(listing.versions) == [own]
    assert not listing.complete


def test_ids_are_listed_completely_while_deals_are_being_edited(
    close: Source,
) -> None:
    close.deals(450)
    close.server.faults.change({"edits": 20, "inserts": 3})

    listing = close.provider().listed_ids("deal")

    assert listing.complete
    assert listing.versions.keys() >= close.truth().keys() - {
        id for id, updated in close.truth().items() if updated > "2026-11-20"
    }


def test_a_merged_lead_moves_its_deals_and_loses_none(close: Source) -> None:
    close.deals(5)
    other = close.account.add_lead("Whitcomb Dental")
    ledger = Ledger()
    ledger.sync(close.provider())
    close.account.merge_leads(close.lead, other)

    ledger.sync(close.provider())

    assert {r.payload["lead_id"] for r in ledger.records.values()} == {other}
    assert ledger.versions() == close.truth()


def _loses_a_deal_that_no_event_tells_of(close: Source, said: str) -> None:
    ledger = Ledger()
    ledger.sync(close.provider())
    close.account.delete(next(iter(close.truth())))

    ledger.sync(close.provider())
    assert ledger.pages[-1].compare_ids
    assert ledger.pages[-1].warnings == (
        "Close's event log does not tell of opportunities, so all ids are compared."
        f" {said}",
    )
    ledger.reconcile(close.provider())

    assert ledger.versions() == close.truth()


def test_a_log_that_does_not_know_a_kind_is_no_reason_to_read_nothing(
    close: Source,
) -> None:
    close.deals(3)
    close.server.store.does_not_log = frozenset({"opportunity"})

    _loses_a_deal_that_no_event_tells_of(
        close, "Close refused the request (400): opportunity is not logged."
    )


def test_without_an_event_log_all_ids_are_compared(close: Source) -> None:
    close.deals(3)
    close.server.faults.change({"absent": "event"})

    _loses_a_deal_that_no_event_tells_of(close, "Close has nothing at event/ (404).")


def test_a_task_that_close_made_itself_and_deleted_ends_here(close: Source) -> None:
    add = close.account.add_record
    made = {
        type_: add("task", lead=close.lead, user=close.admin, _type=type_)
        for type_ in ("lead", "voicemail", "incoming_sms")
    }
    ledger = Ledger()
    ledger.sync(close.provider(), "task")
    for type_ in ("lead", "voicemail"):
        close.account.delete(made[type_])

    ledger.sync(close.provider(), "task")

    assert set(ledger.versions()) == {made["incoming_sms"]}


def test_a_log_that_knows_no_such_tasks_tells_of_the_others(close: Source) -> None:
    gone = close.account.add_record("task", lead=close.lead, user=close.admin)
    ledger = Ledger()
    ledger.sync(close.provider(), "task")
    close.server.store.does_not_log = frozenset({"task.voicemail"})
    close.account.delete(gone)

    ledger.sync(close.provider(), "task")

    assert ledger.records[gone].deleted
    assert not ledger.pages[-1].compare_ids


def test_every_type_of_task_is_told_of_where_close_knows_it(close: Source) -> None:
    def asked() -> set[str]:
        subscriber = close.provider()
        assert isinstance(subscriber, Pushes)
        made = subscriber.subscribe("https://example.com/hook/")
        doc = close.server.store.doc(made.external_id, "webhook")
        return {event["object_type"] for event in doc["events"]}

    everything = asked()
    close.server.store.does_not_log = frozenset({"task.voicemail"})
    known = asked()

    assert {"task.lead", "task.voicemail", "opportunity"} <= everything
    assert {"task.lead", "opportunity"} <= known
    assert "task.voicemail" not in known
