"""Sources that are read at once, people who choose at once, and a write that dies."""

import pytest
from django.db import DatabaseError, connection, transaction

from crm_sync.accounting import services
from crm_sync.accounting.models import Reference, Said
from crm_sync.ledger.models import Change, Entry, Payee, Revision
from tenants.access import Member
from tenants.accounts.models import Business
from tests.crm_sync.accounting.books import (
    a_deal,
    a_payee,
    a_payment,
    account,
    an_invoice,
    credits,
    entry,
    save,
)
from tests.databases import Copy
from tests.security.test_races_and_cents import at_once


def test_sources_that_are_read_at_once_leave_what_one_after_the_other_does(
    fresh_db: Copy, acme: Business, alice: Member
) -> None:
    a_payee("Maya Okafor", "user_maya")

    at_once(
        acme,
        lambda: save(a_deal(), a_deal(version="2")),
        lambda: save(an_invoice(), an_invoice(version="2")),
        lambda: save(a_payment("p1", "400"), a_payment("p2", "600")),
    )

    assert account()["paid_on"] == "2026-11-20"
    assert account()["invoiced"] == account()["paid"] == "1000"
    for id_ in ("i1", "p1", "p2"):
        assert credits(id_) == {"Maya Okafor": ("owner", "1")}
    numbers = list(Change.objects.order_by("number").values_list("number", flat=True))
    assert numbers == list(range(1, len(numbers) + 1))
    two_choose(acme, alice)


def two_choose(acme: Business, alice: Member) -> None:
    save(a_deal("d2"), an_invoice("i2", deal="PO-7"))
    one = Reference.objects.get(named="PO-7")

    def act() -> object:
        return services.choose(reference=one, target=entry("d2"), by=alice)

    found = at_once(acme, act, act)

    assert sorted(map(str, found)) == ["0", "2"]
    assert account("d2")["invoiced"] == "1000"


def test_a_write_that_dies_half_way_leaves_nothing_of_it(maya: Payee) -> None:
    save(a_deal(), an_invoice())
    before = account(), Change.objects.count(), Revision.objects.count()

    with pytest.raises(DatabaseError), transaction.atomic():
        # What follows the write of the payment cannot be written.
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE accounting_reference RENAME TO gone")
        save(a_payment())

    assert (account(), Change.objects.count(), Revision.objects.count()) == before
    assert not Entry.objects.filter(object="payment").exists()
    save(a_payment())
    assert account()["paid"] == "1000"
    assert Said.objects.filter(entry=entry("p1")).exists()
