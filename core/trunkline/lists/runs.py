"""Work on many rows of a list: choosing them, starting it, and what its pages read."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import RowMapping, func, insert
from sqlmodel import col, select

from trunkline.db.numbers import next_number
from trunkline.db.parts import parts
from trunkline.errors import Forbidden, NotFound, Refused
from trunkline.i18n import current_locale, ngettext
from trunkline.i18n import gettext as _
from trunkline.jobs import operations as jobs
from trunkline.jobs.models import OnFailure
from trunkline.jobs.operations import PlannedStep, enqueue
from trunkline.lists.declared import ListOf, RowAction
from trunkline.lists.models import ListRun, ListRunRow, RowOutcome, RunKind, RunState
from trunkline.lists.views import listed
from trunkline.operation import Context, operation
from trunkline.web.signing import verify
from trunkline.web.table_export import FORMATS
from trunkline.web.tables import Table

ACT = "core.list_rows.change"
WRITE = "core.list_rows.export"
ACT_STEP, WRITE_STEP = "core.act_on_rows", "core.write_list"
#: More rows than this are done in parts, so that somebody looks in between.
MOST = 20_000
#: How long a file can be fetched.
KEPT = timedelta(hours=24)
_CHUNK = 1000


def action_of(ctx: Context, name: str, action: str) -> tuple[ListOf, RowAction]:
    """The list and what is to be done to its rows. Raises NotFound, or Forbidden for who may not."""
    found = listed(ctx, name)
    wanted = ctx.app.row_actions.get(action)
    if wanted is None or wanted.of != name or wanted.page:
        raise NotFound(_("There is no action {name} on this list.", name=action))
    ctx.require(wanted.permission)
    return found, wanted


def chosen(ctx: Context, found: ListOf, form: Mapping[str, Any]) -> Sequence[RowMapping]:
    """The rows that a posted selection is for, read again so that only visible ones count.

    Raises Refused for none, for more than `MOST`, and for a query that was altered.
    """
    table, statement = found.table(ctx), found.select(ctx)
    matching = table.chosen(statement, form)
    rows = [] if matching is None else ctx.session.execute(matching.limit(MOST + 1)).mappings().all()
    if not rows:
        raise Refused(_("Nothing is selected."), remedy=_("Tick at least one row."))
    if len(rows) > MOST:
        raise Refused(
            ngettext("More than one row is selected.", "More than {n} rows are selected.", MOST),
            remedy=_("Narrow the list by a search or a filter, and do it in parts."),
        )
    return rows


@operation(ACT)
def act(
    ctx: Context, name: str, action: str, form: Mapping[str, Any], values: Mapping[str, Any], count: int
) -> ListRun:
    """Have a worker do an action to each selected row. `count` is the number that the person confirmed.

    Raises Refused when the selection holds another number by now, Forbidden without the action's own permission.
    """
    found, wanted = action_of(ctx, name, action)
    rows = chosen(ctx, found, form)
    if len(rows) != count:
        raise Refused(
            _(
                "The list has changed: {now} rows are selected now, not {before}.",
                now=len(rows),
                before=count,
            ),
            field="count",
            remedy=_("Look at the number and confirm again."),
        )
    command = wanted.schema.model_validate(values)
    run = _begin(ctx, RunKind.ACTION, found, wanted.name, command.model_dump(mode="json"), len(rows))
    _keep_rows(ctx, run, found.table(ctx), rows)
    ctx.note(run, label=run.number, action=wanted.name, list=found.name, rows=len(rows))
    _do_later(ctx, run, ACT_STEP, str(wanted.label))
    return run


@operation(WRITE)
def write_file(ctx: Context, name: str, form: str, signed_query: str) -> ListRun:
    """Have a worker write every row that matches to a file. Raises Forbidden without the list's own right to take files."""
    found = listed(ctx, name)
    if found.export:
        ctx.require(found.export)
    if form not in FORMATS:
        raise Refused(_("Lists are written as csv or xlsx."), field="format")
    table = found.table(ctx)
    query = [[key, value] for key, value in verify(f"table:{table.name}", signed_query).items()]
    run = _begin(ctx, RunKind.EXPORT, found, form, {}, 0)
    run.query = query
    ctx.note(run, label=run.number, list=found.name, format=form)
    _do_later(ctx, run, WRITE_STEP, _("Write {name}", name=table.label or table.name))
    return run


@operation(ACT)
def stop(ctx: Context, number: str) -> ListRun:
    """Leave the rows that are not done yet as they are. Raises Refused when it is over."""
    run = get(ctx, number)
    jobs.cancel(ctx, run.job_number)
    ctx.note(run, label=run.number)
    return run


