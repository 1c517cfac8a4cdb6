"""REST: saved views, columns, and work on many rows."""

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from trunkline.errors import Faults, Refused
from trunkline.i18n import gettext as _
from trunkline.lists import runs, views
from trunkline.lists.declared import ListOf, RowAction
from trunkline.lists.models import ListRun, RunState, SavedView
from trunkline.lists.schemas import LONGEST_COLUMNS, ChangeView, KeepColumns, SaveView, ViewName
from trunkline.lists.selecting import Selection, keys_of
from trunkline.lists.tables import RUN_ROWS, list_rows
from trunkline.operation import Context
from trunkline.rest.concurrency import if_match
from trunkline.rest.paging import Listing, ListParams, list_of, list_params, read_list
from trunkline.rest.proof import Proof, proof
from trunkline.rest.routing import RestRoutes
from trunkline.web.pages import SIGNED_IN

lists = RestRoutes("/lists", "lists")
saved_views = RestRoutes("/saved-views", "lists")
list_runs = RestRoutes("/list-runs", "lists")


class ActionOut(BaseModel):
    """What may be done to many rows. `values` is the JSON Schema of what it asks."""

    name: str
    label: str
    effect: str
    sudo: bool
    values: dict[str, Any]


class ListOut(BaseModel):
    """A list of the console that the caller may open."""

    name: str
    label: str
    columns: list[str]
    actions: list[ActionOut]


class ViewOut(BaseModel):
    """A saved view: `query` holds the parameters of the list's address. `mine` says whether the caller may change it."""

    id: int
    name: str
    query: str
    shared: bool
    mine: bool
    opens: bool
    version: int


class ViewChanges(BaseModel):
    """What changes on a view; what is not sent stays."""

    model_config = ConfigDict(extra="forbid")

    name: ViewName | None = None
    query: str | None = Field(default=None, max_length=2000)
    shared: bool | None = None
    opens: bool | None = Field(default=None, description="The list opens with it, for the caller only.")


class Columns(BaseModel):
    """Keys of the columns that the caller sees whenever the list opens; none for the list's own."""

    model_config = ConfigDict(extra="forbid")

    columns: list[str] = Field(max_length=60)


class DoToRows(BaseModel):
    """Which rows, and what the action asks."""

    model_config = ConfigDict(extra="forbid")

    rows: Selection
    values: dict[str, Any] = Field(default={}, description="By the JSON Schema of the action's `values`.")


class ListRunOut(BaseModel):
    """Work on many rows: `done` and `failed` count while it goes on; `job` may be cancelled, too."""

    number: str
    list: str
    action: str
    state: RunState
    error: str
    total: int
    done: int
    failed: int
    user_name: str
    job: str
    created_at: datetime
    finished_at: datetime | None


class RunRow(BaseModel):
    """One row, and what became of it; `waiting` until its turn has come, `asked` when a second person is to agree first."""

    label: str
    outcome: Literal["waiting", "done", "failed", "asked", "left"]
    message: str


@lists.get("", permission=views.OWN)
def every_list(ctx: Context) -> Listing[ListOut]:
    """The lists that the caller may open, with their columns and what may be done to many of their rows."""
    known = [one for one in ctx.app.lists.values() if ctx.actor.may(one.permission)]
    return list_of([_list(ctx, one) for one in sorted(known, key=lambda one: one.name)])


@lists.get("/{name}/views", permission=views.OWN)
def list_views(ctx: Context, name: str) -> Listing[ViewOut]:
    """The caller's own views of a list and those shared with them, by name."""
    kept = views.kept_for(ctx, views.listed(ctx, name).name)
    found = [
        ViewOut(
            id=one.id,
            name=one.name,
            query=one.query,
            shared=one.shared,
            mine=one.mine,
            opens=one.id == kept.opens_with,
            version=one.version,
        )
        for one in kept.views
    ]
    return list_of(found)


@lists.post("/{name}/views", permission=views.OWN)
def save_view(ctx: Context, name: str, command: SaveView) -> ViewOut:
    """Keep search, filters, sort and columns under a name; sharing it needs a permission of its own."""
    return _view(ctx, views.save(ctx, name, command))


@saved_views.patch("/{view_id}", permission=views.OWN)
def change_view(ctx: Context, view_id: int, command: ViewChanges, version: int | None = if_match) -> ViewOut:
    """Change a view. Whether a list opens with a shared one is everybody's own business; the rest is its owner's."""
    view = views.get(ctx, view_id)
    opens = views.kept_for(ctx, view.list_name).opens_with == view.key
    wanted = ChangeView(
        name=view.name if command.name is None else command.name,
        query=command.query or "",
        as_it_stands=command.query is not None,
        shared=view.shared if command.shared is None else command.shared,
        opens=opens if command.opens is None else command.opens,
        version=version,
    )
    return _view(ctx, views.change(ctx, view_id, wanted))


