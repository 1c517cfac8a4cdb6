"""REST: bringing files in. A file is checked first; nothing of it is in until it is let in."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import File, Form, UploadFile
from pydantic import BaseModel, Field
from starlette.responses import FileResponse

from trunkline.imports import operations, queries
from trunkline.imports.importer import Importer, ImportOptions
from trunkline.imports.models import ImportRun, ImportState
from trunkline.operation import Context
from trunkline.rest.paging import Listing, list_of
from trunkline.rest.routing import RestRoutes

rest = RestRoutes("/imports", "imports")
_USE = "core.import.use"


class ColumnOut(BaseModel):
    """A column of the file's header row."""

    name: str
    description: str
    required: bool
    example: str


class OptionOut(BaseModel):
    """What is said beside a file of a kind. `choices` is empty where any text will do."""

    name: str
    label: str
    choices: list[str]


class KindOut(BaseModel):
    """A kind of file that the caller may import."""

    kind: str
    label: str
    formats: list[str]
    options: list[OptionOut]
    columns: list[ColumnOut]


class RefusedRow(BaseModel):
    """One reason why a row is not in. `line` counts from 1, header included."""

    line: int
    column: str
    reason: str


class FileReport(BaseModel):
    """What the last reading of a file did, or after a check would do; the first 200 refused rows."""

    read: int = 0
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    refused: int = 0
    rows: list[RefusedRow] = []


class ImportSummary(BaseModel):
    """A file that was brought. `error` says why the file as a whole cannot be used."""

    number: str
    kind: str
    file_name: str
    size: int = Field(description="Bytes.")
    state: ImportState
    error: str
    user_name: str
    job: str
    created_at: datetime
    finished_at: datetime | None


class ImportOut(ImportSummary):
    """The same with what became of its rows."""

    options: dict[str, Any]
    report: FileReport


@rest.get("/kinds", permission=_USE)
def kinds(ctx: Context) -> Listing[KindOut]:
    """The kinds of files that the caller may import, with their columns and options."""
    return list_of([_kind(ctx, importer) for importer in queries.allowed(ctx)])


@rest.get("", permission=_USE)
def imports(ctx: Context) -> Listing[ImportSummary]:
    """The latest 20 files of kinds that the caller may import."""
    return list_of([_summary(run) for run in queries.recent(ctx)])


@rest.post("", permission=_USE, status=202)
def upload(
    ctx: Context,
    kind: Annotated[str, Form(max_length=40, description="One of `/imports/kinds`.")],
    file: Annotated[
        UploadFile, File(description="CSV in UTF-8 with a header row, or another of its formats.")
    ],
    file_format: Annotated[str, Form(alias="format", max_length=40)] = "csv",
    template: Annotated[str, Form(max_length=80)] = "",
    tariff: Annotated[str, Form(max_length=80)] = "",
    currency: Annotated[str, Form(max_length=3)] = "",
    source: Annotated[str, Form(max_length=80)] = "",
) -> ImportOut:
    """Have a file checked, sent as `multipart/form-data`: nothing of it is in until it is let in, which `checked` waits for."""
    options = ImportOptions(
        format=file_format, template=template, tariff=tariff, currency=currency, source=source
    )
    return _out(operations.upload(ctx, kind, file.filename or "", file.file, options))


@rest.get("/{number}", permission=_USE)
def show(ctx: Context, number: str) -> ImportOut:
    """One file, and what became of its rows."""
    return _out(queries.get(ctx, number))


@rest.post("/{number}/import", permission=_USE, status=202)
def let_in(ctx: Context, number: str) -> ImportOut:
    """Import a file that was checked; refused rows are left out and named."""
    return _out(operations.let_in(ctx, number))


class Csv(FileResponse):
    """Refused rows, to be put right and sent again."""

    media_type = "text/csv"


@rest.get("/{number}/errors", permission=_USE, response_class=Csv)
def errors(ctx: Context, number: str) -> Csv:
    """The refused rows as CSV: line, column and reason, then the row as it came. It is kept for seven days."""
    run, path = queries.errors_of(ctx, number)
    return Csv(path, filename=f"{run.file_name}.errors.csv")


def _kind(ctx: Context, importer: Importer) -> KindOut:
    options = [
        OptionOut(
            name=name,
            label=str(label),
            choices=list(importer.choices[name](ctx)) if name in importer.choices else [],
        )
        for name, label in importer.options.items()
    ]
    columns = [
        ColumnOut(
            name=column.name,
            description=str(column.description),
            required=column.required,
            example=column.example,
        )
        for column in importer.columns
    ]
    return KindOut(
        kind=importer.kind,
        label=str(importer.label),
        formats=list(importer.formats),
        options=options,
        columns=columns,
    )


def _summary(run: ImportRun) -> ImportSummary:
    return ImportSummary(
        number=run.number,
        kind=run.kind,
        file_name=run.file_name,
        size=run.size,
        state=ImportState(run.state),
        error=run.error,
        user_name=run.user_name,
        job=run.job_number,
        created_at=run.created_at,
        finished_at=run.finished_at,
    )


def _out(run: ImportRun) -> ImportOut:
    rows = [
        RefusedRow(line=line, column=column, reason=reason)
        for line, column, reason in run.report.get("rows", ())
    ]
    said = {name: value for name, value in run.options.items() if name != "dry_run" and value}
    report = FileReport.model_validate({**run.report, "rows": rows})
    return ImportOut(**_summary(run).model_dump(), options=said, report=report)
