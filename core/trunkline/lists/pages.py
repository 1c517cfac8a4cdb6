"""Pages of lists: saving views and columns, confirming an action on many rows, following it, fetching a file."""

from collections.abc import Mapping
from typing import Any

from starlette.responses import FileResponse, Response

from trunkline.auth import sudo
from trunkline.errors import NotFound, Refused
from trunkline.i18n import gettext as _
from trunkline.i18n import ngettext
from trunkline.jobs import queries as jobs
from trunkline.jobs.models import JobState
from trunkline.lists import runs, views, working
from trunkline.lists.declared import ListOf, RowAction
from trunkline.lists.models import ListRun, RowOutcome, RunKind, RunState, SavedView
from trunkline.lists.schemas import ChangeView, FileWanted, KeepColumns, SaveView
from trunkline.web.forms import Form
from trunkline.web.pages import PROOF_LASTS, SIGNED_IN, TO_FILL_IN, Page, Pages
from trunkline.web.signing import sign, verify
from trunkline.web.table_export import FORMATS, MEDIA_TYPES
from trunkline.web.table_params import values_of

pages = Pages()
_SHOWN = 20


def _new_view(page: Page, name: str) -> Mapping[str, Any]:
    return _view_form(page, views.listed(page.ctx, name), str(page.form_data.get("query", "")))


@pages.form(
    "/lists/{name}/views",
    permission=views.OWN,
    schema=SaveView,
    template="lists/view.html",
    title=_("Save view"),
    initial=_new_view,
    submit=_("Save view"),
)
def save_view(page: Page, command: SaveView, name: str) -> Response:
    """Keep the list as it stands."""
    view = views.save(page.ctx, name, command)
    return _open(
        page, view.list_name, view.query, view.key, _("The view “{name}” was saved.", name=view.name)
    )


def _view_opened(page: Page, view_id: int) -> Mapping[str, Any]:
    view = views.get(page.ctx, view_id)
    found = views.listed(page.ctx, view.list_name)
    opens = views.kept_for(page.ctx, view.list_name).opens_with == view.key
    said: dict[str, Any] = {
        "name": view.name,
        "shared": view.shared,
        "opens": opens,
        "query": view.query,
        "version": view.version,
    }
    return {**said, **_view_form(page, found, view.query, view)}


@pages.form(
    "/lists/views/{view_id:int}",
    permission=views.OWN,
    schema=ChangeView,
    template="lists/view.html",
    title=_("This view"),
    initial=_view_opened,
)
def change_view(page: Page, command: ChangeView, view_id: int) -> Response:
    """Rename, share, open the list with it, or take the list as it stands."""
    view = views.change(page.ctx, view_id, command)
    return _open(page, view.list_name, view.query, view.key, _("Saved."))


def _view_form(page: Page, found: ListOf, query: str, view: SavedView | None = None) -> Mapping[str, Any]:
    """Where the form of a view leads back to. Who may not share is not asked whether to."""
    back = f"{found.path}?{query}" if query else found.path
    label = found.table(page.ctx).label or found.name
    page.crumbs((label, back), (_("This view") if view else _("Save view"), ""))
    options: dict[str, Any] = {"cancel": back}
    if "shared" not in page.form_data and not page.can(views.SHARED):
        options["exclude"] = ["shared"]
    return {"form_options": options}


@pages.post("/lists/views/{view_id:int}/remove", permission=views.OWN)
def remove_view(page: Page, view_id: int) -> Response:
    """Give a view up."""
    view = views.remove(page.ctx, view_id)
    return _open(page, view.list_name, "", None, _("The view “{name}” was removed.", name=view.name))


@pages.post("/lists/{name}/columns", permission=views.OWN)
def keep_columns(page: Page, name: str) -> Response:
    """Show these columns whenever the list opens."""
    views.keep_columns(page.ctx, name, page.command(KeepColumns))
    query = views.in_order(str(page.form_data.get("back", "")))
    return _open(page, name, query, None, _("Your columns were saved."))


def _open(page: Page, name: str, query: str, saved: int | None, toast: str) -> Response:
    parts = [query] if query else []
    if saved is not None:
        parts.append(f"saved={saved}")
    path = page.app.lists[name].path
    return page.redirect(f"{path}?{'&'.join(parts)}" if parts else path, str(toast))


@pages.post("/lists/{name}/export", permission=runs.WRITE)
def export(page: Page, name: str) -> Response:
    """Have every matching row written to a file."""
    wanted = page.command(FileWanted)
    run = runs.write_file(page.ctx, name, wanted.format, wanted.query)
    return page.redirect(f"/lists/runs/{run.number}")


@pages.post("/lists/{name}/do/{action}", permission=runs.ACT, reads=True)
def ask(page: Page, name: str, action: str) -> Response:
    """Says the number of rows and asks what the action needs to know."""
    found, wanted = runs.action_of(page.ctx, name, action)
    if wanted.sudo:
        sudo.require(page)
    return _ask(page, found, wanted, _picked(page), _form(page, found, wanted))


def _picked(page: Page) -> Mapping[str, str]:
    """The selection that was posted: the signed query of all that match, or keys."""
    form = page.form_data
    if form.get("all") == "1":
        return {"all": "1", "query": str(form.get("query", ""))}
    if form.get("failed_of"):
        return {"ids": ",".join(runs.undone_keys(page.ctx, str(form["failed_of"])))}
    return {"ids": ",".join(values_of(form, "ids"))}


