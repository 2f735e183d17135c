"""Who and what an organisation has, and what fills our fields by default."""

from datetime import UTC, datetime, timedelta

import pytest

from crm_sync.contract import MappedField, SourceField, SourceUser
from tests.crm_sync.providers.close_source import MONDAY, Ledger, Source


def test_a_probe_names_the_organisation_and_counts_what_it_reaches(
    close: Source,
) -> None:
    close.deals(7)

    probe = close.provider().probe()

    assert (probe.organisation, probe.users, probe.deals, probe.currency) == (
        "Hale Family Holdings",
        1,
        7,
        "USD",
    )
    assert probe.warnings == ()


def test_who_has_left_is_still_named(close: Source) -> None:
    gone = close.account.add_user(name="Ana María Núñez", email="ana@hale.example")
    close.account.deactivate_user(gone)

    users = close.provider().users()

    assert SourceUser(gone, "ana@hale.example", "Ana María Núñez", False) in users
    assert [one.active for one in users] == [True, False]


def test_a_directory_of_several_pages_is_read_whole(close: Source) -> None:
    for number in range(230):
        close.account.add_user(name=f"Rep {number}", email=f"r{number}@hale.example")

    assert len({one.external_id for one in close.provider().users()}) == 231


def test_statuses_of_the_same_name_are_told_apart_by_pipeline(close: Source) -> None:
    service = close.account.add_pipeline("Service")
    close.account.add_status("Won", "won", pipeline=service)

    found = [(one.label, one.type, one.pipeline) for one in close.provider().statuses()]

    assert ("Won", "won", "Sales") in found
    assert ("Won", "won", "Service") in found
    assert len(found) == 4


def test_custom_fields_are_offered_with_their_choices(close: Source) -> None:
    fields = {one.key: one for one in close.provider().fields("deal")}

    assert fields[f"custom.{close.business}"] == SourceField(
        "deal",
        f"custom.{close.business}",
        "Business",
        "text",
        ("Brightwater", "Ridgeline"),
    )
    assert fields["value"].type == "number"


def test_value_is_mapped_as_cents_and_custom_fields_by_their_labels(
    close: Source,
) -> None:
    fee = close.account.add_custom_field("Dealer fee", "number")
    second = close.account.add_custom_field("Dealer Fee", "number")
    amount = close.account.add_custom_field("Amount", "number")
    provider = close.provider()

    mapping = {
        one.field: one
        for one in provider.default_mapping("deal", provider.fields("deal"))
    }

    assert mapping["amount"] == MappedField(
        "amount", "value", "money", "cents", "value_currency"
    )
    assert mapping["won_on"].source == "date_won"
    assert mapping["business"].source == f"custom.{close.business}"
    assert mapping["dealer_fee"].source == f"custom.{fee}"
    assert mapping["dealer_fee_2"].source == f"custom.{second}"
    assert mapping["amount_2"].source == f"custom.{amount}"


def test_a_deal_links_to_its_lead(close: Source) -> None:
    id = close.deal()
    provider = close.provider()
    record = provider.read_one("deal", id)

    assert record is not None
    origin = close.server.url.removesuffix("/api/v1/")
    assert provider.record_url(record) == f"{origin}/lead/{close.lead}/"


def test_an_id_that_is_none_asks_nothing(close: Source) -> None:
    assert close.provider().read_one("deal", "../me/") is None
    assert close.server.requests == []


def test_meetings_are_read_then_their_edits_and_deletes(close: Source) -> None:
    for number in range(130):
        close.account.add_meeting(
            lead=close.lead,
            user=close.admin,
            title=f"Visit {number}",
            starts_at=MONDAY + timedelta(hours=3 * number),
            status="upcoming",
            created_at=MONDAY + timedelta(minutes=number),
        )
    ledger = Ledger()
    ledger.sync(close.provider(), "meeting")
    assert len(ledger.versions()) == 130
    first, second, *_ = ledger.records
    close.account.edit(first, {"status": "completed"})
    close.account.delete(second)
    close.account.add_meeting(
        lead=close.lead, user=close.admin, title="New", starts_at=datetime.now(UTC)
    )

    ledger.sync(close.provider(), "meeting")

    assert ledger.records[first].payload["status"] == "completed"
    assert ledger.records[second].deleted
    assert len(ledger.versions()) == 130
    assert close.provider().listed_ids("meeting").versions == ledger.versions()


def test_meetings_are_read_whole_from_a_source_that_fails(close: Source) -> None:
    for number in range(130):
        close.account.add_meeting(
            lead=close.lead,
            user=close.admin,
            title=f"Visit {number}",
            starts_at=MONDAY + timedelta(minutes=number),
        )
    close.server.faults.change({"error": 10, "cut": 10, "repeat": 20, "limit": 10})
    ledger = Ledger()

    ledger.sync(close.provider(tries=9), "meeting")
    # An empty answer given twice looks like a month without meetings.
    close.server.faults.change({"repeat": 0})
    ledger.reconcile(close.provider(tries=9), "meeting")

    assert len(ledger.versions()) == 130


