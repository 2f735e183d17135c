"""A file is looked at, then its good rows go in and its bad rows come back."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import transaction
from psycopg import Error

from commissions_saas.lib import clock
from crm_sync.connections import errors
from crm_sync.connections.models import SourceField, SyncRun, Upload
from crm_sync.connections.readers import mapping_for
from crm_sync.connections.services import save_mapping
from crm_sync.connections.upload_trial import Preview, bad_rows
from crm_sync.connections.uploads import (
    commit_upload,
    look_at_file,
    shown_preview,
    take_file,
)
from crm_sync.ledger.models import Change, Entry, RefusedRecord, Revision
from crm_sync.ledger.recording import Outcome
from crm_sync.ledger.services import create_payee
from tenants.access import Member
from tenants.accounts.models import Business, Role
from tenants.jobs.services import run_all_jobs
from tests.crm_sync.clients import logged_in, page
from tests.databases import disk_full
from tests.people import a_member

NOW = datetime(2026, 11, 24, 16, 42, tzinfo=UTC)
FILE = """id,Deal name,amount,won_on,owner,product
d1,Delgado residence,"18,400.00",2026-11-04,maya@acme.example,System replacement
d2,Whitcomb Dental,41250.00,2026-11-09,Theo Brandt,System replacement
d3,No amount,,2026-11-09,Theo Brandt,System replacement
d4,Who is this,5.00,2026-11-09,k.ito@acme.example,System replacement
,No id,5.00,2026-11-09,Theo Brandt,System replacement
"""


@pytest.fixture(autouse=True)
def people(acme: Business) -> Iterator[None]:
    with clock.at(NOW):
        create_payee(name="Maya Okafor", email="maya@acme.example")
        create_payee(name="Theo Brandt")
        yield


def look(acme: Business, by: Member, text: str = FILE) -> tuple[Upload, Preview]:
    return look_at_file(
        business=acme, object_="deal", name="deals.csv", content=text.encode(), by=by
    )


def test_looking_says_what_would_happen_and_changes_nothing(
    acme: Business, alice: Member
) -> None:
    _, preview = look(acme, alice)

    assert preview.outcome == Outcome(new=2, refused=3)
    assert preview.amount == {"USD": Decimal("59650.00")}
    assert [row["reason"] for row in preview.refused] == [
        "“id” is blank, so the row cannot be told apart.",
        "Amount is blank.",
        "No payee for the file user k.ito@acme.example.",
    ]
    assert not Entry.objects.exists()
    assert not Change.objects.exists()


def test_good_rows_go_in_and_bad_rows_come_back_with_their_reasons(
    acme: Business, alice: Member
) -> None:
    upload, _ = look(acme, alice)

    commit_upload(upload=upload, business=acme, by=alice)

    entries = Entry.objects.order_by("external_id").values_list("name", "amount")
    assert list(entries) == [
        ("Delgado residence", Decimal("18400.0000")),
        ("Whitcomb Dental", Decimal("41250.0000")),
    ]
    assert not RefusedRecord.objects.exists()
    upload.refresh_from_db()
    lines = bad_rows(upload).splitlines()
    assert lines[0] == "id,Deal name,amount,won_on,owner,product,reason"
    assert len(lines) == 4
    assert Change.objects.latest("number").source == "uploaded by Alice in deals.csv"


def test_the_same_file_twice_changes_nothing(acme: Business, alice: Member) -> None:
    upload, _ = look(acme, alice)
    commit_upload(upload=upload, business=acme, by=alice)
    changes, revisions = Change.objects.count(), Revision.objects.count()

    with clock.at(NOW + timedelta(hours=1)):
        again, preview = look(acme, alice)
        commit_upload(upload=again, business=acme, by=alice)

    assert preview.outcome == Outcome(unchanged=2, refused=3)
    assert (Change.objects.count(), Revision.objects.count()) == (changes, revisions)


def test_a_later_file_with_another_column_changes_what_it_names(
    acme: Business, alice: Member
) -> None:
    upload, _ = look(acme, alice)
    commit_upload(upload=upload, business=acme, by=alice)
    text = (
        "id,name,amount,won_on,owner,product,Dealer fee\n"
        "d1,Delgado residence,18000,2026-11-04,maya@acme.example,"
        "System replacement,1380\n"
    )

    with clock.at(NOW + timedelta(hours=1)):
        later, preview = look(acme, alice, text)
        commit_upload(upload=later, business=acme, by=alice)

    assert preview.outcome == Outcome(changed=1)
    values = Revision.objects.get(closed=None, entry__external_id="d1").values
    assert (values["amount"], values["dealer_fee"]) == ("18000", "1380")


def test_a_file_is_committed_once(acme: Business, alice: Member) -> None:
    upload, _ = look(acme, alice)
    commit_upload(upload=upload, business=acme, by=alice)

    with pytest.raises(errors.BadUpload, match="already"):
        commit_upload(upload=upload, business=acme, by=alice)


def test_a_bad_row_cannot_carry_a_formula_into_a_spreadsheet(
    acme: Business, alice: Member
) -> None:
    text = FILE.replace("No amount", "=HYPERLINK(1)")
    upload, _ = look(acme, alice, text)

    assert "'=HYPERLINK(1)" in bad_rows(upload)


def test_a_day_that_cannot_be_read_refuses_the_row(
    acme: Business, alice: Member
) -> None:
    text = FILE.replace("2026-11-04", "31/31/2026")

    _, preview = look(acme, alice, text)

    assert preview.outcome == Outcome(new=1, refused=4)
    reason = "won_on “31/31/2026” is not a date like 2026-11-04."
    assert reason in [row["reason"] for row in preview.refused]


def test_looking_names_what_would_change(acme: Business, alice: Member) -> None:
    upload, first = look(acme, alice)
    commit_upload(upload=upload, business=acme, by=alice)

    with clock.at(NOW + timedelta(hours=1)):
        later = FILE.replace('"18,400.00"', "18000")
        _, preview = look(acme, alice, later)

    assert [words.split(":")[0] for words in first.changes] == [
        "Delgado residence",
        "Whitcomb Dental",
    ]
    assert preview.changes == ["Delgado residence: amount 18,400.00 → 18,000.00"]
    assert Change.objects.count() == 2


def test_a_look_is_shown_once_and_then_taken_anew(
    acme: Business, alice: Member
) -> None:
    upload = take_file(
        business=acme, object_="deal", name="d.csv", content=FILE.encode(), by=alice
    )
    create_payee(name="Kai Ito", email="k.ito@acme.example")

    first = shown_preview(upload=upload, business=acme)
    second = shown_preview(upload=upload, business=acme)

    assert first is not None and second is not None
    assert (first.outcome.new, second.outcome.new) == (2, 3)
    upload.refresh_from_db()
    assert len(upload.refused) == 2, "the list is as new as the figures"


def test_a_file_in_an_older_encoding_is_read_and_the_look_says_so(
    acme: Business, alice: Member
) -> None:
    text = "id,name,amount,won_on,owner\nd1,Müller,5,2026-11-04,Theo Brandt\n"

    _, preview = look_at_file(
        business=acme,
        object_="deal",
        name="deals.csv",
        content=text.encode("cp1252"),
        by=alice,
    )

    assert "read as Windows-1252" in preview.note
    assert preview.changes[0].startswith("Müller: first seen")


def test_a_column_that_a_file_lacks_is_not_gone_and_each_kind_can_be_mapped(
    acme: Business, alice: Member
) -> None:
    look(acme, alice)
    look(acme, alice, "id,name,amount,won_on,owner\nd9,Nine,5,2026-11-04,Theo Brandt\n")
    invoice = "id,Invoice no,amount,occurred_on\ni1,INV-1,5.00,2026-11-04\n"
    upload, _ = look_at_file(
        business=acme,
        object_="invoice",
        name="i.csv",
        content=invoice.encode(),
        by=alice,
    )
    files = upload.connection
    files.refresh_from_db()
    boss = logged_in(a_member(acme, "Priya Nair", Role.ADMIN))

    assert files.options["objects"] == ["deal", "invoice"]
    assert not SourceField.objects.filter(vanished_at__isnull=False).exists()
    for object_ in ("deal", "invoice"):
        url = f"/b/acme/connections/{files.pk}/map/?object={object_}"
        assert boss.get(url).status_code == 200
    assert "Invoice no" in page(
        boss, f"/b/acme/connections/{files.pk}/map/?object=invoice"
    )


def test_a_mapping_that_somebody_saved_follows_the_columns_of_later_files(
    acme: Business, alice: Member
) -> None:
    upload, _ = look(acme, alice)
    mapped = mapping_for(upload.connection, None, "deal")
    assert mapped is not None
    document = {**mapped.document, "product": {"source": "", "type": "text"}}
    document["amount"] = {**document["amount"], "required": True}
    save_mapping(
        connection=upload.connection, object_="deal", document=document, business=acme
    )
    text = (
        "id,Title,Price,won_on,owner,product,Fee\n"
        "d7,Seven,5.00,2026-11-04,Theo Brandt,Furnace,1\n"
    )

    later, preview = look(acme, alice, text)
    commit_upload(upload=later, business=acme, by=alice)

    values = Revision.objects.get(closed=None).values
    assert preview.outcome.new == 1
    assert (values["name"], values["amount"], values["fee"]) == ("Seven", "5.00", "1")
    assert "product" not in values
    now = mapping_for(upload.connection, acme.pk, "deal")
    assert now is not None and now.document["amount"]["required"]


def test_what_came_under_another_column_is_read_again_as_it_was(
    acme: Business, alice: Member
) -> None:
    first = look(acme, alice)[0]
    commit_upload(upload=first, business=acme, by=alice)
    text = (
        "id,Title,Price,won_on,owner,product\n"
        "d7,Seven,5.00,2026-11-04,Theo Brandt,Furnace\n"
    )
    later = look(acme, alice, text)[0]
    commit_upload(upload=later, business=acme, by=alice)
    before = list(Entry.objects.order_by("pk").values_list("name", "amount", "counts"))

    mapped = mapping_for(first.connection, acme.pk, "deal")
    assert mapped is not None
    save_mapping(
        connection=first.connection,
        object_="deal",
        document=mapped.document,
        business=acme,
    )
    run_all_jobs()

    now = Entry.objects.order_by("pk").values_list("name", "amount", "counts")
    assert list(now) == before and len(before) == 3
    assert not RefusedRecord.objects.exists()


def test_a_commit_that_dies_half_way_leaves_nothing_and_can_be_done_again(
    acme: Business, alice: Member
) -> None:
    upload, _ = look(acme, alice)
    with disk_full(acme, "ledger_change"):
        with pytest.raises(Error, match="disk full"), transaction.atomic():
            commit_upload(upload=upload, business=acme, by=alice)
        upload.refresh_from_db()
        left = upload.state, Entry.objects.count(), SyncRun.objects.count()

    done = commit_upload(upload=upload, business=acme, by=alice)

    assert left == (Upload.State.LOOKED_AT, 0, 0)
    assert (done.outcome.new, SyncRun.objects.count()) == (2, 1)
