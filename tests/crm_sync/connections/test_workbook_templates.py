"""Templates as workbooks: taken, filled in, sent back, and the bad rows likewise."""

import io
import zipfile
from decimal import Decimal

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from crm_sync.ledger.models import Entry, ExchangeRate, Payee
from crm_sync.ledger.services import create_payee
from crm_sync.providers.files.table import read_table
from crm_sync.workbooks.writing import WORKBOOK, Sheet, workbook_of
from tenants.access import Member
from tenants.accounts.models import Business
from tenants.jobs.services import without_sending
from tests.crm_sync.clients import logged_in, page

pytestmark = pytest.mark.usefixtures("at_start")
UPLOAD = "/b/acme/connections/upload/"


def rows_of(content: bytes) -> list[list[str]]:
    table = read_table(content)
    return [list(table.header), *(list(row.cells) for row in table.rows())]


def second_sheet(content: bytes) -> str:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return archive.read("xl/worksheets/sheet2.xml").decode()


def filled(content: bytes, *rows: dict[str, str]) -> bytes:
    """The workbook with more rows, as somebody would leave it."""
    header, *examples = rows_of(content)
    more = [[row.get(name, "") for name in header] for row in rows]
    return workbook_of([Sheet("Rows", [header, *examples, *more])])


def send(client: Client, content: bytes, name: str = "deals.xlsx") -> str:
    file = SimpleUploadedFile(name, content, content_type=WORKBOOK)
    with without_sending():
        answer = client.post(UPLOAD, {"object": "deal", "file": file})
        assert answer.status_code == 302, answer.content.decode()
        client.post(answer["Location"])
    return str(answer["Location"])


A_DEAL = {
    "id": "007",
    "name": "Delgado residence",
    "amount": "18400.10",
    "currency": "USD",
    "won_on": "2026-11-04",
    "status_type": "won",
    "owner": "maya@acme.example",
    "product": "System replacement",
}


def test_a_template_is_taken_filled_in_and_sent_back(
    acme: Business, alice: Member
) -> None:
    create_payee(name="Maya Okafor", email="maya@acme.example")
    client = logged_in(alice)
    answer = client.get(f"{UPLOAD}template/deal/?as=xlsx")

    send(client, filled(answer.content, A_DEAL))

    assert answer["Content-Type"] == WORKBOOK
    assert 'filename="deals.xlsx"' in answer["Content-Disposition"]
    entry = Entry.objects.get()
    assert (entry.external_id, entry.amount) == ("007", Decimal("18400.10"))
    assert str(entry.occurred_on) == "2026-11-04"


def test_the_second_sheet_explains_each_column(acme: Business, alice: Member) -> None:
    content = logged_in(alice).get(f"{UPLOAD}template/deal/?as=xlsx").content

    header, example = rows_of(content)
    text = second_sheet(content)

    assert header[:3] == ["id", "name", "amount"] and example[0] == "example"
    assert all(f">{name}</t>" in text for name in header)
    assert "the e-mail address or the name of a payee" in text


def test_bad_rows_come_back_in_the_form_in_which_they_were_sent(
    acme: Business, alice: Member
) -> None:
    create_payee(name="Maya Okafor", email="maya@acme.example")
    client = logged_in(alice)
    template = client.get(f"{UPLOAD}template/deal/?as=xlsx").content
    wrong = A_DEAL | {"id": "008", "amount": "a lot"}
    place = send(client, filled(template, A_DEAL, wrong))

    bad = client.get(f"{place}refused/")
    header, *rows = rows_of(bad.content)
    row = next(row for row in rows if row[0] == "008")
    row[header.index("amount")] = "250.00"
    send(client, workbook_of([Sheet("Rows", [header, row])]))
    other = send(client, b"id,amount,won_on\n9,x,2026-11-04\n", "a.csv")
    as_text = client.get(f"{other}refused/")

    assert bad["Content-Disposition"].endswith('refused-rows.xlsx"')
    assert "is not a number" in row[header.index("reason")]
    assert Entry.objects.get(external_id="008").amount == Decimal(250)
    assert as_text["Content-Type"].startswith("text/csv")


def test_a_list_that_was_downloaded_changes_nothing_when_it_is_sent_back(
    acme: Business, alice: Member
) -> None:
    create_payee(name="=Maya", email="maya@acme.example")
    client = logged_in(alice)
    content = client.get("/b/acme/payees/csv/?as=xlsx").content
    file = SimpleUploadedFile("payees.xlsx", content)

    text = client.post("/b/acme/payees/upload/", {"file": file}).content.decode()

    assert "Nothing differs from what is here." in text
    assert [row[1] for row in rows_of(content)[1:]] == ["=Maya"]
    assert Payee.objects.count() == 1


def test_rows_of_a_workbook_that_cannot_be_entered_come_back_as_a_workbook(
    acme: Business, alice: Member
) -> None:
    client = logged_in(alice)
    url = "/b/acme/facts/rates/upload/"
    template = client.get("/b/acme/facts/rates/csv/?as=xlsx").content
    good = {"currency": "EUR", "into": "USD", "rate": "1.08", "from": "2026-11-04"}
    content = filled(
        template,
        good | {"source": "A bank"},
        good | {"from": "soon", "source": "A bank"},
    )
    looked = client.post(url, {"file": SimpleUploadedFile("r.xlsx", content)})
    form = {"text": looked.context["text"], "was": looked.context["was"]}

    client.post(url, {**form, "do": "enter"})
    bad = client.post(url, {**form, "do": "refused"})

    assert ExchangeRate.objects.count() == 1
    assert bad["Content-Disposition"].endswith('rates-refused.xlsx"')
    assert rows_of(bad.content)[1][3] == "soon"


def test_both_forms_are_offered(acme: Business, alice: Member) -> None:
    client = logged_in(alice)

    assert "template/deal/?as=xlsx" in page(client, UPLOAD)
    assert "?as=xlsx" in page(client, "/b/acme/payees/upload/")
    assert "?as=xlsx" in page(client, "/b/acme/facts/rates/upload/")


def test_what_is_typed_comes_back_letter_by_letter() -> None:
    texts = ["007", "=1+1", "-5", "1e3", "123456789012345678", "a < b & c", "ü 日本"]
    rows = [["text", "number"], *([text, text] for text in texts)]

    first = workbook_of([Sheet("Rows", rows, {1})])

    assert rows_of(first)[1:] == [[text, text] for text in texts]
    assert workbook_of([Sheet("Rows", rows, {1})]) == first, "byte by byte the same"