@saved_views.delete("/{view_id}", permission=views.OWN)
def remove_view(ctx: Context, view_id: int) -> None:
    """Give a view up; a shared one, for everybody who sees it."""
    views.remove(ctx, view_id)


@lists.get("/{name}/columns", permission=views.OWN)
def columns(ctx: Context, name: str) -> Columns:
    """The columns that the caller keeps for a list."""
    return _columns(ctx, name)


@lists.patch("/{name}/columns", permission=views.OWN)
def keep_columns(ctx: Context, name: str, command: Columns) -> Columns:
    """Show the caller these columns whenever the list opens."""
    text = ",".join(command.columns)
    if len(text) > LONGEST_COLUMNS:
        raise Refused(_("These are too many columns."), field="columns")
    views.keep_columns(ctx, name, KeepColumns(columns=text))
    return _columns(ctx, name)


@lists.post("/{name}/actions/{action}", permission=runs.ACT, status=202)
def do_to_rows(ctx: Context, name: str, action: str, command: DoToRows, proof: Proof = proof) -> ListRunOut:
    """Have something done to many rows, each in a transaction of its own and as the caller. The run says what became of each.

    An action with `sudo` needs an access token of a sign-in not older than ten minutes.
    """
    found, wanted = runs.action_of(ctx, name, action)
    if wanted.sudo:
        proof.require()
    values = _values(wanted, command.values)
    picked = {"ids": ",".join(map(str, keys_of(ctx, found, command.rows)))}
    return _run(runs.act(ctx, name, action, picked, values, command.rows.expected))


@list_runs.get("/{number}", permission=SIGNED_IN)
def show_run(ctx: Context, number: str) -> ListRunOut:
    """How far it is. Only who began it sees it, and who may see every job."""
    return _run(runs.get(ctx, number))


@list_runs.get("/{number}/rows", permission=SIGNED_IN, table=RUN_ROWS)
def run_rows(ctx: Context, number: str, params: ListParams = list_params) -> Listing[RunRow]:
    """What became of each row, in the order in which they are done. Filter: `outcome`."""
    return read_list(ctx, RUN_ROWS, list_rows(runs.get(ctx, number)), params, RunRow)


@list_runs.post("/{number}/stop", permission=runs.ACT, status=200)
def stop(ctx: Context, number: str) -> ListRunOut:
    """Leave the rows that are not done yet as they are."""
    return _run(runs.stop(ctx, number))


def _columns(ctx: Context, name: str) -> Columns:
    return Columns(columns=list(views.kept_for(ctx, views.listed(ctx, name).name).columns))


def _values(wanted: RowAction, values: dict[str, Any]) -> dict[str, Any]:
    """The values as the action takes them. Raises Refused naming each field at fault."""
    try:
        return wanted.schema.model_validate(values).model_dump(mode="json")
    except ValidationError as error:
        faults = Faults()
        for one in error.errors():
            with faults.noted():
                words = str(one["msg"]).removeprefix("Value error, ")
                raise Refused(words, field=".".join(map(str, ("values", *one["loc"])))) from None
        faults.refuse()
        raise


def _list(ctx: Context, found: ListOf) -> ListOut:
    table = found.table(ctx)
    more = [column.key for one in ctx.app.list_columns.get(found.name, ()) for column in one.columns]
    actions = [
        ActionOut(
            name=one.name,
            label=str(one.label),
            effect=str(one.effect),
            sudo=one.sudo,
            values=one.schema.model_json_schema(),
        )
        for one in ctx.app.row_actions.values()
        if one.of == found.name and not one.page and ctx.actor.may(one.permission) and ctx.actor.may(runs.ACT)
    ]
    label = str(table.label or found.name)
    keys = [*(column.key for column in table.columns), *more]
    return ListOut(name=found.name, label=label, columns=keys, actions=actions)


def _view(ctx: Context, view: SavedView) -> ViewOut:
    kept = views.kept_for(ctx, view.list_name)
    return ViewOut(
        id=view.key,
        name=view.name,
        query=view.query,
        shared=view.shared,
        mine=any(one.mine for one in kept.views if one.id == view.key),
        opens=kept.opens_with == view.key,
        version=view.version,
    )


def _run(run: ListRun) -> ListRunOut:
    return ListRunOut(
        number=run.number,
        list=run.list_name,
        action=run.action,
        state=RunState(run.state),
        error=run.error,
        total=run.total,
        done=run.done,
        failed=run.failed,
        user_name=run.user_name,
        job=run.job_number,
        created_at=run.created_at,
        finished_at=run.finished_at,
    )
