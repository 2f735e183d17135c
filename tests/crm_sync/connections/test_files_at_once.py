"""Two people press the same button of a file or a payee at the same moment."""

from datetime import UTC, datetime

from django.test import Client

from commissions_saas.lib import clock
from crm_sync.connections.upload_people import payees_from_file
from crm_sync.connections.uploads import commit_upload, look_at_file
from crm_sync.ledger.merging import merge_payees, undo_merge
from crm_sync.ledger.models import Change, Entry, Payee, Product
from crm_sync.ledger.services import create_payee, create_product
from tenants.access import Member
from tenants.accounts.models import Business
from tenants.jobs.services import without_sending
from tests.databases import Copy
from tests.security.test_races_and_cents import at_once, told, won

DEALS = b"id,amount,won_on,owner\na,5,2026-10-02,Theo Brandt\n"


def test_a_button_that_two_press_at_once_does_its_work_once(
    fresh_db: Copy, acme: Business, alice: Member
) -> None:
    """One database for all of them, since a copy takes longer than they do."""
    with clock.at(datetime(2026, 11, 2, 12, tzinfo=UTC)), without_sending():
        a_files_people(acme, alice)
        an_undone_merge(acme, alice)
        two_files_of_a_list(acme, alice)
    numbers = list(Change.objects.order_by("number").values_list("number", flat=True))
    assert numbers == list(range(1, len(numbers) + 1))


def a_files_people(acme: Business, alice: Member) -> None:
    upload, _ = look_at_file(
        business=acme, object_="deal", name="d.csv", content=DEALS, by=alice
    )

    def make() -> object:
        return payees_from_file(upload=upload, business=acme, by=alice)

    assert sorted(len(made) for made in at_once(acme, make, make)) == [0, 1]
    assert Payee.objects.filter(name="Theo Brandt").count() == 1

    def take_in() -> object:
        return commit_upload(upload=upload, business=acme, by=alice)

    found = at_once(acme, take_in, take_in)
    assert len(won(found)) == len(told(found)) == 1
    assert Entry.objects.count() == 1


def an_undone_merge(acme: Business, alice: Member) -> None:
    one, into = create_payee(name="T. Brandt"), Payee.objects.get(name="Theo Brandt")

    def merge() -> object:
        return merge_payees(payee=Payee.objects.get(pk=one.pk), into=into, by=alice)

    found = at_once(acme, merge, merge)
    assert len(won(found)) == len(told(found)) == 1

    undone = Payee.objects.get(pk=one.pk)
    same = Payee.objects.get(pk=one.pk)
    found = at_once(
        acme,
        lambda: undo_merge(payee=undone, by=alice),
        lambda: undo_merge(payee=same, by=alice),
    )
    assert len(won(found)) == len(told(found)) == 1
    assert told(found) == ["crm_sync.ledger.errors"]


def two_files_of_a_list(acme: Business, alice: Member) -> None:
    create_product(name="Roof")

    def send(text: str) -> object:
        client = Client()
        client.force_login(alice.user)
        sent = {"do": "enter", "text": text}
        return client.post("/b/acme/products/upload/", sent).status_code

    found = at_once(
        None,
        lambda: send("name,family\nRoof,roofs\n"),
        lambda: send("name,size\nRoof,9\n"),
    )

    assert found == [302, 302]
    assert Product.objects.get().attributes == {"family": "roofs", "size": "9"}