def test_meetings_beyond_the_windows_make_a_listing_incomplete(close: Source) -> None:
    for moment in (MONDAY - timedelta(days=7300), MONDAY):
        close.account.add_meeting(
            lead=close.lead, user=close.admin, title="Visit", starts_at=moment
        )

    listing = close.provider().listed_ids("meeting")

    assert (len(listing.versions), listing.complete) == (1, False)


def test_many_meetings_of_one_second_are_read(close: Source) -> None:
    for number in range(70):
        close.account.add_meeting(
            lead=close.lead,
            user=close.admin,
            title=f"Visit {number}",
            starts_at=MONDAY,
        )
    ledger = Ledger()

    ledger.sync(close.provider(), "meeting")

    assert len(ledger.versions()) == 70


def test_many_calls_of_one_second_are_read_whatever_their_order(close: Source) -> None:
    close.server.store.shuffles_ties = True
    for _ in range(33):
        close.account.add_record("call", lead=close.lead, created_at=MONDAY)
    ledger = Ledger()

    ledger.sync(close.provider(), "call")

    assert len(ledger.versions()) == 33
    assert close.provider().listed_ids("call").versions == ledger.versions()


@pytest.mark.parametrize("is_apart", [False, True])
def test_the_fields_of_a_type_are_found_wherever_they_are_described(
    close: Source, is_apart: bool
) -> None:
    account = close.account
    visit, policy = (
        account.add_activity_type("Visit"),
        account.add_object_type("Policy"),
    )
    other = account.add_activity_type("Other")
    account.add_custom_field("Miles", "number", of=visit)
    account.add_custom_field("Beds", "number", of=other)
    account.add_custom_field("Premium", "number", of=policy)
    close.server.store.describes_types_apart = is_apart

    provider = close.provider()

    for name, label in (("visit", "Miles"), ("other", "Beds"), ("policy", "Premium")):
        fields = provider.fields(name)
        custom = [one.label for one in fields if one.key.startswith("custom.")]
        assert custom == [label]


def test_calls_of_days_that_are_still_to_come_by_closes_clock_are_read(
    close: Source,
) -> None:
    """As where the data of a test account is of a later year than its server."""
    later = datetime.now(UTC) + timedelta(days=400)
    for number in range(45):
        close.account.add_record(
            "call", lead=close.lead, created_at=later + number * timedelta(hours=9)
        )
    close.account.add_record("call", lead=close.lead, created_at=MONDAY)
    ledger = Ledger()

    ledger.sync(close.provider(), "call")
    more = close.account.add_record("call", lead=close.lead)
    ledger.sync(close.provider(), "call")

    assert len(ledger.versions()) == 47
    assert more in ledger.versions()
    assert close.provider().listed_ids("call").versions == ledger.versions()


def test_without_schemas_the_lists_of_fields_say_what_a_deal_has(close: Source) -> None:
    close.account.add_custom_field("Region", of="shared")
    close.server.store.describes_types_apart = True

    labels = [one.label for one in close.provider().fields("deal")]

    assert labels[-2:] == ["Business", "Region"]
    assert "Region" not in [one.label for one in close.provider().fields("lead")]


def test_calls_behind_an_answer_that_ends_too_early_are_read(close: Source) -> None:
    for number in range(30):
        close.account.add_record(
            "call", lead=close.lead, created_at=MONDAY + timedelta(hours=number)
        )
    close.server.faults.change({"short": 20, "seed": 3})
    ledger = Ledger()

    ledger.sync(close.provider(), "call")

    assert len(ledger.versions()) == 30


def test_contacts_behind_an_answer_that_ends_too_early_are_read(close: Source) -> None:
    for number in range(60):
        name = f"Contact {number}"
        close.account.add_record(
            "contact", lead=close.lead, name=name, created_at=MONDAY
        )
    close.server.store.counts_lists = False
    close.server.faults.change({"script": ["", "short"]})
    ledger = Ledger()

    ledger.sync(close.provider(), "contact")

    assert len(ledger.versions()) == 60


@pytest.mark.parametrize(("currency", "warns"), [("JPY", True), ("EUR", False)])
def test_a_currency_without_cents_is_warned_of(
    close: Source, currency: str, warns: bool
) -> None:
    store = close.account.store
    store.replace(
        store.doc(close.account.id) | {"currency": currency}, updated="2026-11-04"
    )

    warnings = close.provider().probe().warnings

    assert any(f"smallest unit of {currency}" in one for one in warnings) is warns
