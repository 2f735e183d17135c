"""Source records become entries, revisions, credits and changes, exactly once."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from commissions_saas.lib import clock
from crm_sync.ledger import services
from crm_sync.ledger.as_of import changes_since, entry_facts, touched_by
from crm_sync.ledger.models import (
    Change,
    Credit,
    Entry,
    Payee,
    RefusedRecord,
    Revision,
)
from crm_sync.ledger.reading import FieldProblem, Incoming
from crm_sync.ledger.recording import Origin, Outcome, record
from tenants.accounts.models import Business
from tenants.rollup.models import BookingFact

NOW = datetime(2026, 11, 24, 16, 42, tzinfo=UTC)
CLOSE = Origin(
    connection_id=1,
    source="Close",
    directory={"user_ito": ("Kenji Ito", "k.ito@acme.example")},
)
MAPPED = frozenset({"name", "amount", "won_on", "status_type", "owner", "product"})


@pytest.fixture(autouse=True)
def at_noon(acme: Business) -> Iterator[None]:
    with clock.at(NOW):
        yield


@pytest.fixture
def maya(acme: Business) -> Payee:
    return a_payee("Maya Okafor", "user_maya")


@pytest.fixture
def theo(acme: Business) -> Payee:
    return a_payee("Theo Brandt", "user_theo")


def a_payee(name: str, user: str) -> Payee:
    payee = services.create_payee(name=name)
    services.match_payee(payee=payee, connection_id=1, external_id=user)
    return payee


def a_deal(id_: str = "oppo_1", version: str = "1", **values: object) -> Incoming:
    given = {
        "name": "Whitcomb Dental",
        "amount": Decimal("43750.00"),
        "currency": "USD",
        "won_on": date(2026, 11, 9),
        "status": "Won",
        "status_type": "won",
        "owner": "user_maya",
        "product": "System replacement",
    } | values
    kept = {key: value for key, value in given.items() if value is not None}
    return Incoming(
        object="deal",
        external_id=id_,
        version=version,
        values=kept,  # type: ignore[arg-type]
        payload={"id": id_, "version": version},
        mapped=MAPPED,
        required=frozenset({"product"}),
    )


def save(*records: Incoming, origin: Origin = CLOSE) -> Outcome:
    return record(records=records, origin=origin)


def test_a_won_deal_becomes_an_entry_that_counts_on_the_day_it_was_won(
    maya: Payee,
) -> None:
    outcome = save(a_deal())

    entry = Entry.objects.get()
    assert outcome == Outcome(new=1)
    assert (entry.occurred_on, entry.counts) == (date(2026, 11, 9), True)
    assert (entry.amount, entry.owner) == (Decimal("43750.0000"), maya)
    credit = Credit.objects.get()
    assert (credit.payee_id, credit.role, credit.share) == (
        maya.pk,
        "owner",
        Decimal(1),
    )


def test_the_same_page_twice_changes_nothing(maya: Payee) -> None:
    page = [a_deal("a"), a_deal("b", amount=Decimal("1.10"))]
    save(*page)
    before = list(Revision.objects.values()), list(Change.objects.values())

    outcome = save(*page)

    assert outcome == Outcome(unchanged=2)
    assert (list(Revision.objects.values()), list(Change.objects.values())) == before


def test_an_older_version_never_overwrites_a_newer_one(maya: Payee) -> None:
    save(a_deal(version="2", amount=Decimal("41250.00")))

    outcome = save(a_deal(version="1"))

    assert outcome == Outcome(unchanged=1)
    assert Entry.objects.get().amount == Decimal("41250.0000")


def test_a_change_says_which_field_went_from_what_to_what_and_who_did_it(
    maya: Payee,
) -> None:
    save(a_deal())
    edited_at = datetime(2026, 11, 24, 16, 30, tzinfo=UTC)

    save(
        replace(
            a_deal(version="2", amount=Decimal("41250.00")),
            changed_by="Priya Nair",
            changed_at=edited_at,
        )
    )

    change = Change.objects.get(number=2)
    assert change.words == "Whitcomb Dental: amount 43,750.00 → 41,250.00"
    assert change.source == "edited in Close by Priya Nair"
    assert change.source_at == edited_at


def test_an_unknown_author_is_said_to_be_unknown_with_the_time_between(
    maya: Payee, acme: Business
) -> None:
    save(a_deal())
    since = datetime(2026, 11, 24, 16, 24, tzinfo=UTC)

    save(a_deal(version="2", amount=Decimal(1)), origin=replace(CLOSE, since=since))

    words = Change.objects.get(number=2).source
    assert words == "changed between 16:24 and 16:42, author unknown"


def test_each_record_of_a_page_has_its_own_change_number(maya: Payee) -> None:
    save(a_deal("a"), a_deal("b"), a_deal("c"))

    numbers = Entry.objects.order_by("external_id").values_list("changed", flat=True)
    assert list(numbers) == [1, 2, 3]
    assert [change.number for change in changes_since(1)] == [2, 3]


def test_a_page_of_a_hundred_takes_few_queries(
    maya: Payee, django_assert_max_num_queries: Any
) -> None:
    save(*(a_deal(f"d{n:03}") for n in range(100)))
    changed = [a_deal(f"d{n:03}", "2", amount=Decimal(n)) for n in range(100)]

    with django_assert_max_num_queries(25):
        outcome = save(*changed)

    assert outcome == Outcome(changed=100)


def test_an_open_deal_does_not_count_though_it_has_a_date(maya: Payee) -> None:
    save(a_deal(status="Negotiation", status_type="active"))

    entry = Entry.objects.get()
    assert (entry.counts, entry.occurred_on) == (False, None)


def test_a_lost_deal_stays_in_its_period_with_the_day_it_was_lost(maya: Payee) -> None:
    save(a_deal())

    save(
        a_deal(
            version="2", status="Lost", status_type="lost", lost_on=date(2026, 11, 20)
        )
    )

    revision = Revision.objects.get(closed=None)
    assert (revision.counts, revision.occurred_on) == (False, date(2026, 11, 9))
    assert revision.reversed_on == date(2026, 11, 20)


def test_a_reopened_deal_stops_to_count_today_and_may_be_won_again(
    maya: Payee,
) -> None:
    save(a_deal())
    save(a_deal(version="2", status="Open", status_type="active"))
    reopened = Revision.objects.get(closed=None)
    save(a_deal(version="3", won_on=date(2026, 11, 23)))

    again = Revision.objects.get(closed=None)

    assert (reopened.counts, reopened.reversed_on) == (False, date(2026, 11, 24))
    assert (again.counts, again.reversed_on) == (True, None)
    assert again.occurred_on == date(2026, 11, 23)


def test_a_deleted_deal_keeps_its_past_and_stops_to_count(maya: Payee) -> None:
    save(a_deal())

    outcome = save(replace(a_deal(version="2"), deleted=True))

    entry = Entry.objects.get()
    revision = Revision.objects.get(closed=None)
    assert outcome == Outcome(deleted=1)
    assert (entry.deleted, entry.counts) == (True, False)
    assert revision.payload == {"id": "oppo_1", "version": "1"}
    assert revision.values["amount"] == "43750.00"


def test_a_replay_from_before_the_delete_does_not_bring_the_deal_back(
    maya: Payee,
) -> None:
    save(replace(a_deal(version="2"), deleted=True))

    outcome = save(a_deal(version="1"))

    assert outcome == Outcome(unchanged=1)
    assert Entry.objects.get().deleted


def test_owner_and_partner_share_the_whole(maya: Payee, theo: Payee) -> None:
    save(a_deal(split_with="user_theo", split_percent=Decimal("0.5")))

    rows = Credit.objects.order_by("role").values_list("payee_id", "role", "share")
    half = Decimal("0.5")
    assert list(rows) == [(maya.pk, "owner", half), (theo.pk, "split", half)]


@pytest.mark.parametrize(
    ("values", "code", "reason"),
    [
        (
            {"owner": "user_ito"},
            "unknown_owner",
            "No payee for Close user k.ito@acme.example.",
        ),
        ({"owner": None}, "no_owner", "It has no owner in Close."),
        ({"product": None}, "no_product", "Product is blank."),
        ({"amount": None}, "no_amount", "Amount is blank."),
        ({"won_on": None}, "no_won_on", "Won on is blank."),
        (
            {"split_with": "user_theo"},
            "split",
            "It names a second person, and no share: shares must make 100 %.",
        ),
        (
            {"owner_percent": Decimal("0.6"), "split_percent": Decimal("0.6"),
             "split_with": "user_theo"},
            "split",
            "The shares are 60 % and 60 %: shares must make 100 %.",
        ),
    ],
)  # fmt: skip
def test_a_won_deal_that_lacks_something_is_refused_with_the_reason(
    maya: Payee, theo: Payee, values: dict[str, Any], code: str, reason: str
) -> None:
    outcome = save(a_deal(**values))

    refused = RefusedRecord.objects.get()
    assert outcome == Outcome(refused=1)
    assert (refused.code, refused.reason) == (code, reason)
    assert not Entry.objects.exists()


def test_a_value_that_cannot_be_read_is_refused_and_never_zero(maya: Payee) -> None:
    problem = FieldProblem(
        "dealer_fee", "not_a_number", "Dealer fee “n/a” is no number."
    )

    save(replace(a_deal(), problems=(problem,)))

    assert RefusedRecord.objects.get().reason == problem.reason


def test_a_refused_record_that_passes_later_is_resolved(maya: Payee) -> None:
    save(a_deal(owner="user_ito"))
    a_payee("Kenji Ito", "user_ito")

    save(a_deal(owner="user_ito"))

    assert RefusedRecord.objects.get().state == RefusedRecord.State.RESOLVED
    assert str(Entry.objects.get().owner) == "Kenji Ito"


def test_an_older_version_that_passes_does_not_resolve_a_newer_refusal(
    maya: Payee,
) -> None:
    save(a_deal())
    save(a_deal(version="2", product=None))

    save(a_deal())

    assert RefusedRecord.objects.get().state == RefusedRecord.State.WAITING


def test_an_incomplete_deal_that_is_lost_still_loses_its_effect(maya: Payee) -> None:
    save(a_deal())

    save(a_deal(version="2", product=None, amount=None, status_type="lost"))

    assert not Entry.objects.get().counts
    assert not RefusedRecord.objects.exists()


def test_bookings_follow_the_deals(maya: Payee) -> None:
    save(a_deal("a", amount=Decimal("100.00")), a_deal("b", amount=Decimal("50.00")))
    save(
        a_deal("a", "2", amount=Decimal("70.00")),
        replace(a_deal("b", "2"), deleted=True),
    )

    fact = BookingFact.objects.get()
    assert (fact.month, fact.booked, fact.deals) == (date(2026, 11, 1), Decimal(70), 1)


def test_the_calculation_reads_what_was_known_at_a_change_number(maya: Payee) -> None:
    save(a_deal())
    save(a_deal(version="2", amount=Decimal("41250.00")))

    def amount_at(change: int) -> object:
        found = entry_facts(
            payee_ids=[maya.pk],
            first=date(2026, 11, 1),
            last=date(2026, 11, 30),
            change=change,
        )
        return found[maya.pk][0].values["amount"]

    assert amount_at(1) == Decimal("43750.00")
    assert amount_at(2) == Decimal("41250.00")


def test_a_change_touches_the_days_before_and_after_it(
    maya: Payee, theo: Payee
) -> None:
    save(a_deal())
    save(a_deal(version="2", won_on=date(2026, 12, 1), owner="user_theo"))

    assert touched_by([2])[2] == {
        (maya.pk, date(2026, 11, 9)),
        (theo.pk, date(2026, 12, 1)),
    }


def test_a_change_that_no_mapped_field_shows_touches_nobody(maya: Payee) -> None:
    save(a_deal())

    save(a_deal(version="2"))

    assert touched_by([2]) == {2: set()}
    assert Revision.objects.get(closed=None).payload["version"] == "2"


def test_a_name_longer_than_is_kept_is_no_change_when_it_is_read_again(
    maya: Payee,
) -> None:
    save(a_deal(name="x" * 301))

    assert save(a_deal(name="x" * 301)).changed == 0
    assert Revision.objects.get().name == "x" * 300


def test_a_record_is_looked_for_by_its_id_while_a_first_reading_goes_on(
    maya: Payee,
) -> None:
    record(records=[a_deal(f"oppo_{n}") for n in range(3000)], origin=CLOSE)
    with CaptureQueriesContext(connection) as queries:
        record(records=[a_deal("oppo_7"), a_deal("oppo_new")], origin=CLOSE)

    asked = [str(one["sql"]).strip() for one in queries]
    (known,) = (sql for sql in asked if sql.startswith("SELECT entry."))
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN {known}")
        plan = [line for (line,) in cursor.fetchall()]
    found = [line for line in plan if "Index Cond" in line and "external_id" in line]
    assert found, plan  # else each page reads what all pages before it have brought
