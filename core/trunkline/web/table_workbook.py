"""A workbook of rows (ECMA-376): XlsxWriter makes its frame, and the rows are put into it as markup.

There is one sheet, and another for every million rows more: spreadsheets open no longer ones.

Through XlsxWriter's own calls, cell by cell, a row takes three times as long as it takes to read it from the database.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal
from io import BytesIO
from itertools import chain, islice
from typing import IO, Any
from zipfile import ZIP_DEFLATED, ZipFile

_SHEET = "xl/worksheets/sheet{}.xml"
#: Rows below the heads; a sheet ends with row 1,048,576.
_LONGEST = 1_000_000
#: Spreadsheets keep fifteen figures; longer numbers stay text.
_EXACT = 10**15
#: Day 0 of spreadsheets, which believe in a 29 February 1900.
_EPOCH = datetime(1899, 12, 30)  # noqa: DTZ001 — cells have no zone
_DAY_SECONDS = 86_400
_ROWS_AT_ONCE = 500
#: Characters that the width of a column has room for: what its first rows hold, within these.
_NARROWEST, _WIDEST = 10, 60
#: Half the time of the usual 6, for files a tenth larger.
_COMPRESSION = 3
#: What cannot stand in XML as it is, and what would be read as the way in which it is written instead (`_x0001_`).
_UNSAFE = re.compile(r"[&<>\x00-\x08\x0b-\x1f\ufffe\uffff]|_x[0-9A-Fa-f]{4}_")
_MARKUP = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}


def write_workbook(
    file: IO[bytes], heads: Sequence[str], rows: Iterable[Iterable[Any]], longest: int = _LONGEST
) -> None:
    """Write a sheet of these rows below the heads, which stay in sight. A value of None leaves its cell empty.

    Texts are never formulas or links. Memory does not grow with the number of rows; behind `longest` of them another sheet
    begins.
    """
    rows = iter(rows)
    first = [tuple(row) for row in islice(rows, _ROWS_AT_ONCE)]
    widths = _widths(heads, first)
    with ZipFile(_frame(heads, widths, 1)) as made:
        before, day, moment, after = _parts(made.read(_SHEET.format(1)).decode())
    with ZipFile(file, "w", ZIP_DEFLATED, compresslevel=_COMPRESSION) as book:
        sheets = 0
        for part in _sheets(chain(first, rows), longest):
            sheets += 1
            with book.open(_SHEET.format(sheets), "w", force_zip64=True) as sheet:
                sheet.write(before.encode())
                for text in _markup(part, day, moment):
                    sheet.write(text.encode())
                sheet.write(after.encode())
            # Who sees two sheets as chosen changes both when they change one.
            before = before.replace(' tabSelected="1"', "")
        with ZipFile(_frame(heads, widths, sheets)) as made:
            for name in made.namelist():
                if not name.startswith("xl/worksheets/"):
                    book.writestr(name, made.read(name))


def _sheets(rows: Iterator[Iterable[Any]], longest: int) -> Iterator[Iterator[Iterable[Any]]]:
    """The rows of each sheet, to be taken before the next; one sheet when there are none."""
    yield islice(rows, longest)
    for first in rows:
        yield islice(chain((first,), rows), longest)


def _widths(heads: Sequence[str], rows: Sequence[Sequence[Any]]) -> list[int]:
    """How wide each column is, in characters. Nobody sees all rows when the file is opened; those seen first count."""
    widths = [len(head) + 6 for head in heads]
    for row in rows:
        for position, value in enumerate(row[: len(widths)]):
            if value is not None:
                widths[position] = max(widths[position], len(str(value)) + 2)
    return [max(_NARROWEST, min(_WIDEST, width)) for width in widths]


def _frame(heads: Sequence[str], widths: Sequence[int], sheets: int) -> BytesIO:
    """A workbook with the heads, and below them a day and a moment, whose cells show the numbers of their formats."""
    import xlsxwriter  # type: ignore[import-untyped]  # ships no types

    frame = BytesIO()
    book = xlsxwriter.Workbook(frame, {"in_memory": True, "strings_to_formulas": False})
    bold = book.add_format({"bold": True})
    day = book.add_format({"num_format": "yyyy-mm-dd"})
    moment = book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})
    for _number in range(sheets):
        sheet = book.add_worksheet()
        sheet.freeze_panes(1, 0)
        for position, (head, width) in enumerate(zip(heads, widths, strict=True)):
            sheet.set_column(position, position, width)
            sheet.write_string(0, position, head, bold)
        sheet.write_datetime(1, 0, _EPOCH, day)
        sheet.write_datetime(1, 1, _EPOCH, moment)
    book.close()
    frame.seek(0)
    return frame


def _parts(sheet: str) -> tuple[str, str, str, str]:
    """What stands before the rows, the formats of a day and of a moment, and what stands behind the rows."""
    # How large the sheet is may be left out; it is not known before the last row.
    sheet = re.sub(r"<dimension [^>]*/>", "", sheet)
    before, sample, after = re.split(r"(<row r=\"2\".*?</row>)", sheet, maxsplit=1)
    day, moment = re.findall(r'<c r="[AB]2" s="(\d+)"', sample)
    return before, day, moment, after


def _markup(rows: Iterable[Iterable[Any]], day: str, moment: str) -> Iterator[str]:
    """The rows from the second on, some hundred at a time."""
    parts: list[str] = []
    for line, row in enumerate(rows, start=2):
        parts.append(f'<row r="{line}">')
        for position, value in enumerate(row):
            if value is not None:
                parts.append(_cell(f"{_letters(position)}{line}", value, day, moment))
        parts.append("</row>")
        if line % _ROWS_AT_ONCE == 0:
            yield "".join(parts)
            parts.clear()
    yield "".join(parts)


def _cell(place: str, value: Any, day: str, moment: str) -> str:
    if isinstance(value, str):
        pass
    elif isinstance(value, bool):
        return f'<c r="{place}" t="b"><v>{value:d}</v></c>'
    elif isinstance(value, datetime):
        since = (value.replace(tzinfo=None) - _EPOCH).total_seconds()
        return f'<c r="{place}" s="{moment}"><v>{since / _DAY_SECONDS:.9f}</v></c>'
    elif isinstance(value, date):
        return f'<c r="{place}" s="{day}"><v>{value.toordinal() - _EPOCH.toordinal()}</v></c>'
    elif isinstance(value, int | Decimal) and -_EXACT < value < _EXACT:
        return f'<c r="{place}"><v>{value}</v></c>'
    text = str(value)
    if _UNSAFE.search(text):
        text = _UNSAFE.sub(_written, text)
    return f'<c r="{place}" t="inlineStr"><is><t xml:space="preserve">{text}</t></is></c>'


def _written(found: re.Match[str]) -> str:
    sign = found.group()
    return _MARKUP.get(sign) or f"_x{ord(sign[0]):04X}_{sign[1:]}"


_LETTERS: list[str] = []


def _letters(position: int) -> str:
    """The name of a column by its position from 0: A, B, …, Z, AA, …"""
    while len(_LETTERS) <= position:
        name, rest = "", len(_LETTERS) + 1
        while rest:
            rest, sign = divmod(rest - 1, 26)
            name = chr(ord("A") + sign) + name
        _LETTERS.append(name)
    return _LETTERS[position]