def get(ctx: Context, number: str) -> ListRun:
    """A run that the actor asked for, or any for who sees every job. Raises NotFound.

    Its rows name customers, so those who see only some of them see their own runs only.
    """
    run = ctx.session.scalars(select(ListRun).where(col(ListRun.number) == number)).one_or_none()
    sees_all = ctx.actor.may("core.job.view") and not ctx.actor.scope.is_limited
    if run is None or (run.user_id != ctx.actor.id and not sees_all):
        raise NotFound(_("There is no run {number}.", number=number))
    return run


def file_of(ctx: Context, number: str) -> ListRun:
    """A run whose file may be fetched now, only by who asked for it. Raises NotFound when it has expired, Forbidden."""
    run = ctx.session.scalars(select(ListRun).where(col(ListRun.number) == number)).one_or_none()
    if run is None or run.user_id != ctx.actor.id or run.kind != RunKind.EXPORT:
        raise NotFound(_("There is no file {number}.", number=number))
    found = listed(ctx, run.list_name)
    if found.export and not ctx.actor.may(found.export):
        raise Forbidden(_("You may not take files of this list any more."))
    if not run.stored_as or run.expires_at is None or run.expires_at < ctx.now():
        raise NotFound(_("This file is not kept any more."), remedy=_("Export the list again."))
    return run


def results(ctx: Context, run: ListRun, outcome: RowOutcome, limit: int = 200) -> Sequence[RowMapping]:
    """Rows of a run that ended so, in the order they were done."""
    row = ListRunRow
    return (
        ctx.session.execute(
            select(col(row.label), col(row.href), col(row.message))
            .where(col(row.run_id) == run.key, col(row.outcome) == outcome)
            .order_by(col(row.id))
            .limit(limit)
        )
        .mappings()
        .all()
    )


def undone_keys(ctx: Context, number: str) -> Sequence[str]:
    """Keys of the rows of a run that were refused or left as they are, but not asked of a second person. Raises NotFound."""
    row, run = ListRunRow, get(ctx, number)
    keys = ctx.session.scalars(
        select(col(row.row_id))
        .where(col(row.run_id) == run.key, col(row.outcome).not_in((RowOutcome.DONE, RowOutcome.ASKED)))
        .order_by(col(row.id))
    )
    return [str(key) for key in keys]


def every_result(ctx: Context, run: ListRun, outcome: RowOutcome) -> Sequence[RowMapping]:
    """All of them: a run has at most `MOST` rows."""
    return results(ctx, run, outcome, MOST)


def counts(ctx: Context, run: ListRun) -> Mapping[str, int]:
    """How many rows of a run ended in each way."""
    rows = ctx.session.execute(
        select(col(ListRunRow.outcome), func.count())
        .where(col(ListRunRow.run_id) == run.key)
        .group_by(col(ListRunRow.outcome))
    )
    return {outcome or "waiting": number for outcome, number in rows}


def _begin(
    ctx: Context, kind: RunKind, found: ListOf, action: str, values: Mapping[str, Any], total: int
) -> ListRun:
    if ctx.actor.id is None:
        raise Forbidden(_("Only people and programs with an account may have this done."))
    run = ListRun(
        number=next_number(ctx.session, "list_run"),
        kind=kind,
        list_name=found.name,
        action=action,
        values=dict(values),
        state=RunState.WAITING,
        total=total,
        user_id=ctx.actor.id,
        user_name=ctx.actor.name,
        language=current_locale(),
    )
    ctx.session.add(run)
    ctx.session.flush()
    return run


def _keep_rows(ctx: Context, run: ListRun, table: Table, rows: Sequence[RowMapping]) -> None:
    kept = [
        {
            "run_id": run.key,
            "row_id": row[table.id_key],
            "label": table.row_label(row)[:200],
            "href": (table.row_link(row) or "")[:300],
            "outcome": RowOutcome.WAITING.value,
            "message": "",
        }
        for row in rows
    ]
    for part in parts(kept, _CHUNK):
        ctx.session.execute(insert(ListRunRow), part)


def _do_later(ctx: Context, run: ListRun, step: str, title: str) -> None:
    job = enqueue(
        ctx,
        kind="core.list",
        title=title,
        steps=[PlannedStep(step, label=title, inputs={"number": run.number})],
        key=f"list:{run.number}",
        subject=("list_run", run.key),
        on_failure=OnFailure.HOLD,
    )
    run.job_number = job.number
