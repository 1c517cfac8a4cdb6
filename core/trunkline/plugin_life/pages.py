"""`/system`: how everything is; `/system/plugins`: what is installed, what it contributes and what went wrong."""

from functools import partial

from starlette.responses import Response

from trunkline import renewal
from trunkline.errors import Refused
from trunkline.health import reports
from trunkline.i18n import gettext as _
from trunkline.jobs import load_charts
from trunkline.loader import PluginState
from trunkline.plugin_life import faults, operations, queries, reloading
from trunkline.web.drawing import as_csv
from trunkline.web.pages import Page, Pages

pages = Pages()


@pages.get("/system", permission="core.plugin.view")
def system(page: Page) -> Response:
    page.title = str(_("System"))
    page.crumbs((page.title, ""))
    points, found = load_charts.samples(page.ctx)
    return page.render(
        "system/system.html",
        waiting=load_charts.waiting(points, found),
        done=load_charts.done(points, found),
        reports=reports(page.ctx),
        versions=queries.versions(page.ctx),
        queue=queries.queue(page.ctx),
        deliveries=queries.troubled_deliveries(page.ctx),
        schedule=queries.scheduled(page.ctx),
        task_labels=queries.task_labels(page.ctx),
        faults=queries.faults_elsewhere(page.ctx),
        called=partial(queries.called, page.ctx),
        tab="system",
    )


@pages.get("/system/load/waiting.csv", permission="core.plugin.view")
def waiting_file(page: Page) -> Response:
    return as_csv(load_charts.waiting(*load_charts.samples(page.ctx)), "work-waiting")


@pages.get("/system/load/done.csv", permission="core.plugin.view")
def done_file(page: Page) -> Response:
    return as_csv(load_charts.done(*load_charts.samples(page.ctx)), "jobs-done")


@pages.get("/system/plugins", permission="core.plugin.view")
def plugins(page: Page) -> Response:
    page.title = str(_("Plugins"))
    page.crumbs((str(_("System")), "/system"), (page.title, ""))
    lines = queries.lines(page.ctx)
    may_reload = page.can("core.plugin.configure") and renewal.watched(page.app.config.data)
    return page.render(
        "system/plugins.html",
        plugins=[line for line in lines if not line.status.is_extension],
        scripts=[line for line in lines if line.status.is_extension],
        folder=page.app.config.extension_folder,
        may_reload=may_reload,
        orphans=queries.orphans(page.ctx),
        tab="plugins",
    )


@pages.post("/system/plugins/reload", permission="core.plugin.configure")
def reload_scripts(page: Page) -> Response:
    reloading.reload_scripts(page.ctx)
    said = _(
        "The scripts are read again. Pages pause for a moment; then this list shows how each of them is."
    )
    return page.redirect("/system/plugins", str(said))


@pages.get("/system/plugins/{name}", permission="core.plugin.view")
def plugin(page: Page, name: str) -> Response:
    detail = queries.detail(page.ctx, name)
    page.title = str(_(detail.line.status.label))
    page.crumbs((str(_("System")), "/system"), (str(_("Plugins")), "/system/plugins"), (page.title, ""))
    declared = detail.line.status.plugin
    has_settings = declared is not None and declared.settings is not None
    return page.render(
        "system/plugin.html",
        detail=detail,
        shown=detail.line.status,
        is_enabled=detail.line.status.state is PluginState.ENABLED,
        has_settings=has_settings,
        most_counted=queries.MOST_COUNTED,
        called=partial(queries.called, page.ctx),
        task_labels=queries.task_labels(page.ctx),
    )


@pages.post("/system/plugins/{name}/clear", permission="core.plugin.configure")
def clear_faults(page: Page, name: str) -> Response:
    faults.clear(page.ctx, name)
    known = name in page.app.loaded.statuses
    return page.redirect(
        f"/system/plugins/{name}" if known else "/system", str(_("The failures were put away."))
    )


@pages.post("/system/deliveries/{delivery_id:int}/retry", permission="core.plugin.configure")
def retry_delivery(page: Page, delivery_id: int) -> Response:
    operations.retry_delivery(page.ctx, delivery_id)
    return page.redirect("/system", str(_("The delivery will be tried again.")))


@pages.post("/system/deliveries/retry", permission="core.plugin.configure")
def retry_deliveries(page: Page) -> Response:
    tried = operations.retry_parked(page.ctx)
    if not tried:
        raise Refused(_("No delivery is parked."), remedy=_("Reload the page."))
    return page.redirect("/system", str(_("{n} deliveries will be tried again.", n=tried)))
