"""Workbooks as Excel saves them, and as those who mean harm do."""

import io
import zipfile
from collections.abc import Mapping

CONTENT = "application/vnd.openxmlformats"
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
STYLES = (
    f'<styleSheet xmlns="{MAIN}"><numFmts count="4">'
    '<numFmt numFmtId="164" formatCode="dd/mm/yyyy hh:mm"/>'
    '<numFmt numFmtId="165" formatCode="#,##0.00 &quot;days&quot;"/>'
    '<numFmt numFmtId="166" formatCode="00000"/>'
    '<numFmt numFmtId="167" formatCode="0.0%;[Red]-0.0%"/></numFmts>'
    '<cellStyleXfs><xf numFmtId="14"/></cellStyleXfs><cellXfs>'
    '<xf numFmtId="0"/><xf numFmtId="14"/><xf numFmtId="164"/><xf numFmtId="165"/>'
    '<xf numFmtId="166"/><xf numFmtId="167"/><xf numFmtId="9"/>'
    "</cellXfs></styleSheet>"
)
BOOK = (
    f'<workbook xmlns="{MAIN}" xmlns:r="{RELATIONS}"><workbookPr{{more}}/><sheets>'
    '<sheet name="Hidden" sheetId="1" state="hidden" r:id="rId1"/>'
    '<sheet name="Deals" sheetId="2" r:id="rId2"/></sheets></workbook>'
)
PLACES = (
    "<Relationships>"
    '<Relationship Id="rId1" Target="worksheets/sheet1.xml"/>'
    '<Relationship Id="rId2" Target="/xl/worksheets/sheet2.xml"/></Relationships>'
)


def workbook(
    rows: str, *, texts: str = "", more: str = "", parts: Mapping[str, bytes] = {}
) -> bytes:
    """Return a workbook whose second sheet, the visible one, has these rows."""
    found = {
        "xl/workbook.xml": BOOK.format(more=more).encode(),
        "xl/_rels/workbook.xml.rels": PLACES.encode(),
        "xl/styles.xml": STYLES.encode(),
        "xl/sharedStrings.xml": f'<sst xmlns="{MAIN}">{texts}</sst>'.encode(),
        "xl/worksheets/sheet1.xml": sheet("<row><c><v>1</v></c></row>"),
        "xl/worksheets/sheet2.xml": sheet(rows),
        **parts,
    }
    return archive(found)


def sheet(rows: str) -> bytes:
    """Return the XML of a sheet."""
    return (
        f'<worksheet xmlns="{MAIN}"><sheetData>{rows}</sheetData></worksheet>'.encode()
    )


def archive(parts: Mapping[str, bytes]) -> bytes:
    """Return these parts, packed."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, part in parts.items():
            packed.writestr(name, part)
    return content.getvalue()


def text(value: str, place: str) -> str:
    """Return a cell that holds a text of its own."""
    return f'<c r="{place}" t="inlineStr"><is><t>{value}</t></is></c>'
