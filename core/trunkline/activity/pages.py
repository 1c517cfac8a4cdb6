"""The activity log in the browser: read-only, newest first."""

from urllib.parse import urlencode

from starlette.responses import Response, StreamingResponse

from trunkline.activity import exporting, queries, words
from trunkline.activity.references import Told
from trunkline.activity.tables import activity_table
from trunkline.errors import NotFound
from trunkline.i18n import _
from trunkline.web.pages import Page, Pages
from trunkline.web.table_params import pairs_of

pages = Pages()


@pages.get("/activity", permission="core.activity.list")
def activity(page: Page) -> Response:
    """Every entry the reader may see."""
    page.title = _("Activity")
    page.crumbs((_("Administration"), ""), (_("Activity"), "/activity"))
    chosen = [
        pair for pair in pairs_of(page.request.query_params) if pair[0] not in ("cursor", "limit", "cols")
    ]
    exports = {
        name: f"/activity/export?{urlencode([('format', name), *chosen])}" for name in exporting.FORMATS
    }
    return page.table(
        "activity/list.html", activity_table(page.ctx), queries.entries(page.ctx), exports=exports
    )


@pages.get("/activity/export", permission="core.activity.export")
def export(page: Page) -> Response:
    """Every matching entry as a file. A GET that writes one entry: that it was taken."""
    params = page.request.query_params
    wanted = exporting.FORMATS.get(params.get("format", "csv"))
    if wanted is None:
        raise NotFound(_("The log is exported as csv or json."))
    ctx = page.ctx
    narrowed = {key: value for key, value in pairs_of(params) if key != "format"}
    with ctx.app.unit_of_work(ctx.actor, request_id=ctx.request_id, on_behalf_of=ctx.on_behalf_of) as writing:
        exporting.record_export(writing, wanted, narrowed)
    return StreamingResponse(
        exporting.pieces(ctx.app, ctx.actor, wanted, narrowed),
        media_type=exporting.MEDIA_TYPES[wanted],
        headers={"Content-Disposition": f'attachment; filename="activity.{wanted}"'},
    )


@pages.get("/activity/seals", permission="core.activity.list")
def seals(page: Page) -> Response:
    """How far the log is sealed, and whether it was found whole."""
    page.title = _("Sealed state")
    page.crumbs((_("Administration"), ""), (_("Activity"), "/activity"), (page.title, ""))
    return page.render("activity/seals.html", state=queries.sealed_state(page.ctx))


@pages.get("/activity/{entry_id:int}", permission="core.activity.list")
def entry(page: Page, entry_id: int) -> Response:
    """One entry with the values before and after."""
    found = queries.entry(page.ctx, entry_id)
    told, currency = Told(page.ctx, found.changes), str(found.details.get("currency") or "")
    page.title = words.title(found.operation, found.subject_kind, found.changes)
    page.crumbs((_("Administration"), ""), (_("Activity"), "/activity"), (f"#{entry_id}", ""))
    return page.render(
        "activity/entry.html",
        entry=found,
        path=queries.path_of(page.ctx, found),
        customer=queries.customer_of(page.ctx, found),
        seal=queries.seal_of(page.ctx, entry_id),
        changes=[(change, told.row(change), told.fields(change)) for change in found.changes],
        details=[
            (words.field(name), words.value(value, name, currency)) for name, value in found.details.items()
        ],
    )
