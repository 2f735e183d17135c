"""A workbook is read to the cent, and a hostile one ends in a sentence."""

import tracemalloc
from decimal import Decimal

import pytest

from crm_sync.contract import ConfigurationProblem, ConnectionSettings
from crm_sync.providers.files.provider import FileProvider
from crm_sync.providers.files.table import Table, table_of
from crm_sync.workbooks.parts import parser_of
from crm_sync.workbooks.reading import text_of_workbook
from tests.crm_sync.providers.workbooks import archive, sheet, text, workbook

HEADER = f"<row r='1'>{text('id', 'A1')}{text('value', 'B1')}</row>"


def read_table(content: bytes) -> Table:
    """Read a workbook here: what it takes, and its limits, can be seen and changed."""
    return table_of(text_of_workbook(content), is_typed=True)


def cell(inside: str, **given: object) -> str:
    """Return the value that is read from one cell."""
    attributes = "".join(f' {name}="{value}"' for name, value in given.items())
    rows = f"<row r='2'>{text('1', 'A2')}<c r='B2'{attributes}>{inside}</c></row>"
    shared = "<si><t>Tran</t></si><si><r><t>Kess</t></r><r><t>ler</t></r></si>"
    ((_, value),) = [
        row.cells for row in read_table(workbook(HEADER + rows, texts=shared)).rows()
    ]
    return value


def refused(content: bytes) -> str:
    with pytest.raises(ConfigurationProblem) as problem:
        list(read_table(content).rows())
    return problem.value.message


@pytest.mark.parametrize(
    ("stored", "read"),
    [
        ("18400", "18400"),
        ("18400.1", "18400.1"),
        ("0.10000000000000001", "0.1"),  # what Excel stores for 0.1
        ("18400.099999999999", "18400.1"),
        ("1.7999999999999999E-2", "0.018"),
        ("-40.05", "-40.05"),
        ("1E3", "1000"),
        ("123456789012.34", "123456789012.34"),
    ],
)
def test_a_number_is_what_excel_shows(stored: str, read: str) -> None:
    assert cell(f"<v>{stored}</v>") == read
    assert Decimal(read) == Decimal(cell(f"<v>{stored}</v>"))


def test_texts_days_and_yes_are_read() -> None:
    assert cell("<v>1</v>", t="s") == "Kessler"
    assert cell("<v>a &amp; b</v>", t="str") == "a & b"
    assert cell("<v>1</v>", t="b") == "yes"
    assert cell("<v>46330</v>", s=1) == "2026-11-04"
    assert cell("<v>46330.5</v>", s=2) == "2026-11-04 12:00:00"
    assert cell("<v>46330</v>", s=3) == "46330"  # “days” in quotes is no day
    assert cell("<v>1</v>", s=1) == "1900-01-01"
    assert cell("<v>42</v>", s=4) == "00042"  # an id, as it is shown
    assert cell("<v>4.2</v>", s=4) == "4.2"
    assert cell("<v>7.0000000000000007E-2</v>", s=5) == "7%"
    assert cell("<v>-0.125</v>", s=5) == "-12.5%"
    assert cell("<v>1</v>", s=6) == "100%"
    assert cell("<f>B1*2</f><v>36800.2</v>") == "36800.2"
    assert cell("<v>#N/A</v>", t="e") == "#N/A"


def test_days_of_a_workbook_that_counts_from_1904() -> None:
    rows = f"{HEADER}<row r='2'>{text('1', 'A2')}<c r='B2' s='1'><v>44868</v></c></row>"
    content = workbook(rows, more=' date1904="1"')

    ((_, value),) = [row.cells for row in read_table(content).rows()]
    assert value == "2026-11-04"


def test_rows_keep_the_numbers_that_excel_shows() -> None:
    rows = (
        f"{HEADER}<row r='4'>{text('1', 'A4')}<c r='B4'><v>5</v></c></row>"
        f"<row r='5'></row><row r='7'>{text('', 'A7')}<c r='B7'><v>5</v></c></row>"
    )
    provider = FileProvider(ConnectionSettings(options={"content": workbook(rows)}))

    (page,) = provider.pages("deal", {})

    assert [one.external_id for one in page.records] == ["1"]
    assert [(one.row, one.reason) for one in page.refused] == [
        (7, "“id” is blank, so the row cannot be told apart.")
    ]


def test_rows_before_the_header_are_counted_as_well() -> None:
    header = f"<row r='3'>{text('id', 'A3')}{text('value', 'B3')}</row>"
    row = f"<row r='5'>{text('1', 'A5')}</row>"

    assert [one.number for one in read_table(workbook(header + row)).rows()] == [5]


