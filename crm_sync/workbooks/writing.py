"""Writes an XLSX workbook: text that a spreadsheet leaves alone, numbers as numbers.

Ids such as 007 and days such as 2026-11-04 are text, in cells that keep as text what is
typed into them; so what is filled in comes back letter by letter. The same rows always
give the same bytes.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape

WORKBOOK = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_FIRST_DAY = (1980, 1, 1, 0, 0, 0)  # an archive knows none before
_TEXT, _HEAD, _PLAIN = 1, 2, 0
# Excel keeps fifteen digits: a longer number would come back as another one.
_NUMBER = re.compile(r"-?(?:0|[1-9]\d{0,13})(?:\.\d{1,10})?", re.ASCII)
_MOST_DIGITS = 15
_NO_XML = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True, slots=True)
class Sheet:
    """A sheet: its rows, the header first, and the columns that hold numbers."""

    name: str
    rows: Sequence[Sequence[str]]
    numbers: Collection[int] = ()


def workbook_of(sheets: Sequence[Sheet]) -> bytes:
    """Return a workbook of these sheets, the first of which is read back."""
    parts = {
        "[Content_Types].xml": _types(len(sheets)),
        "_rels/.rels": _relations([("officeDocument", "xl/workbook.xml")]),
        "xl/workbook.xml": _book(sheets),
        "xl/_rels/workbook.xml.rels": _relations(
            [
                *(
                    ("worksheet", f"worksheets/sheet{number}.xml")
                    for number in range(1, len(sheets) + 1)
                ),
                ("styles", "styles.xml"),
            ]
        ),
        "xl/styles.xml": _STYLES,
    }
    for number, sheet in enumerate(sheets, start=1):
        parts[f"xl/worksheets/sheet{number}.xml"] = _sheet(sheet)
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, part in parts.items():
            info = zipfile.ZipInfo(name, _FIRST_DAY)
            info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(info, _XML + part)
    return content.getvalue()


_XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_STYLES = (
    f'<styleSheet xmlns="{_MAIN}"><fonts count="2"><font><sz val="11"/>'
    '<name val="Calibri"/></font><font><b/><sz val="11"/><name val="Calibri"/></font>'
    '</fonts><fills count="2"><fill><patternFill patternType="none"/></fill><fill>'
    '<patternFill patternType="gray125"/></fill></fills><borders count="1"><border>'
    "<left/><right/><top/><bottom/><diagonal/></border></borders>"
    '<cellStyleXfs count="1"><xf/></cellStyleXfs><cellXfs count="3"><xf numFmtId="0"/>'
    '<xf numFmtId="49" applyNumberFormat="1"/>'
    '<xf numFmtId="49" fontId="1" applyNumberFormat="1" applyFont="1"/></cellXfs>'
    "</styleSheet>"
)


def _sheet(sheet: Sheet) -> str:
    width = max((len(row) for row in sheet.rows), default=1)
    columns = "".join(
        f'<col min="{at}" max="{at}" width="{_width(sheet, at - 1)}" customWidth="1"'
        f' style="{_PLAIN if at - 1 in sheet.numbers else _TEXT}"/>'
        for at in range(1, width + 1)
    )
    rows = "".join(
        f'<row r="{number}">{_cells(sheet, number, row)}</row>'
        for number, row in enumerate(sheet.rows, start=1)
    )
    frozen = (
        '<sheetViews><sheetView workbookViewId="0"><pane ySplit="1" topLeftCell="A2"'
        ' activePane="bottomLeft" state="frozen"/></sheetView></sheetViews>'
    )
    return (
        f'<worksheet xmlns="{_MAIN}">{frozen}<cols>{columns}</cols>'
        f"<sheetData>{rows}</sheetData></worksheet>"
    )


def _cells(sheet: Sheet, number: int, row: Sequence[str]) -> str:
    found = []
    for at, text in enumerate(row):
        if not text:
            continue
        place = f"{_letters(at)}{number}"
        if number > 1 and at in sheet.numbers and _is_number(text):
            found.append(f'<c r="{place}"><v>{text}</v></c>')
            continue
        style = _HEAD if number == 1 else _TEXT
        shown = escape(_NO_XML.sub("\ufffd", text))
        found.append(
            f'<c r="{place}" s="{style}" t="inlineStr">'
            f'<is><t xml:space="preserve">{shown}</t></is></c>'
        )
    return "".join(found)


def _is_number(text: str) -> bool:
    digits = sum(one.isdigit() for one in text)
    return _NUMBER.fullmatch(text) is not None and digits <= _MOST_DIGITS


def _width(sheet: Sheet, at: int) -> int:
    longest = max((len(row[at]) for row in sheet.rows[:50] if at < len(row)), default=0)
    return min(max(longest + 2, 10), 60)


def _letters(at: int) -> str:
    """Return the name of a column: A, B, …, Z, AA."""
    name = ""
    while at >= 0:
        at, rest = divmod(at, 26)
        name = chr(ord("A") + rest) + name
        at -= 1
    return name


def _book(sheets: Sequence[Sheet]) -> str:
    listed = "".join(
        f'<sheet name="{escape(sheet.name[:31])}" sheetId="{at}" r:id="rId{at}"/>'
        for at, sheet in enumerate(sheets, start=1)
    )
    return (
        f'<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}"><sheets>{listed}</sheets>'
        "</workbook>"
    )


def _relations(targets: Sequence[tuple[str, str]]) -> str:
    rows = "".join(
        f'<Relationship Id="rId{at}" Type="{_OFFICE}/{kind}" Target="{target}"/>'
        for at, (kind, target) in enumerate(targets, start=1)
    )
    return f'<Relationships xmlns="{_PACKAGE}/relationships">{rows}</Relationships>'


def _types(count: int) -> str:
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml"
    sheets = "".join(
        f'<Override PartName="/xl/worksheets/sheet{at}.xml"'
        f' ContentType="{kind}.worksheet+xml"/>'
        for at in range(1, count + 1)
    )
    return (
        f'<Types xmlns="{_PACKAGE}/content-types"><Default Extension="rels"'
        ' ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        '<Default Extension="xml" ContentType="application/xml"/>'
        f'<Override PartName="/xl/workbook.xml" ContentType="{kind}.sheet.main+xml"/>'
        f'<Override PartName="/xl/styles.xml" ContentType="{kind}.styles+xml"/>'
        f"{sheets}</Types>"
    )
