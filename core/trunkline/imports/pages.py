"""Bringing a file in from the browser: upload, check, look, import."""

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from pydantic import BaseModel, Field, create_model
from pydantic.config import JsonValue
from starlette.responses import FileResponse, Response

from trunkline.errors import Forbidden
from trunkline.i18n import format_bytes
from trunkline.i18n import gettext as _
from trunkline.imports import operations, queries, storage
from trunkline.imports.importer import Importer, ImportOptions
from trunkline.imports.models import ImportState
from trunkline.jobs import queries as jobs
from trunkline.web.pages import Page, Pages

pages = Pages()
_USE = "core.import.use"
_ACCEPT = ".csv,text/csv"


def _chosen(page: Page) -> Importer:
    offered = queries.allowed(page.ctx)
    if not offered:
        raise Forbidden(
            _("You may not import any kind of file."), remedy=_("Ask an administrator for a role that may.")
        )
    wanted = page.query.get("kind", "")
    return next((importer for importer in offered if importer.kind == wanted), offered[0])


def _schema(page: Page) -> type[BaseModel]:
    """A form of the options that the chosen kind asks for, and the file."""
    importer = _chosen(page)
    asked: dict[str, Any] = {}
    if len(importer.formats) > 1:
        choices: list[JsonValue] = [[name, name] for name in importer.formats]
        asked["format"] = (str, Field("csv", title=_("Format"), json_schema_extra={"choices": choices}))
    for name, label in importer.options.items():
        extra: dict[str, Any] = {"width": "half"}
        if name in importer.choices:
            extra["choices"] = [[value, value] for value in importer.choices[name](page.ctx)]
        asked[name] = (
            str,
            Field("" if name not in importer.choices else ..., title=label, json_schema_extra=extra),
        )
    limit = format_bytes(storage.MAX_BYTES)
    help_text = _(
        "CSV in UTF-8 with a header row, at most {limit}. It is checked first; nothing is imported yet.",
        limit=limit,
    )
    asked["file"] = (
        Any,
        Field(
            ...,
            title=_("File"),
            description=help_text,
            json_schema_extra={"widget": "file", "accept": _ACCEPT},
        ),
    )
    return create_model(f"Upload_{importer.kind}", **asked)


def _extra(page: Page) -> Mapping[str, Any]:
    page.crumbs((str(_("Import")), ""))
    importer = _chosen(page)
    kinds = [
        (other.label, f"/imports?kind={other.kind}", other is importer) for other in queries.allowed(page.ctx)
    ]
    labels = {other.kind: other.label for other in queries.allowed(page.ctx)}
    return {"importer": importer, "kinds": kinds, "labels": labels, "recent": queries.recent(page.ctx)}


@pages.form(
    "/imports",
    permission=_USE,
    schema=_schema,
    template="imports/upload.html",
    title=_("Import a file"),
    extra=_extra,
    submit=_("Check the file"),
)
def upload(page: Page, command: BaseModel) -> Response:
    values = {name: value for name, value in command if name != "file" and value}
    known = {field.name for field in fields(ImportOptions)}
    options = ImportOptions(**{name: value for name, value in values.items() if name in known})
    file = command.file  # type: ignore[attr-defined]  # the schema is made at run time
    run = operations.upload(page.ctx, _chosen(page).kind, file.filename or "", file.file, options)
    return page.redirect(f"/imports/{run.number}")


@pages.get("/imports/{number}", permission=_USE)
def result(page: Page, number: str) -> Response:
    run = queries.get(page.ctx, number)
    page.title = run.file_name
    page.crumbs((str(_("Import")), "/imports"), (run.number, ""))
    waiting = run.state in (ImportState.CHECKING, ImportState.IMPORTING)
    job = jobs.get(page.ctx, run.job_number) if waiting and run.job_number else None
    return page.render(
        "imports/result.html",
        run=run,
        importer=page.app.importers.get(run.kind),
        waiting=waiting and (job is None or not job.error),
        job=job,
        has_errors=bool(run.report.get("refused")) and storage.errors_path(page.app, run.stored_as).exists(),
    )


@pages.get("/imports/{number}/errors.csv", permission=_USE)
def errors(page: Page, number: str) -> Response:
    run, path = queries.errors_of(page.ctx, number)
    return FileResponse(path, media_type="text/csv", filename=f"{run.file_name}.errors.csv")


@pages.post("/imports/{number}/import", permission=_USE)
def let_in(page: Page, number: str) -> Response:
    operations.let_in(page.ctx, number)
    return page.redirect(f"/imports/{number}")
