"""What a worker does for lists: an action on each row in a unit of work of its own, and files of every row."""

import logging
import os
import secrets
import shutil
from collections.abc import Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel
from sqlalchemy import delete, update
from sqlmodel import col, select

from trunkline.access.roles import actor_for
from trunkline.auth.models import User
from trunkline.errors import NotFound, TrunklineError, WaitsForSecondPerson
from trunkline.i18n import gettext as _
from trunkline.i18n import use_locale
from trunkline.jobs.steps import StepContext
from trunkline.lists import runs
from trunkline.lists.declared import RowAction
from trunkline.lists.models import ListRun, ListRunRow, RowOutcome, RunState
from trunkline.lists.showing import for_reader
from trunkline.operation import Actor, Context
from trunkline.plugin import ScheduledTask, StepKind
from trunkline.web.table_export import FORMATS, write

if TYPE_CHECKING:
    from trunkline.app import App

log = logging.getLogger(__name__)
_BATCH = 25
_PROGRESS_EVERY = 5000
_REMEMBERED = timedelta(days=30)
_FORGOTTEN_AT_ONCE = 500


class RunOf(BaseModel):
    """Which run."""

    number: str


def folder(app: "App") -> Path:
    """Where files of lists wait to be fetched, made when it is absent."""
    path = app.config.data / "exports"
    path.mkdir(parents=True, exist_ok=True, mode=0o700)
    return path


def act_on_rows(step: StepContext) -> Mapping[str, Any]:
    """Do the action to each row that waits, as whoever asked. A row is done once, however often this step runs."""
    with use_locale(_language(step), str(step.app.config.time_zone)):
        try:
            actor, action, values = _beginning(step)
        except TrunklineError as refusal:
            return _refused(step, refusal)
        return _act_on_all(step, actor, action, action.schema.model_validate(values))


def _language(step: StepContext) -> str:
    """What the person read who asked: they read the reasons, too."""
    with step.app.reading() as ctx:
        wanted = select(col(ListRun.language)).where(col(ListRun.number) == step.inputs.number)
        return ctx.session.scalars(wanted).one()


def _act_on_all(step: StepContext, actor: Actor, action: RowAction, command: BaseModel) -> Mapping[str, Any]:
    number = step.inputs.number
    while not step.cancelled():
        waiting = _waiting(step, number)
        if not waiting:
            break
        for key in waiting:
            if step.cancelled():
                break
            _act_on_one(step.app, actor, action, command, key)
        _count(step, number)
    return _end(step, number)


def _beginning(step: StepContext) -> tuple[Actor, RowAction, Mapping[str, Any]]:
    with step.unit_of_work() as ctx:
        run = _run(ctx, step.inputs.number)
        actor = _actor(ctx, run)
        action = step.app.row_actions.get(run.action)
        if action is None:
            raise NotFound(_("Nobody offers the action {name} any more.", name=run.action))
        Context(ctx.session, actor, step.app).require(action.permission)
        run.state = RunState.RUNNING
        return actor, action, run.values


def _waiting(step: StepContext, number: str) -> Sequence[int]:
    with step.app.reading() as ctx:
        rows = ctx.session.scalars(
            select(col(ListRunRow.id))
            .join(ListRun, col(ListRun.id) == col(ListRunRow.run_id))
            .where(col(ListRun.number) == number, col(ListRunRow.outcome) == RowOutcome.WAITING)
            .order_by(col(ListRunRow.id))
            .limit(_BATCH)
        )
        return [key for key in rows if key is not None]


def _act_on_one(app: "App", actor: Actor, action: RowAction, command: BaseModel, key: int) -> None:
    """One row in one transaction with its result, so that it is never done twice."""
    try:
        with app.unit_of_work(actor) as ctx:
            row = _row(ctx, key)
            if row.outcome != RowOutcome.WAITING:
                return
            row.outcome = RowOutcome.DONE
            action.do(ctx, row.row_id, command)
    except WaitsForSecondPerson as waiting:
        said = _("Nothing was done yet: {number} waits for a second person.", number=waiting.number)
        _fail(app, key, said, RowOutcome.ASKED, f"/approvals/{waiting.number}")
    except TrunklineError as refusal:
        _fail(app, key, str(refusal))
    except Exception:  # a plugin's code may raise anything, and the other rows go on
        log.exception("action %s failed on a row", action.name)
        _fail(app, key, _("Something broke inside; nothing was changed."))


def _fail(
    app: "App", key: int, message: str, outcome: RowOutcome = RowOutcome.FAILED, href: str = ""
) -> None:
    """Keep why nothing was done; `href` leads to what stands in the way, where the row itself does not."""
    with app.unit_of_work() as ctx:
        row = _row(ctx, key)
        if row.outcome == RowOutcome.WAITING:
            row.outcome, row.message, row.href = outcome, str(message)[:500], href or row.href


def _row(ctx: Context, key: int) -> ListRunRow:
    return ctx.session.scalars(select(ListRunRow).where(col(ListRunRow.id) == key).with_for_update()).one()


