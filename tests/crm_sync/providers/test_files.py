"""A CSV file comes in row by row; what is wrong with it is said in words."""

import csv
import io

import pytest

from crm_sync.contract import (
    ConfigurationProblem,
    ConnectionSettings,
    Page,
    Provider,
)
from crm_sync.providers import open_provider
from crm_sync.providers.files.columns import template
from crm_sync.providers.files.table import note_of


def file(content: str | bytes, **options: object) -> Provider:
    """Open a file."""
    raw = content.encode() if isinstance(content, str) else content
    given = {"content": raw, "uploaded_at": "2026-11-24T16:42:00Z", **options}
    return open_provider("files", ConnectionSettings(options=given))


def read(content: str | bytes, **options: object) -> Page:
    """Read a file of one page."""
    (page,) = file(content, **options).pages("deal", {})
    return page


def test_rows_become_records_with_their_amounts_as_text() -> None:
    page = read("ID,Name,Amount,Note\nd1,Delgado,18400.10,\nd2,Müller,1e3,x\n")

    first, second = page.records
    assert first.external_id == "d1"
    assert first.version == "2026-11-24T16:42:00.000000Z"
    assert first.payload == {"ID": "d1", "Name": "Delgado", "Amount": "18400.10"}
    assert second.payload["Amount"] == "1e3"
    assert not page.more


@pytest.mark.parametrize("sign", [",", ";", "\t", "|"])
def test_the_delimiter_is_found_by_itself(sign: str) -> None:
    text = sign.join(["id", "name"]) + "\r\n" + sign.join(["1", '"a, b; c"']) + "\r\n"

    assert read(text).records[0].payload == {"id": "1", "name": "a, b; c"}


def test_a_line_that_says_the_delimiter_is_no_header() -> None:
    page = read("sep=;\r\nid;name\r\n1;a,b\r\n;c\r\n")

    assert page.records[0].payload == {"id": "1", "name": "a,b"}
    assert [one.row for one in page.refused] == [4]


def test_lines_before_the_header_count_as_an_editor_does() -> None:
    assert [one.row for one in read("\n\r\nid,name\n,a\n").refused] == [4]


def test_a_mark_at_the_start_of_the_file_is_no_part_of_the_first_column() -> None:
    assert read("\ufeffid,name\n1,Ana\n".encode()).records[0].external_id == "1"


def test_blank_lines_are_passed_and_lines_counted_as_an_editor_does() -> None:
    page = read('id,note\n\n1,"two\nlines"\n,\n,no id\n')

    assert [one.external_id for one in page.records] == ["1"]
    assert [(one.row, one.field) for one in page.refused] == [(6, "id")]


def test_each_bad_row_is_refused_alone_with_its_reason() -> None:
    page = read("id,name\n1,a\n,b\n1,c\n2,d,e\n3,f\n" + f"4,{'x' * 32_768}\n")

    assert [one.external_id for one in page.records] == ["1", "3"]
    assert [(one.row, one.reason) for one in page.refused] == [
        (3, "“id” is blank, so the row cannot be told apart."),
        (4, "“id” 1 is on line 2 already."),
        (5, "The row has 3 cells, but there are 2 columns."),
        (7, "“name” is longer than 32,767 characters."),
    ]
    assert page.refused[1].payload == {"id": "1", "name": "c"}


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "empty"),
        (b"\n\n", "empty"),
        (b"name,amount\nx,1\n", "no column named “id”"),
        (b"id,name,Name\n1,a,b\n", "Two columns are named “Name”"),
        (b"id,,name\n1,a,b\n", "Column 2 has no name"),
        ("id,name\n1,ü\n2,caf".encode() + b"\xe9\n", "Line 3 has a character that"),
        (b"id,name\n1,caf\xe9\x81\n", "Line 2 has a character that is not UTF-8"),
        (b"id,name\n1,caf\xe9\x01\n", "Line 2 has a character that is not UTF-8"),
        (b"PK\x03\x04rest", "The workbook cannot be read."),
        (b"\xff\xfei\x00d", "The file begins as UTF-16 and is not"),
        ("id\n1\n".encode("utf-16-le"), "not a text file"),
        (b"id,name\n1,a\x00b\n", "not a text file"),
        (b",".join(b"c%d" % n for n in range(201)) + b"\n", "201 columns"),
        (b"id,name\n1" + b"," * 1_000_001, "Line 2 has far too many cells"),
        (b"id\n" + b"x" * 20_000_000, "larger than 20 MB"),
    ],
)
def test_a_file_that_cannot_be_read_says_why(content: bytes, said: str) -> None:
    with pytest.raises(ConfigurationProblem) as problem:
        file(content)

    assert said in problem.value.message


@pytest.mark.parametrize(
    ("encoding", "sign", "note"),
    [
        ("utf-8-sig", ";", ""),
        ("utf-16", "\t", ""),  # “Unicode Text” of Excel
        ("utf-16-be", "\t", ""),
        ("cp1252", ";", "such as “Grüße”"),
    ],
)
def test_what_excel_writes_is_read_and_a_guess_is_said(
    encoding: str, sign: str, note: str
) -> None:
    rows = (("id", "name", "amount"), ("1", "Grüße an Müller €", "1.234,50"))
    text = "\r\n".join(sign.join(row) for row in rows)
    bom = b"\xfe\xff" if encoding == "utf-16-be" else b""
    content = bom + text.encode(encoding)

    (page,) = file(content).pages("deal", {})

    assert page.records[0].payload["name"] == "Grüße an Müller €"
    assert note in note_of(content) and bool(note) is bool(note_of(content))


