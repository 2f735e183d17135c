"""Payees, products and territories go out as CSV, are changed, and come in again."""

from datetime import date

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from crm_sync.cells import plain_cell, safe_cell
from crm_sync.ledger.changes import latest_change
from crm_sync.ledger.models import Payee, Product, Territory
from crm_sync.ledger.services import (
    create_payee,
    create_product,
    create_territory,
    edit_payee,
)
from crm_sync.ledger.uploading import enter as upload_enter
from crm_sync.ledger.uploading import look_at
from crm_sync.providers.files.table import read_table
from crm_sync.workbooks.writing import WORKBOOK, Sheet, workbook_of
from tenants.access import Member
from tenants.accounts.models import Business, Role
from tenants.audit.models import AuditRow
from tests.people import a_member

KINDS = ("payees", "products", "territories")


@pytest.fixture
def finance(alice: Member) -> Client:
    client = Client()
    client.force_login(alice.user)
    return client


@pytest.fixture
def filled(acme: Business, alice: Member) -> None:
    """Some of each kind, with attributes that not all have, and a name that begins
    like a formula."""
    maya = create_payee(name="Maya Okafor", email="maya@acme.example", title="Advisor")
    edit_payee(payee=maya, leaves_on=date(2027, 1, 31), by=alice)
    create_payee(name="=Theo", employee_number="0042", attributes={"Level": "-3"})
    create_payee(name="Maya Okafor", attributes={"level": "2", "desk": "+ north"})
    create_product(name="Air, quality", attributes={"family": "air"})
    create_product(name="@Roof")
    create_territory(name="North", attributes={"zip from": "60601"})
    create_territory(name="South “end”")


def download(client: Client, kind: str) -> str:
    return client.get(f"/b/acme/{kind}/csv/").content.decode()


def preview(client: Client, kind: str, text: str, status: int = 200) -> str:
    file = SimpleUploadedFile("f.csv", text.encode())
    answer = client.post(f"/b/acme/{kind}/upload/", {"file": file})
    assert answer.status_code == status
    return answer.content.decode()


def enter(client: Client, kind: str, text: str) -> str:
    sent = {"do": "enter", "text": text}
    answer = client.post(f"/b/acme/{kind}/upload/", sent, follow=True)
    assert answer.status_code == 200
    return answer.content.decode()


@pytest.mark.usefixtures("filled")
@pytest.mark.parametrize("kind", KINDS)
def test_the_download_sent_back_changes_nothing(kind: str, finance: Client) -> None:
    text = download(finance, kind)
    before = AuditRow.objects.count(), latest_change()

    look = look_at(kind, text.encode())
    shown = preview(finance, kind, text)
    enter(finance, kind, text)

    assert (look.rows, look.refused) == ([], [])
    assert look.unchanged == len(text.splitlines()) - 1
    assert "Nothing differs from what is here." in shown
    assert (AuditRow.objects.count(), latest_change()) == before
    assert download(finance, kind) == text


@pytest.mark.usefixtures("filled")
def test_a_preview_changes_nothing_and_says_what_would_change(finance: Client) -> None:
    text = download(finance, "payees").replace("Advisor", "Senior advisor")
    before = AuditRow.objects.count()

    shown = preview(finance, "payees", text)

    assert "title Advisor → Senior advisor" in shown
    assert "Enter 1 row<" in shown
    assert AuditRow.objects.count() == before


@pytest.mark.usefixtures("filled")
def test_payees_are_changed_and_added_and_an_empty_cell_empties(
    finance: Client,
) -> None:
    maya = Payee.objects.get(email="maya@acme.example")
    text = (
        "payee,name,email,last_day,level\n"
        f"{maya.pk},Maya O. Okafor,m.okafor@acme.example,,4\n"
        ",Zoe Lund,ZOE@acme.example,2027-03-31,1\n"
        ",=Theo,,,\n"
    )

    page = enter(finance, "payees", text)

    assert "3 rows entered." in page
    maya.refresh_from_db()
    assert (maya.name, maya.email) == ("Maya O. Okafor", "m.okafor@acme.example")
    assert (maya.title, maya.leaves_on) == ("Advisor", None)
    assert maya.attributes == {"level": "4"}
    zoe = Payee.objects.get(name="Zoe Lund")
    assert (zoe.email, zoe.leaves_on) == ("zoe@acme.example", date(2027, 3, 31))
    assert Payee.objects.get(name="=Theo").attributes == {}


