"""The contract of importers and the common row-by-row CSV importer."""

import csv
import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ValidationError

from trunkline.errors import Refused, TrunklineError
from trunkline.i18n import gettext as _

if TYPE_CHECKING:
    from trunkline.app import App
    from trunkline.operation import Actor, Context


@dataclass(frozen=True)
class ImportColumn:
    """A column of the file's header row."""

    name: str
    description: str
    required: bool = False
    example: str = ""


@dataclass(frozen=True)
class ImportOptions:
    """What the person chose beside the file. Importers name those they use in `Importer.options`."""

    dry_run: bool = False
    format: str = "csv"
    template: str = ""
    tariff: str = ""
    currency: str = ""
    source: str = ""


@dataclass(frozen=True)
class RefusedRow:
    """One reason why a row is not in; a row has as many as things are wrong. `line` counts from 1, header included."""

    line: int
    column: str
    reason: str
    row: Sequence[str] = ()


@dataclass
class ImportReport:
    """What an import did, or with dry run would do."""

    read: int = 0
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    refused: list[RefusedRow] = field(default_factory=list)
    header: Sequence[str] = ()

    @property
    def exit_status(self) -> int:
        """0 all in, 1 some refused, 2 nothing done."""
        if not self.refused:
            return 0
        return 1 if self.created or self.updated or self.unchanged else 2

    @property
    def refused_rows(self) -> int:
        """How many rows are not in, however many reasons each has."""
        return len({refused.line for refused in self.refused})

    def refuse(self, line: int, column: str, reason: str, row: Sequence[str] = ()) -> None:
        self.refused.append(RefusedRow(line, column, reason, tuple(row)))


#: Reads the file at the path under the given actor, opening its own units of work; fills in the report.
#: Raises Refused when the file as a whole cannot be used; then nothing of it is in.
RunImport = Callable[["App", "Actor", Path, ImportOptions], ImportReport]


@dataclass(frozen=True)
class Importer:
    """One kind of file: `trunkline import <kind>`."""

    kind: str
    label: str
    permission: str
    columns: tuple[ImportColumn, ...]
    run: RunImport
    #: Names of the `ImportOptions` it uses, with a label each, asked on the upload page.
    options: Mapping[str, str] = field(default_factory=dict)
    #: Choices for an option, when they are known.
    choices: Mapping[str, Callable[["Context"], Sequence[str]]] = field(default_factory=dict)
    #: Further formats beside csv that `--format` takes.
    formats: tuple[str, ...] = ("csv",)
    #: A file is one transaction, so that it may be read from its beginning again where the database broke that off.
    whole: bool = False


def read_csv(
    path: Path, columns: Sequence[ImportColumn]
) -> tuple[list[str], Iterator[tuple[int, list[str]]]]:
    """Header and (line, cells) of a UTF-8 CSV file (RFC 4180), read whole before anything is done with it.

    Raises Refused naming line and remedy when it is not UTF-8, has no usable header or a row of the wrong width.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise Refused(
            _("{file} is not UTF-8 (byte {n}).", file=path.name, n=error.start),
            field="file",
            remedy=_("Save it as CSV UTF-8."),
        ) from None
    except OSError as error:
        raise Refused(
            _("{file} cannot be read: {why}.", file=path.name, why=error.strerror), field="file"
        ) from error
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        header = [name.strip() for name in next(reader, [])]
        check_header(path, header, columns)
        rows = [(reader.line_num, row) for row in reader if row]
    except csv.Error as error:
        raise Refused(
            _("{file}, line {line}: {why}.", file=path.name, line=reader.line_num, why=error),
            field="file",
            remedy=_("Check the quotes on that line."),
        ) from None
    for line, row in rows:
        if len(row) != len(header):
            raise Refused(
                _(
                    "{file}, line {line}: {n} cells where the header has {wanted}.",
                    file=path.name,
                    line=line,
                    n=len(row),
                    wanted=len(header),
                ),
                field="file",
                remedy=_("Quote cells that hold a comma."),
            )
    return header, iter(rows)


def check_header(path: Path, header: list[str], columns: Sequence[ImportColumn]) -> None:
    """Raise Refused when the header lacks a required column, has an unknown one, or names one twice."""
    known = [column.name for column in columns]
    missing = [column.name for column in columns if column.required and column.name not in header]
    unknown = [name for name in header if name not in known]
    if missing or unknown or len(set(header)) != len(header):
        parts = [_("lacks {columns}", columns=", ".join(missing))] if missing else []
        parts += [_("has unknown {columns}", columns=", ".join(map(repr, unknown)))] if unknown else []
        parts += [_("names a column twice")] if len(set(header)) != len(header) else []
        raise Refused(
            _("{file}, line 1: the header {faults}.", file=path.name, faults=", ".join(map(str, parts))),
            field="file",
            remedy=_("The columns are {columns}.", columns=",".join(known)),
        )


#: Stores one validated row: "created", "updated" or "unchanged". Raises TrunklineError to refuse it.
StoreRow = Callable[["Context", Any, ImportOptions], str]


def csv_rows(
    schema: type[BaseModel], columns: Sequence[ImportColumn], store: StoreRow, *, operation_name: str
) -> RunImport:
    """An importer that validates each row by `schema` and stores it in a savepoint; the whole file is one transaction.

    Dying in the middle therefore leaves nothing behind, and a dry run does everything and then rolls back.
    """

    def run(app: "App", actor: "Actor", path: Path, options: ImportOptions) -> ImportReport:
        header, rows = read_csv(path, columns)
        report = ImportReport(header=header)
        with app.unit_of_work(actor, keep=not options.dry_run) as ctx, ctx.run(operation_name) as running:
            ctx.require(operation_name)
            running.label = path.name
            for line, cells in rows:
                report.read += 1
                _store_one(ctx, schema, store, options, report, line, dict(zip(header, cells, strict=True)))
            running.details.update(
                file=path.name,
                read=report.read,
                created=report.created,
                updated=report.updated,
                refused=report.refused_rows,
            )
            running.changes.clear()
        return report

    return run


def _store_one(
    ctx: "Context",
    schema: type[BaseModel],
    store: StoreRow,
    options: ImportOptions,
    report: ImportReport,
    line: int,
    values: dict[str, str],
) -> None:
    cells = list(values.values())
    try:
        command = schema.model_validate({name: value for name, value in values.items() if value != ""})
        with ctx.session.begin_nested():
            outcome = store(ctx, command, options)
    except ValidationError as error:
        for fault in error.errors():
            report.refuse(line, str(fault["loc"][0]) if fault["loc"] else "", _readable(fault), cells)
    except TrunklineError as error:
        for one in (error, *error.others):
            # Columns have no paths: `address.postal_code` stands in `postal_code`.
            report.refuse(line, (one.field or "").rpartition(".")[2], str(one), cells)
    else:
        setattr(report, outcome, getattr(report, outcome) + 1)


def _readable(error: Mapping[str, Any]) -> str:
    """One of pydantic's errors in words for who made the file."""
    if error["type"] == "missing":
        return str(_("Fill it in."))
    if error["type"] in ("literal_error", "enum"):
        return str(_("Write {expected}.", expected=error["ctx"]["expected"]))
    return str(error["msg"]).removeprefix("Value error, ")
