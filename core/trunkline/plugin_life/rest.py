"""REST: how the system is, its plugins, and deliveries of events that plugins did not take."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict

from trunkline.charts import ChartOut
from trunkline.health import reports
from trunkline.jobs import load_charts
from trunkline.loader import PluginState
from trunkline.operation import Context
from trunkline.plugin import Health
from trunkline.plugin_life import faults, operations, queries, reloading
from trunkline.plugin_life.queries import PluginLine
from trunkline.rest.paging import Listing, list_of
from trunkline.rest.routing import RestRoutes

rest = RestRoutes("/system", "system")


class HealthCheckOut(BaseModel):
    """One check: how it is, what was found, and what to do about it."""

    plugin: str
    name: str
    health: Health
    detail: str
    remedy: str


class JobsOut(BaseModel):
    """How much work waits; `oldest` is since when the first of it is due."""

    waiting: int
    running: int
    for_a_person: int
    oldest: datetime | None


class SystemOut(BaseModel):
    """How everything is. `versions` are by name."""

    checks: list[HealthCheckOut]
    jobs: JobsOut
    versions: dict[str, str]


class PluginSummary(BaseModel):
    """A plugin or extension script; `problem` is empty when all is well."""

    name: str
    label: str
    summary: str
    state: PluginState
    version: str
    requires: list[str]
    is_script: bool
    problem: str


class RouteOut(BaseModel):
    """An address with the permission that it asks for."""

    methods: str
    path: str
    permission: str


class FaultOut(BaseModel):
    """The last time a plugin, a script or `core` failed in one place.

    `process` is `web`, `worker`, or empty where it is not written yet.
    """

    model_config = ConfigDict(from_attributes=True)

    plugin: str
    place: str
    process: str
    error: str
    traceback: str
    at: datetime
    times: int


class PluginOut(PluginSummary):
    """A plugin with all that it contributes. `tables` are rows by table, null above 100,000; `faults` the newest first."""

    traceback: str
    faults: list[FaultOut]
    required_by: list[str]
    pages: list[RouteOut]
    rest: list[RouteOut]
    tables: dict[str, int | None]
    hooks: list[str]


class DeliveryOut(BaseModel):
    """An event that a plugin has not taken yet."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    subscriber: str
    event: str
    state: str
    tries: int
    error: str
    occurred_at: datetime
    next_try_at: datetime | None


class EventsRetriedOut(BaseModel):
    """How many deliveries will be tried again."""

    retried: int


@rest.get("", permission="core.plugin.view")
def system(ctx: Context) -> SystemOut:
    """Every check of core and plugins as it is now, the jobs that wait, and versions."""
    checks = [
        HealthCheckOut(
            plugin=plugin,
            name=str(report.name),
            health=report.health,
            detail=str(report.detail),
            remedy=str(report.remedy),
        )
        for plugin, report in reports(ctx)
    ]
    jobs = JobsOut.model_validate(queries.queue(ctx), from_attributes=True)
    return SystemOut(checks=checks, jobs=jobs, versions=dict(queries.versions(ctx)))


@rest.get("/load/waiting", permission="core.plugin.view")
def load_waiting(ctx: Context) -> ChartOut:
    """The most jobs, mails and event deliveries that waited in each quarter of an hour of the last day.

    Null where no worker ran.
    """
    return ChartOut.of(load_charts.waiting(*load_charts.samples(ctx)))


@rest.get("/load/done", permission="core.plugin.view")
def load_done(ctx: Context) -> ChartOut:
    """Jobs that went well and that failed in each quarter of an hour of the last day."""
    return ChartOut.of(load_charts.done(*load_charts.samples(ctx)))


@rest.get("/plugins", permission="core.plugin.view")
def plugins(ctx: Context) -> Listing[PluginSummary]:
    """Plugins and extension scripts that are installed, the broken ones first."""
    return _plugins(ctx)


@rest.get("/plugins/{name}", permission="core.plugin.view")
def plugin(ctx: Context, name: str) -> PluginOut:
    """One plugin: what it contributes, and the traceback where it failed."""
    found = queries.detail(ctx, name)
    return PluginOut(
        **_facts(found.line),
        traceback=found.line.status.traceback,
        faults=[FaultOut.model_validate(fault) for fault in found.line.faults],
        required_by=list(found.dependants),
        pages=_routes(found.pages),
        rest=_routes(found.rest),
        tables=dict(found.tables),
        hooks=list(found.hooks),
    )


@rest.get("/faults", permission="core.plugin.view")
def kept_faults(ctx: Context) -> Listing[FaultOut]:
    """What failed in plugins, scripts and core, in any process: the newest first, twenty places of each at most."""
    return list_of([FaultOut.model_validate(fault) for fault in faults.faults(ctx)])


@rest.post("/plugins/{name}/clear", permission="core.plugin.configure", status=204)
def clear_faults(ctx: Context, name: str) -> None:
    """Put away what failed in a plugin, a script or `core`. Whatever still fails appears again."""
    faults.clear(ctx, name)


@rest.get("/deliveries", permission="core.plugin.view")
def deliveries(ctx: Context) -> Listing[DeliveryOut]:
    """Deliveries of events to plugins that failed at least once: the parked ones first, fifty at most."""
    return list_of([DeliveryOut.model_validate(dict(row)) for row in queries.troubled_deliveries(ctx)])


@rest.post("/plugins/reload", permission="core.plugin.configure", status=202)
def reload(ctx: Context) -> Listing[PluginSummary]:
    """Start web and worker again with the extension scripts as they are now; the answer is how plugins are before that."""
    reloading.reload_scripts(ctx)
    return _plugins(ctx)


@rest.post("/deliveries/{delivery_id}/retry", permission="core.plugin.configure", status=202)
def retry_delivery(ctx: Context, delivery_id: int) -> EventsRetriedOut:
    """Try one parked delivery again."""
    operations.retry_delivery(ctx, delivery_id)
    return EventsRetriedOut(retried=1)


@rest.post("/deliveries/retry", permission="core.plugin.configure", status=202)
def retry_deliveries(ctx: Context) -> EventsRetriedOut:
    """Try every parked delivery again."""
    return EventsRetriedOut(retried=operations.retry_parked(ctx))


def _plugins(ctx: Context) -> Listing[PluginSummary]:
    return list_of([PluginSummary(**_facts(line)) for line in queries.lines(ctx)])


def _facts(line: PluginLine) -> dict[str, Any]:
    status = line.status
    return {
        "name": status.name,
        "label": str(status.label),
        "summary": str(status.summary),
        "state": status.state,
        "version": status.version,
        "requires": list(status.requires),
        "is_script": status.is_extension,
        "problem": line.problem,
    }


def _routes(found: Sequence[tuple[str, str, str]]) -> list[RouteOut]:
    return [RouteOut(methods=methods, path=path, permission=asked) for methods, path, asked in found]