@pytest.mark.usefixtures("filled")
def test_good_rows_go_in_and_bad_ones_come_back_with_reasons(finance: Client) -> None:
    text = (
        "payee,name,email,employee_number,last_day\n"
        "999999,Nobody,,,\n"
        ",Zoe Lund,not an address,,\n"
        ",Zoe Lund,,,31/12/2026\n"
        ",,zoe@acme.example,,\n"
        ",Maya Okafor,,,\n"
        f",{'x' * 201},,,\n"
        ",Zoe Lund,zoe@acme.example,,\n"
        ",Zoe Lund,zoe@acme.example,,\n"
    )

    page = enter(finance, "payees", text)

    assert "1 row entered." in page
    assert "7 rows cannot be entered" in page
    for why in (
        "There is no payee number 999999.",
        "“not an address” is no e-mail address.",
        "“31/12/2026” is not a day like 2026-12-31.",
        "The name is empty.",
        "2 payees have the name Maya Okafor.",
        "The name is longer than 200 characters.",
        "Line 8 is about Zoe Lund, too.",
    ):
        assert why in page
    assert Payee.objects.filter(name="Zoe Lund").count() == 1


@pytest.mark.usefixtures("filled")
@pytest.mark.parametrize(
    ("kind", "model"), [("products", Product), ("territories", Territory)]
)
def test_products_and_territories_are_changed_and_added_by_name(
    kind: str, model: type[Product] | type[Territory], finance: Client
) -> None:
    one = model.objects.order_by("name").first()
    assert one is not None
    text = f"name,active,Family\n{one.name},no,sold\nHeat pump,yes,\nBad,perhaps,\n"

    shown = preview(finance, kind, text)
    page = enter(finance, kind, text)

    assert "in use yes → no" in shown and "family empty → sold" in shown
    assert "2 rows entered." in page
    assert "“perhaps” is neither yes nor no." in page
    one.refresh_from_db()
    assert (one.active, one.attributes["family"]) == (False, "sold")
    assert model.objects.get(name="Heat pump").attributes == {}
    assert not model.objects.filter(name="Bad").exists()
    history = finance.get(f"/b/acme/{kind}/{one.pk}/").content.decode()
    assert "in use yes → no" in history and "by Alice" in history


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "The file is empty."),
        ("nom,active\nRoof,yes\n", "The file has no column “name”."),
        ("name,Level,level \nRoof,1,2\n", "Two columns are named “level”."),
        ("name,a b,a-b\nRoof,1,2\n", "Two columns are the attribute a_b."),
    ],
)
def test_a_file_that_cannot_be_read_is_told_in_words(
    text: str, why: str, finance: Client
) -> None:
    answer = finance.post("/b/acme/products/upload/", {"text": text})

    assert answer.status_code == 422
    assert why in answer.content.decode()


def test_a_file_in_an_older_encoding_is_read_and_the_page_says_so(
    acme: Business, finance: Client
) -> None:
    file = SimpleUploadedFile("f.csv", "name;active\nTür;yes\n".encode("cp1252"))

    page = finance.post("/b/acme/products/upload/", {"file": file}).content.decode()

    assert "read as Windows-1252" in page and "such as “Tür”" in page
    assert "Tür" in enter(finance, "products", "name;active\nTür;yes\n")


def test_an_edit_of_what_no_formula_reads_is_in_the_history_too(
    acme: Business, alice: Member, finance: Client
) -> None:
    maya = create_payee(name="Maya Okafor", title="Advisor")
    edit_payee(payee=maya, title="Senior", attributes={"level": "4"}, by=alice)

    page = finance.get(f"/b/acme/payees/{maya.pk}/").content.decode()

    assert page.count("level empty → 4") == 1
    assert "title Advisor → Senior" in page
    assert "by Alice" in page