def test_a_quotation_mark_that_is_never_closed_is_told_with_its_line() -> None:
    with pytest.raises(ConfigurationProblem) as problem:
        list(file('id,name\n1,a\n2,"b\n3,c\n').pages("deal", {}))

    assert problem.value.message.startswith("From line 3 on")


def test_more_rows_than_the_limit_are_not_read_in_part() -> None:
    content = "id\n" + "".join(f"{n}\n" for n in range(200_001))

    with pytest.raises(ConfigurationProblem, match="more than 200,000 rows"):
        next(file(content).pages("deal", {}))


def test_an_import_goes_on_after_the_last_page_that_was_kept() -> None:
    content = "id\n" + "".join(f"{n}\n" for n in [*range(1200), 3])
    pages = list(file(content).pages("deal", {}))

    again = list(file(content).pages("deal", pages[0].cursor))

    assert [len(one.records) for one in pages] == [500, 500, 200]
    assert [one.more for one in pages] == [True, True, False]
    assert again == pages[1:]
    assert again[-1].refused[0].reason == "“id” 3 is on line 5 already."


def test_columns_fill_our_fields_by_name_and_others_keep_theirs() -> None:
    provider = file("Deal ID,Title,Price,Currency,Close date,Dealer fee\n1,a,2,USD,,\n")

    mapping = {
        one.field: (one.source, one.type, one.currency_from)
        for one in provider.default_mapping("deal", provider.fields("deal"))
    }

    assert mapping == {
        "name": ("Title", "text", ""),
        "amount": ("Price", "money", "Currency"),
        "currency": ("Currency", "text", ""),
        "won_on": ("Close date", "date", ""),
        "dealer_fee": ("Dealer fee", "text", ""),
    }


def test_a_file_is_never_a_reason_to_delete() -> None:
    assert not file("id\n1\n").listed_ids("deal").complete


@pytest.mark.parametrize("object", ["deal", "meeting", "shipment"])
def test_a_template_can_be_read_back_and_its_example_is_no_record(object: str) -> None:
    text = template(object, ["Dealer fee"])
    rows = list(csv.reader(io.StringIO(text)))
    (page,) = file(text, object=object).pages(object, {})

    assert rows[0][0] == "id"
    assert rows[0][-1] == "Dealer fee"
    assert page.records == ()
    assert page.refused[0].reason == "This is the example row of the template."


def amounts(*cells: str, sign: str = ";", more: str = "") -> list[str]:
    """Return what is read of a column of amounts, and of refused ones the reason."""
    lines = [f'{n}{sign}"{cell}"{more}' for n, cell in enumerate(cells)]
    head = f"id{sign}amount" + (f"{sign}fee" if more else "")
    page = read("\n".join([head, *lines]))
    found = {one.external_id: one.payload["amount"] for one in page.records}
    found |= {one.external_id: one.reason for one in page.refused}
    return [found[str(n)] for n in range(len(cells))]


def test_a_decimal_comma_that_the_file_shows_is_read() -> None:
    given = ["1.234,50", "1.234", "-7,5", "(1.000,00)", "12", "1 234,50", "abc"]
    plain = ["1234.50", "1234", "-7.5", "(1000.00)", "12", "1234.50", "abc"]

    assert amounts(*given) == plain
    assert amounts("1,50", "2,345", sign="\t") == ["1.50", "2.345"]
    assert amounts("1.234", more=";12,5") == ["1234"]  # another column shows it


def test_thousands_that_the_file_shows_are_left_as_they_are() -> None:
    given = ["1,234.50", "1,234", "1.5"]

    assert amounts(*given) == given
    assert amounts("1,234", "1.234", sign=",") == ["1,234", "1.234"]


def test_what_may_be_a_thousandfold_is_refused() -> None:
    (said,) = amounts("1.234")

    assert said == "“amount” 1.234 may be 1.234 or 1234: write it like 1234.50."
    assert "may be 1.234 or 1234" in amounts("1,234")[0]
    mixed = amounts("1.234,50", "1,234.50", "1.234", "8")
    assert mixed[:2] == ["1.234,50", "1,234.50"] and mixed[3] == "8"
    assert "may be" in mixed[2]


def test_ids_names_and_lists_of_amounts_keep_their_commas_and_points() -> None:
    page = read("id;amount;name;deal_amounts;size\n1.234;5,50;1.234;600,30;1.234 mm\n")

    assert page.records[0].payload == {
        "id": "1.234",
        "amount": "5.50",
        "name": "1.234",
        "deal_amounts": "600,30",
        "size": "1.234 mm",
    }


@pytest.mark.parametrize(
    ("object_", "header", "id_", "fields"),
    [
        ("invoice", "Deal ID,Invoice ID,Customer ID,Amount", "b", ("deal", "customer")),
        ("payment", "Invoice ID,Payment ID,Deal ID,Amount", "b", ("invoice", "deal")),
        (
            "deal",
            "Opportunity ID,Customer ID,Amount,Note",
            "a",
            ("customer_id", "note"),
        ),
        ("meeting", "Deal ID,Meeting ID,Amount,Note", "b", ("deal_id", "note")),
    ],
)
def test_ids_of_other_things_name_them(
    object_: str, header: str, id_: str, fields: tuple[str, str]
) -> None:
    provider = file(f"{header}\na,b,c,5\n", object=object_)
    (page,) = provider.pages(object_, {})
    mapping = provider.default_mapping(object_, provider.fields(object_))

    assert [one.external_id for one in page.records] == [id_]
    assert set(fields) <= {one.field for one in mapping}
