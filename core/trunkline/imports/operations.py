"""Uploading a file, letting it in, and the job step that reads it."""

from collections.abc import Mapping
from dataclasses import asdict, replace
from datetime import timedelta
from itertools import islice
from typing import Any, BinaryIO

from pydantic import BaseModel
from sqlmodel import col, select

from trunkline.access.roles import actor_for
from trunkline.auth.models import User
from trunkline.db.numbers import next_number
from trunkline.errors import Refused, TrunklineError
from trunkline.i18n import gettext as _
from trunkline.i18n import use_locale
from trunkline.imports import queries, storage
from trunkline.imports.content import TextCheck
from trunkline.imports.events import ImportFinished, ImportStarted, ImportUploaded
from trunkline.imports.importer import ImportOptions, ImportReport
from trunkline.imports.models import ImportRun, ImportState
from trunkline.imports.run import check_format, importer_for, run_import, write_errors
from trunkline.jobs.models import OnFailure
from trunkline.jobs.operations import PlannedStep, enqueue
from trunkline.jobs.steps import StepContext
from trunkline.operation import SYSTEM, Actor, Context, operation
from trunkline.plugin import ScheduledTask, StepKind

STEP = "core.import_file"
_REFUSED_KEPT = 200
_KEPT_FOR = timedelta(days=7)


class ImportFile(BaseModel):
    """Which upload, and whether only to check it."""

    number: str
    dry_run: bool


@operation("core.import.use")
def upload(ctx: Context, kind: str, file_name: str, source: BinaryIO, options: ImportOptions) -> ImportRun:
    """Keep a file and have it checked; nothing of it is let in yet. Raises Refused for an unknown kind or an unusable file."""
    importer = importer_for(ctx.app, kind)
    ctx.require(importer.permission)
    check_format(importer, options.format)
    check = TextCheck(file_name[-200:]) if options.format == "csv" else None
    stored_as, size = storage.keep(ctx.app, source, check)
    run = ImportRun(
        number=next_number(ctx.session, "import"),
        kind=kind,
        file_name=file_name[-200:] or "upload",
        stored_as=stored_as,
        size=size,
        options=asdict(replace(options, dry_run=True)),
        user_id=ctx.actor.id,
        user_name=ctx.actor.name,
    )
    ctx.session.add(run)
    ctx.session.flush()
    ctx.note(run, label=f"{run.number} {run.file_name}", kind=kind)
    ctx.emit(ImportUploaded(entity_id=run.key, number=run.number, kind=kind))
    _read_later(ctx, run, dry_run=True)
    return run


@operation("core.import.use")
def let_in(ctx: Context, number: str) -> ImportRun:
    """Import a file that was checked. Raises NotFound, Forbidden, and Refused in any other state."""
    queries.get(ctx, number)
    run = _run(ctx, number)
    if run.state != ImportState.CHECKED:
        raise Refused(
            _("This file is not waiting to be imported."), field="state", remedy=_("Upload it again.")
        )
    run.state, run.user_id, run.user_name = ImportState.IMPORTING.value, ctx.actor.id, ctx.actor.name
    ctx.note(run, label=f"{run.number} {run.file_name}", kind=run.kind)
    ctx.emit(ImportStarted(entity_id=run.key, number=run.number, kind=run.kind))
    _read_later(ctx, run, dry_run=False)
    return run


def _read_later(ctx: Context, run: ImportRun, *, dry_run: bool) -> None:
    word = _("Check {name}", name=run.file_name) if dry_run else _("Import {name}", name=run.file_name)
    job = enqueue(
        ctx,
        kind="core.import",
        title=word,
        steps=[PlannedStep(STEP, label=word, inputs={"number": run.number, "dry_run": dry_run})],
        key=f"import:{run.number}:{'check' if dry_run else 'import'}",
        subject=("import", run.key),
        on_failure=OnFailure.HOLD,
    )
    run.job_number = job.number


def read_file(step: StepContext) -> Mapping[str, Any]:
    """Read the stored file. Again is harmless: importers know their rows. A file that is refused ends well, with its reason."""
    wanted: ImportFile = step.inputs
    with step.unit_of_work() as ctx:
        run = _run(ctx, wanted.number)
        if run.state not in (ImportState.CHECKING, ImportState.IMPORTING):
            return {"state": run.state}
        actor = _actor(ctx, run)
        kind, stored_as = run.kind, run.stored_as
        options = replace(ImportOptions(**run.options), dry_run=wanted.dry_run)
    step.log(_("Reading {name}.", name=run.file_name))
    report, error = ImportReport(), ""
    # What is wrong is told to who uploaded the file, and kept in the words of then.
    with (
        use_locale(actor.language, step.app.config.time_zone),
        storage.named(step.app, stored_as, run.file_name) as path,
    ):
        try:
            report = run_import(step.app, actor, kind, path, options)
        except TrunklineError as refusal:
            error = str(refusal)
        write_errors(report, storage.errors_path(step.app, stored_as))
    with step.unit_of_work() as ctx:
        run = _run(ctx, wanted.number)
        run.report, run.error, run.finished_at = _figures(report), error, ctx.now()
        if error:
            run.state = ImportState.REFUSED.value
        else:
            run.state = (ImportState.CHECKED if wanted.dry_run else ImportState.COMPLETED).value
        state = run.state
        ctx.emit(ImportFinished(entity_id=run.key, number=run.number, kind=run.kind, state=state))
    if state in (ImportState.COMPLETED, ImportState.REFUSED):
        storage.discard(step.app, stored_as)
    outcome = {name: value for name, value in _figures(report).items() if isinstance(value, int)}
    step.log(error or _("{read} rows read, {refused} refused.", **outcome), "warn" if error else "ok")
    return {"state": state, **outcome}


def _figures(report: ImportReport) -> dict[str, Any]:
    shown = set(islice(dict.fromkeys(row.line for row in report.refused), _REFUSED_KEPT))
    return {
        "read": report.read,
        "created": report.created,
        "updated": report.updated,
        "unchanged": report.unchanged,
        "refused": report.refused_rows,
        "rows": [[row.line, row.column, row.reason] for row in report.refused if row.line in shown],
    }


def _run(ctx: Context, number: str) -> ImportRun:
    return ctx.session.scalars(
        select(ImportRun)
        .where(col(ImportRun.number) == number)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one()


def _actor(ctx: Context, run: ImportRun) -> Actor:
    """Who let the file in, with the rights they have now."""
    if run.user_id is None:
        return SYSTEM
    return actor_for(ctx.session, ctx.session.get_one(User, run.user_id))


def forget_old_files(ctx: Context) -> None:
    """Remove uploads and error lists that nobody came back for."""
    oldest = (ctx.now() - _KEPT_FOR).timestamp()
    for path in storage.folder(ctx.app).iterdir():
        if path.stat().st_mtime < oldest:
            path.unlink(missing_ok=True)


READ_FILE = StepKind(
    STEP, _("Read the file"), read_file, inputs=ImportFile, irreversible=True, timeout=timedelta(hours=2)
)
CLEANING = ScheduledTask("core.forget_uploads", forget_old_files, timedelta(hours=6), _("Forget old uploads"))