def _form(page: Page, found: ListOf, wanted: RowAction) -> Form[Any]:
    return page.form(
        wanted.schema,
        action=f"/lists/{found.name}/do/{wanted.name}/begin",
        id="rows-form",
        submit=str(wanted.label),
        cancel=found.path,
        danger=wanted.tone == "danger",
        focus=True,
        choices=wanted.choices(page.ctx) if wanted.choices else None,
    )


def _ask(
    page: Page,
    found: ListOf,
    wanted: RowAction,
    picked: Mapping[str, str],
    form: Form[Any],
    status: int = 200,
    problem: str = "",
) -> Response:
    rows = runs.chosen(page.ctx, found, picked)
    table = found.table(page.ctx)
    label = table.label or found.name
    page.title = ngettext("{action}: one row", "{action}: {n} rows", len(rows), action=wanted.label)
    page.crumbs((label, found.path), (page.title, ""))
    shown = [(table.row_label(row), table.row_link(row)) for row in rows[:_SHOWN]]
    return page.render(
        "lists/confirm.html",
        status=status,
        form=form,
        action=wanted,
        label=label,
        count=len(rows),
        shown=shown,
        picked=sign(_purpose(found, wanted), {**picked, "count": str(len(rows))}),
        problem=problem,
    )


def _purpose(found: ListOf, wanted: RowAction) -> str:
    return f"rows:{found.name}:{wanted.name}"


@pages.post("/lists/{name}/do/{action}/begin", permission=runs.ACT)
def begin(page: Page, name: str, action: str) -> Response:
    """Begins what was confirmed, unless the selection holds another number of rows by now."""
    found, wanted = runs.action_of(page.ctx, name, action)
    if wanted.sudo:
        sudo.require(page, PROOF_LASTS + TO_FILL_IN)
    picked = verify(_purpose(found, wanted), str(page.form_data.get("picked", "")))
    count = int(picked.pop("count"))
    form = _form(page, found, wanted).parse(page.form_data)
    if not form.valid:
        return _ask(page, found, wanted, picked, form, 422)
    try:
        run = runs.act(page.ctx, name, action, picked, form.command.model_dump(mode="json"), count)
    except Refused as error:
        page.ctx.session.rollback()
        return _ask(page, found, wanted, picked, form, 409 if error.field == "count" else 422, str(error))
    return page.redirect(f"/lists/runs/{run.number}")


@pages.get("/lists/runs/{number}", permission=SIGNED_IN)
def follow(page: Page, number: str) -> Response:
    """How far it is, and what became of each row."""
    run = runs.get(page.ctx, number)
    found = page.app.lists.get(run.list_name)
    label = (found.table(page.ctx).label if found is not None else "") or run.list_name
    page.title = _title(page, run, str(label))
    page.crumbs((str(label), found.path if found is not None else ""), (run.number, ""))
    over = run.state in (RunState.DONE, RunState.REFUSED)
    job = jobs.get(page.ctx, run.job_number) if run.job_number and not over else None
    stopped = job is not None and (bool(job.error) or JobState(job.state).is_over)
    waiting, counts = not over and not stopped, runs.counts(page.ctx, run)
    return page.render(
        "lists/run.html",
        run=run,
        job=job if stopped else None,
        waiting=waiting,
        left=counts.get("waiting", 0) + counts.get("left", 0),
        counts=counts,
        again=_again(page, run, found) if counts.keys() & {"waiting", "failed", "left"} else "",
        failed=runs.results(page.ctx, run, RowOutcome.FAILED),
        done=runs.results(page.ctx, run, RowOutcome.DONE),
        asked=runs.results(page.ctx, run, RowOutcome.ASKED),
        untouched=runs.results(page.ctx, run, RowOutcome.LEFT),
        back=found.path if found is not None else "/",
        mine=run.user_id == page.actor.id,
        fetchable=_fetchable(page, run),
        is_file=run.kind == RunKind.EXPORT,
    )


def _again(page: Page, run: ListRun, found: ListOf | None) -> str:
    """Where the rows that were not done can be tried once more; empty when it is somebody else's."""
    action = page.app.row_actions.get(run.action)
    if found is None or action is None or action.page or run.user_id != page.actor.id:
        return ""
    return (
        f"/lists/{found.name}/do/{action.name}" if page.can(action.permission) and page.can(runs.ACT) else ""
    )


def _title(page: Page, run: ListRun, label: str) -> str:
    if run.kind == RunKind.EXPORT:
        return str(_("{name} as a file", name=label))
    action = page.app.row_actions.get(run.action)
    return ngettext(
        "{action}: one row", "{action}: {n} rows", run.total, action=action.label if action else run.action
    )


def _fetchable(page: Page, run: ListRun) -> bool:
    alive = run.expires_at is not None and run.expires_at > page.ctx.now()
    return bool(run.stored_as) and alive and run.user_id == page.actor.id


@pages.get("/lists/runs/{number}/file", permission=SIGNED_IN)
def fetch(page: Page, number: str) -> Response:
    """The file, while it is kept and only for who asked for it."""
    run = runs.file_of(page.ctx, number)
    path = working.folder(page.app) / run.stored_as
    if not path.exists():
        raise NotFound(_("This file is not kept any more."), remedy=_("Export the list again."))
    form = FORMATS[run.action]
    return FileResponse(path, media_type=MEDIA_TYPES[form], filename=f"{run.list_name}.{form}")


@pages.post("/lists/runs/{number}/stop", permission=runs.ACT)
def stop(page: Page, number: str) -> Response:
    """Leave the rest as it is."""
    runs.stop(page.ctx, number)
    return page.redirect(f"/lists/runs/{number}", str(_("It stops after the row at hand.")))
