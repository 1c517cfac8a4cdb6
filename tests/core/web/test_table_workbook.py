"""Workbooks that spreadsheets open: every value in its own column, whatever the text."""

from datetime import UTC, date, datetime
from decimal import Decimal
from io import BytesIO
from xml.etree import ElementTree
from zipfile import ZipFile

from trunkline.web.table_workbook import write_workbook

_NAMES = {"s": "http://schemas.openxmlformats.org/spreadsheetml/2006/main"}


def _rows(*rows: tuple[object, ...]) -> list[dict[str, str]]:
    """What a sheet of these rows holds, by the name of the cell, row by row, without the heads."""
    file = BytesIO()
    write_workbook(file, [f"Head {number}" for number in range(len(rows[0]))], rows)
    sheet = ElementTree.fromstring(ZipFile(file).read("xl/worksheets/sheet1.xml"))  # noqa: S314 — our own
    found = sheet.findall(".//s:row", _NAMES)[1:]
    return [
        {str(cell.get("r")): "".join(cell.itertext()) for cell in row.findall("s:c", _NAMES)} for row in found
    ]


def test_values_stand_in_their_columns_and_days_are_numbers_of_days() -> None:
    moment, day = datetime(2026, 11, 22, 12, tzinfo=UTC), date(2026, 11, 22)
    assert _rows(("Ana", None, moment, day), (None, Decimal("-2.50"), None, True)) == [
        {"A2": "Ana", "C2": "46348.500000000", "D2": "46348"},
        {"B3": "-2.50", "D3": "1"},
    ]


def test_any_text_is_kept_as_text() -> None:
    (row,) = _rows(('=1+1 & "<b>"', "line\nbreak", "\x07", "_x0041_", 10**16))
    assert row == {
        "A2": '=1+1 & "<b>"',
        "B2": "line\nbreak",
        "C2": "_x0007_",
        "D2": "_x005F_x0041_",
        "E2": "10000000000000000",
    }


def test_no_row_is_lost_among_many() -> None:
    rows = _rows(*((number, str(number)) for number in range(1203)))
    assert [row[f"A{line}"] for line, row in enumerate(rows, start=2)] == [
        str(number) for number in range(1203)
    ]


def test_columns_are_as_wide_as_their_first_rows_within_reason() -> None:
    file = BytesIO()
    rows = ((number, "Associação dos Moradores", "x" * 500) for number in range(1203))
    write_workbook(file, ["No.", "Name", "Note"], rows)
    sheet = ElementTree.fromstring(ZipFile(file).read("xl/worksheets/sheet1.xml"))  # noqa: S314 — our own
    widths = [round(float(column.get("width", ""))) for column in sheet.findall(".//s:col", _NAMES)]
    assert widths == [11, 27, 61]
    assert len(sheet.findall(".//s:row", _NAMES)) == 1204


def test_behind_as_many_rows_as_a_spreadsheet_opens_another_sheet_begins_with_the_heads() -> None:
    file = BytesIO()
    write_workbook(file, ["Head"], ((number,) for number in range(5)), longest=2)
    with ZipFile(file) as book:
        names = [name for name in book.namelist() if name.startswith("xl/worksheets/")]
        sheets = [ElementTree.fromstring(book.read(name)) for name in names]  # noqa: S314 — our own
        listed = ElementTree.fromstring(book.read("xl/workbook.xml")).findall(".//s:sheet", _NAMES)  # noqa: S314 — our own
    lines = [
        [cell.findtext("s:v", None, _NAMES) for cell in sheet.iterfind(".//s:c", _NAMES)] for sheet in sheets
    ]
    assert lines == [["0", "0", "1"], ["0", "2", "3"], ["0", "4"]], "the first cell names the head's text"
    assert len(listed) == 3
    chosen = [sheet.find(".//s:sheetView", _NAMES).get("tabSelected") for sheet in sheets]  # type: ignore[union-attr]  # each has a view
    assert chosen == ["1", None, None]