def test_a_formula_without_its_result_is_told_with_its_cell() -> None:
    rows = f"{HEADER}<row r='2'>{text('1', 'A2')}<c r='B2'><f>1+1</f></c></row>"

    assert refused(workbook(rows)).startswith("Cell B2 is a formula whose result")


def test_a_cell_far_away_reserves_no_room() -> None:
    rows = f"{HEADER}<row r='1048576'>{text('x', 'XFD1048576')}</row>"
    tracemalloc.start()
    try:
        said = refused(workbook(rows))
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert said.startswith("Cell XFD1048576 stands beyond the 200 columns")
    assert most < 2_000_000


def test_more_rows_than_the_limit_are_refused() -> None:
    rows = f"{HEADER}<row r='200002'>{text('x', 'A200002')}</row>"

    assert refused(workbook(rows)) == "The file has more than 200,000 rows."


def test_a_part_that_unpacks_a_hundredfold_is_refused_in_little_memory() -> None:
    bomb = workbook("", parts={"xl/worksheets/sheet2.xml": sheet(" " * 60_000_000)})
    assert len(bomb) < 100_000
    tracemalloc.start()
    try:
        said = refused(bomb)
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert "a hundred times" in said
    assert most < 4_000_000


def test_what_defines_entities_is_refused() -> None:
    dtd = '<!DOCTYPE a [<!ENTITY b "ha"><!ENTITY c "&b;&b;&b;">]>'
    parts = {"xl/worksheets/sheet2.xml": dtd.encode() + sheet("<row/>")}

    assert "entities" in refused(workbook("", parts=parts))


@pytest.mark.parametrize(
    "content",
    [
        b"PK\x03\x04",
        workbook(HEADER)[:400],
        workbook(HEADER, parts={"xl/worksheets/sheet2.xml": b"<worksheet><row"}),
        workbook(HEADER, parts={"xl/_rels/workbook.xml.rels": b"<a/>"}),
        workbook("<row r='1'><c r='A1' t='s'><v>9</v></c></row>"),
        workbook("<row r='2'/><row r='1'/>"),
        workbook("<row r='1'><c r='A1'><v>many</v></c></row>"),
    ],
)
def test_a_broken_workbook_is_told_in_words(content: bytes) -> None:
    assert refused(content) == "The workbook cannot be read."


def test_other_archives_and_empty_sheets_say_what_they_are() -> None:
    assert "an archive" in refused(archive({"deals.csv": b"id\n1\n"}))
    assert refused(workbook("")) == "The first sheet is empty."
    many = archive({f"part{n}": b"" for n in range(1_001)})
    assert "1,001 parts" in refused(many)


def most_memory(content: bytes) -> tuple[str, int]:
    """Return why a workbook is refused, and how much was held meanwhile."""
    tracemalloc.start()
    try:
        return refused(content), tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_one_long_text_that_many_cells_share_is_refused() -> None:
    long = "<si><t>" + "\U0001f600a" * 2_000_000 + "</t></si>"
    cells = "".join(f"<c r='{chr(65 + n)}1' t='s'><v>0</v></c>" for n in range(26))

    said, most = most_memory(workbook(f"<row r='1'>{cells}</row>", texts=long))

    assert "a hundred times" in said or "longer than a cell" in said
    assert most < 30_000_000


@pytest.mark.parametrize(
    "value", ["<v>1." + "0" * 900_000 + "</v>", "<v>" + "9" * 900_000 + "</v>"]
)
def test_a_number_longer_than_a_cell_is_refused(value: str) -> None:
    rows = f"{HEADER}<row r='2'>{text('1', 'A2')}<c r='B2'>{value}</c></row>"

    said, most = most_memory(workbook(rows))

    assert said == "The workbook cannot be read: Cell B2 is too long."
    assert most < 4_000_000


def test_more_characters_than_a_sheet_may_have_are_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("crm_sync.workbooks.reading.MOST_TEXT", 100)
    shared = f"<si><t>{'x' * 60}</t></si>"
    cells = "".join(f"<c r='{c}1' t='s'><v>0</v></c>" for c in "AB")

    said = refused(workbook(f"<row r='1'>{cells}</row>", texts=shared))

    assert said == "The workbook cannot be read: Its sheet is too long."


def test_more_elements_than_can_be_meant_are_refused() -> None:
    parser = parser_of(lambda name, given: None, most=100)

    with pytest.raises(ConfigurationProblem, match="too many cells"):
        parser.Parse(b"<row>" + b"<c/>" * 100 + b"</row>", True)


def test_a_tag_that_never_ends_is_refused() -> None:
    noise = b"<worksheet " + b"".join(
        b"a%d='%x' " % (n, n * 7919) for n in range(200_000)
    )

    said = refused(workbook("", parts={"xl/worksheets/sheet2.xml": noise}))

    assert said == "The workbook cannot be read: A tag of it never ends."
