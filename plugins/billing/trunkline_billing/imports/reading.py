"""Reading a usage file by columns, some hundred rows at a time.

Nearly all rows are plain: no quotes, no blank lines, all of one width. Cutting such a block at its commas takes half of the time
that the csv module needs for its rows and turning them into columns. From the first row on that is not plain, the csv module
reads.
"""

import csv
from collections.abc import Iterator, Sequence
from itertools import chain, islice
from pathlib import Path
from typing import NamedTuple

from trunkline.errors import Refused
from trunkline.i18n import gettext as _


class Chunk(NamedTuple):
    """Rows of a file, at least one: the cells of each column in the header's order, and the lines where the rows end."""

    columns: Sequence[Sequence[str]]
    lines: Sequence[int]

    def row(self, at: int) -> list[str]:
        """The cells of one row."""
        return [column[at] for column in self.columns]


def chunks(path: Path, width: int, size: int) -> Iterator[Chunk]:
    """The rows behind the header, `size` at a time. Raises Refused naming line and remedy where the file's form is broken."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.reader(file, strict=True)
            next(reader, None)
            line = reader.line_num
            while block := list(islice(file, size)):
                columns = _plain(block, width)
                if columns is None:
                    yield from _careful(path, chain(block, file), line, width, size)
                    return
                yield Chunk(columns, range(line + 1, line + 1 + len(block)))
                line += len(block)
    except UnicodeDecodeError as error:
        raise Refused(
            _("{file} is not UTF-8 (byte {byte}).", file=path.name, byte=error.start),
            field="file",
            remedy=_("Save it as CSV UTF-8."),
        ) from None


def _plain(block: Sequence[str], width: int) -> Sequence[Sequence[str]] | None:
    """The columns of lines that are plain rows; None when one of them is not."""
    text = "".join(block).replace("\r\n", "\n")
    if not text.endswith("\n"):
        text += "\n"
    if '"' in text or "\r" in text or "\0" in text:
        return None
    # The end of a line is a cell as well: when each row has its width, they are where they must be and nowhere else.
    cells = text.replace("\n", ",\n,").split(",")
    step = width + 1
    ends = cells[width::step]
    if len(ends) != len(block) or ends.count("\n") != len(block) or len(cells) != step * len(block) + 1:
        return None
    return [cells[at:-1:step] for at in range(width)]


def _careful(path: Path, lines: Iterator[str], before: int, width: int, size: int) -> Iterator[Chunk]:
    """The rows of lines that follow line `before`, as the csv module reads them."""
    reader = csv.reader(_texts(path, lines, before), strict=True)
    rows, line = filter(None, reader), before
    try:
        while chunk := [(line := before + reader.line_num, row) for row in islice(rows, size)]:
            _check(path, chunk, width)
            columns = list(zip(*(row for _line, row in chunk), strict=True))
            yield Chunk(columns, [line for line, _row in chunk])
    except csv.Error as error:
        raise Refused(
            _("{file}, line {line}: {error}.", file=path.name, line=line + 1, error=error),
            field="file",
            remedy=_("Check the quotes on that line."),
        ) from None


def _check(path: Path, chunk: Sequence[tuple[int, list[str]]], width: int) -> None:
    """Raise Refused where a row has another width."""
    for line, row in chunk:
        if len(row) != width:
            raise Refused(
                _(
                    "{file}, line {line}: {cells} cells where the header has {width}.",
                    file=path.name,
                    line=line,
                    cells=len(row),
                    width=width,
                ),
                field="file",
                remedy=_("Quote cells that hold a comma."),
            )


def _texts(path: Path, lines: Iterator[str], before: int) -> Iterator[str]:
    """The same lines. Raises Refused at one with a zero byte, which no text has and no database keeps."""
    for number, line in enumerate(lines, before + 1):
        if "\0" in line:
            raise Refused(
                _("{file}, line {line}: it holds a zero byte.", file=path.name, line=number),
                field="file",
                remedy=_("Save it as CSV UTF-8."),
            )
        yield line