@pytest.mark.parametrize(
    "text", ["=1+1", "-3", "@a", "'quoted'", "+ x", "\uff1d1", "a", ""]
)
def test_a_cell_comes_back_as_it_was(text: str) -> None:
    assert plain_cell(safe_cell(text)) == text


@pytest.mark.parametrize("kind", KINDS)
def test_who_may_not_write_finds_no_upload(
    kind: str, acme: Business, bob: Member, charlie: Member
) -> None:
    auditor = a_member(acme, "Ada", Role.AUDITOR)
    for member, status in ((auditor, 403), (bob, 403), (charlie, 404)):
        client = Client()
        client.force_login(member.user)
        sent = {"do": "enter", "text": "name\nEvil\n"}
        answer = client.post(f"/b/acme/{kind}/upload/", sent)
        assert answer.status_code == status
    assert not Product.objects.filter(name="Evil").exists()


@pytest.mark.usefixtures("filled")
def test_bad_rows_are_offered_as_a_file_that_can_be_corrected(finance: Client) -> None:
    text = (
        "name,email,level\n"
        "Zoe Lund,zoe@acme.example,1\n"
        "Wei  Chen,wei,=2\n"
        "Kit Marsh,kit@acme.example,3,4\n"
    )
    shown = preview(finance, "payees", text)
    sent = {"do": "refused", "text": text}

    back = finance.post("/b/acme/payees/upload/", sent)

    assert "Download these rows with reasons" in shown
    assert back["Content-Disposition"] == 'attachment; filename="payees-refused.csv"'
    assert back.content.decode().splitlines() == [
        "name,email,level,why",
        "Wei  Chen,wei,'=2,“wei” is no e-mail address.",
        'Kit Marsh,kit@acme.example,3,"The row has 4 cells, but there are 3 columns."',
    ]
    assert not Payee.objects.filter(name="Zoe Lund").exists()

    corrected = back.content.decode().replace("Chen,wei,", "Chen,wei@acme.example,")
    enter(finance, "payees", corrected)

    attributes = Payee.objects.get(name="Wei Chen").attributes
    assert attributes == {"level": "=2"}  # why it was refused is no attribute


@pytest.mark.usefixtures("filled")
def test_bad_rows_of_named_lists_come_back_in_the_form_in_which_they_were_sent(
    finance: Client,
) -> None:
    sheet = workbook_of([Sheet("Rows", [["name", "active"], ["Bad", "perhaps"]])])
    file = SimpleUploadedFile("p.xlsx", sheet)

    shown = finance.post("/b/acme/products/upload/", {"file": file}).content.decode()
    sent = {"do": "refused", "text": "name,active\nBad,perhaps\n", "was": "xlsx"}
    back = finance.post("/b/acme/products/upload/", sent)

    assert '<input type="hidden" name="was" value="xlsx">' in shown
    assert back["Content-Type"] == WORKBOOK
    (row,) = read_table(back.content).rows()
    assert row.cells == ("Bad", "perhaps", "“perhaps” is neither yes nor no.")


def test_a_file_that_is_entered_twice_adds_nobody_twice(
    acme: Business, alice: Member
) -> None:
    text = b"name,email\nZoe Lund,zoe@acme.example\nWei Chen,\n"
    one, other = look_at("payees", text), look_at("payees", text)

    assert upload_enter(one, alice) == 2
    assert upload_enter(other, alice) == 0

    assert Payee.objects.count() == 2
    assert [row.why for row in other.refused] == [
        "Zoe Lund is here by now. Send it again.",
        "Wei Chen is here by now. Send it again.",
    ]


def test_an_email_is_known_by_its_other_names_and_a_row_of_totals_is_nobody(
    acme: Business, alice: Member
) -> None:
    text = b"Full name,E-mail,Employee number\nZoe Lund,zoe@acme.example,007\nTotal,,\n"

    found = look_at("payees", text)
    upload_enter(found, alice)

    zoe = Payee.objects.get()
    assert (zoe.name, zoe.email, zoe.employee_number, zoe.attributes) == (
        "Zoe Lund",
        "zoe@acme.example",
        "007",
        {},
    )
    assert [row.why for row in found.refused] == ["This looks like a row of totals."]