def _count(step: StepContext, number: str) -> None:
    with step.unit_of_work() as ctx:
        run = _run(ctx, number)
        found = runs.counts(ctx, run)
        run.done, run.failed = found.get("done", 0), found.get("failed", 0)


def _end(step: StepContext, number: str) -> Mapping[str, Any]:
    with step.unit_of_work() as ctx:
        run = _run(ctx, number)
        ctx.session.execute(
            update(ListRunRow)
            .where(col(ListRunRow.run_id) == run.key, col(ListRunRow.outcome) == RowOutcome.WAITING)
            .values(outcome=RowOutcome.LEFT)
        )
        found = runs.counts(ctx, run)
        run.done, run.failed = found.get("done", 0), found.get("failed", 0)
        run.state, run.finished_at = RunState.DONE, ctx.now()
        outcome = {"done": run.done, "failed": run.failed, "left": found.get("left", 0)}
    step.log(_("Done: {done}. Not done: {failed}.", **outcome), "warn" if outcome["failed"] else "ok")
    return outcome


def write_list(step: StepContext) -> Mapping[str, Any]:
    """Write every row of the list to a file, as whoever asked would see it now. Again is harmless: the file is written anew."""
    number = step.inputs.number
    try:
        with step.unit_of_work() as ctx:
            run = _run(ctx, number)
            actor = _actor(ctx, run)
            run.state = RunState.RUNNING
            name, form, query, language = run.list_name, run.action, dict(run.query), run.language
        stored, rows = _write(step, actor, name, form, query, language)
    except TrunklineError as refusal:
        return _refused(step, refusal)
    with step.unit_of_work() as ctx:
        run = _run(ctx, number)
        run.stored_as, run.size = stored.name, stored.stat().st_size
        run.total = run.done = rows
        run.state, run.finished_at, run.expires_at = RunState.DONE, ctx.now(), ctx.now() + runs.KEPT
    step.log(_("{n} rows written.", n=rows), "ok")
    return {"rows": rows}


def _write(
    step: StepContext, actor: Actor, name: str, form: str, query: Mapping[str, str], language: str
) -> tuple[Path, int]:
    app = step.app

    def progress(rows: int) -> None:
        if rows % _PROGRESS_EVERY == 0:
            with step.unit_of_work() as ctx:
                _run(ctx, step.inputs.number).done = rows

    with app.reading(actor) as ctx, use_locale(language, str(app.config.time_zone)):
        found = app.lists.get(name)
        if found is None:
            raise NotFound(_("There is no list {name} any more.", name=name))
        ctx.require(found.permission)
        if found.export:
            ctx.require(found.export)
        table = for_reader(ctx, found, found.table(ctx))
        path = folder(app) / f"{secrets.token_hex(16)}.{form}"
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as target:
            file, rows = write(table, ctx.session, found.select(ctx), query, FORMATS[form], progress)
            with file:
                shutil.copyfileobj(file, target)
    return path, rows


def _refused(step: StepContext, refusal: TrunklineError) -> Mapping[str, Any]:
    """It could not begin: the person reads why on its page, and the job ends well."""
    with step.unit_of_work() as ctx:
        run = _run(ctx, step.inputs.number)
        run.state, run.error, run.finished_at = RunState.REFUSED, str(refusal), ctx.now()
    step.log(str(refusal), "warn")
    return {"refused": str(refusal)}


def _run(ctx: Context, number: str) -> ListRun:
    return ctx.session.scalars(select(ListRun).where(col(ListRun.number) == number).with_for_update()).one()


def _actor(ctx: Context, run: ListRun) -> Actor:
    """Who asked, with the rights they have now."""
    user = ctx.session.get(User, run.user_id) if run.user_id is not None else None
    if user is None or not user.is_active:
        raise NotFound(_("Whoever asked for this cannot sign in any more."))
    return actor_for(ctx.session, user)


def forget(ctx: Context) -> None:
    """Remove files nobody may fetch any more, and what became of rows long ago."""
    oldest = (ctx.now() - runs.KEPT).timestamp()
    for path in folder(ctx.app).iterdir():
        if path.stat().st_mtime < oldest:
            path.unlink(missing_ok=True)
    old = (
        select(col(ListRun.id))
        .where(col(ListRun.created_at) < ctx.now() - _REMEMBERED)
        .limit(_FORGOTTEN_AT_ONCE)
    )
    keys = ctx.session.scalars(old).all()
    ctx.session.execute(delete(ListRunRow).where(col(ListRunRow.run_id).in_(keys)))
    ctx.session.execute(delete(ListRun).where(col(ListRun.id).in_(keys)))


ACTING = StepKind(
    runs.ACT_STEP,
    _("Act on each row"),
    act_on_rows,
    inputs=RunOf,
    irreversible=True,
    timeout=timedelta(hours=6),
)
WRITING = StepKind(
    runs.WRITE_STEP,
    _("Write the list to a file"),
    write_list,
    inputs=RunOf,
    irreversible=True,
    timeout=timedelta(hours=2),
)
FORGETTING = ScheduledTask("core.forget_list_files", forget, timedelta(hours=1), _("Forget old list files"))
