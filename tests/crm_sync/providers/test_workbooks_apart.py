"""A workbook is read by a process of its own, which little memory and time are given."""

import io
import random
import struct
import zipfile
from collections.abc import Iterator

import pytest

from crm_sync.contract import ConfigurationProblem
from crm_sync.providers.files.table import read_table
from crm_sync.workbooks import apart
from tests.crm_sync.providers.workbooks import archive, sheet, text, workbook

ROW = f"<row r='1'>{text('id', 'A1')}</row><row r='2'>{text('café', 'A2')}</row>"
SHEET = "xl/worksheets/sheet2.xml"
TOO_MUCH = "The workbook cannot be read: Reading it takes too much memory or time."


def refused(content: bytes) -> str:
    with pytest.raises(ConfigurationProblem) as problem:
        read_table(content)
    assert problem.value.hint
    return problem.value.message


def packed_as(kind: int, blocks: Iterator[bytes]) -> bytes:
    """Return a workbook whose sheet is packed in another way than Excel does."""
    content = io.BytesIO(workbook("", parts={SHEET: b""}))
    with zipfile.ZipFile(content, "a") as packed:
        info = zipfile.ZipInfo(SHEET)
        info.compress_type = kind
        with packed.open(info, "w") as part:
            for block in blocks:
                part.write(block)
    return content.getvalue()


def test_it_gives_the_same_text_and_the_same_sentences() -> None:
    assert [row.cells for row in read_table(workbook(ROW)).rows()] == [("café",)]
    assert "an archive" in refused(archive({"deals.csv": b"id\n"}))
    assert refused(b"PK\x03\x04") == "The workbook cannot be read."


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize("kind", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_packing_that_cannot_be_counted_is_refused(kind: int) -> None:
    # A few kilobytes that unpack to twenty megabytes at the first call.
    content = packed_as(kind, (b" " * 1_000_000 for _ in range(20)))

    assert "packed in a way that Excel does not use" in refused(content)


def test_what_needs_more_memory_than_it_may_have_ends_in_a_sentence(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(apart, "MOST_MEMORY", 30_000_000)
    noise = random.Random(1).randbytes(15_000_000)

    assert refused(archive({"xl/workbook.xml": noise})) == TOO_MUCH


def test_elements_that_lie_in_each_other_without_end_are_refused() -> None:
    chance = random.Random(1)
    deep = b"".join(b"<a%x>" % chance.getrandbits(30) for _ in range(1_000))

    said = refused(workbook("", parts={SHEET: b"<worksheet>" + deep}))

    assert said == "The workbook cannot be read: Its parts lie too deep in each other."


def test_what_needs_more_time_than_it_may_have_ends_in_a_sentence(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(apart, "MOST_SECONDS", 1)
    chance = random.Random(1)
    cells = "".join(f"<c><v>{chance.random()}</v></c>" for _ in range(1_900))
    row = cells.replace("</c>", "</c></row><row>")

    assert refused(workbook(f"<row>{row}</row>" * 500)) == TOO_MUCH


def test_a_comment_that_never_ends_is_not_read_again_and_again() -> None:
    chance = random.Random(1)
    noise = bytes(chance.choices(b"ab> ", k=3_000_000))

    said = refused(workbook("", parts={SHEET: b"<worksheet><!--" + noise}))

    assert said == "The workbook cannot be read: A tag of it never ends."


def test_parts_that_overlap_count_as_often_as_they_are_named() -> None:
    """One packed part, and a list of contents that names it a thousand times."""
    content = workbook(ROW, parts={SHEET: sheet(ROW) + b" " * 900_000})
    end = content.rindex(b"PK\x05\x06")
    start = struct.unpack("<I", content[end + 16 : end + 20])[0]
    listed = content[start:end]
    last = listed[listed.rindex(b"PK\x01\x02") :]
    more = b"".join(last.replace(b"sheet2", b"%06d" % n) for n in range(1_200))
    count = len(zipfile.ZipFile(io.BytesIO(content)).namelist()) + 1_200
    tail = struct.pack("<4s4H2IH", b"PK\x05\x06", 0, 0, count, count,
                       len(listed) + len(more), start, 0)  # fmt: skip

    said = refused(content[:start] + listed + more + tail)

    assert said == f"The workbook cannot be read: It has {count:,} parts."


def test_what_else_lies_in_a_workbook_is_never_opened() -> None:
    """Macros, a workbook in the workbook, links to elsewhere, names that climb."""
    more = {
        "xl/vbaProject.bin": b"\xd0\xcf\x11\xe0 macro",
        "xl/embeddings/book.xlsx": workbook(ROW),
        "xl/externalLinks/externalLink1.xml": b"<externalLink",
        "../../../etc/passwd": b"root",
    }
    assert [row.cells for row in read_table(workbook(ROW, parts=more)).rows()] == [
        ("café",)
    ]
    for target in ("../../../etc/passwd", "https://example.com/a.xml", "//host/a.xml"):
        places = (
            '<Relationships><Relationship Id="rId2" TargetMode="External"'
            f' Target="{target}"/></Relationships>'
        )
        book = workbook(ROW, parts={"xl/_rels/workbook.xml.rels": places.encode()})
        assert refused(book) == "The workbook cannot be read."
