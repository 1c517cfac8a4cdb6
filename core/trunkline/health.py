"""How the system is: for load balancers, monitoring, the status page and `trunkline doctor`."""

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from sqlalchemy import func, text
from sqlmodel import col, select
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from trunkline.db import migrate
from trunkline.events.models import DeliveryState, EventDelivery
from trunkline.i18n import gettext as _
from trunkline.i18n import ngettext
from trunkline.jobs.models import Job, JobState
from trunkline.loader import PluginState
from trunkline.operation import Context
from trunkline.plugin import Health, HealthReport
from trunkline.plugin_life.faults import failing

if TYPE_CHECKING:
    from trunkline.app import App

Endpoint = Callable[[Request], Awaitable[Response]]


def reports(ctx: Context) -> list[tuple[str, HealthReport]]:
    """Every check of core and plugins, beside the plugin's name."""
    app, found = ctx.app, list[tuple[str, HealthReport]]()
    found += [("core", report) for report in _core_reports(ctx)]
    found += app.hooks.gather("health_checks", HealthReport, session=ctx.session, ctx=ctx)
    return found


def _core_reports(ctx: Context) -> list[HealthReport]:
    return [
        _database(ctx),
        _schema(ctx.app),
        _jobs(ctx),
        _deliveries(ctx),
        _plugins(ctx.app),
        _faults(ctx),
    ]


def _database(ctx: Context) -> HealthReport:
    ctx.session.execute(text("SELECT 1"))
    return HealthReport(str(_("Database")), Health.OK, ctx.app.database.url.get_backend_name())


def _schema(app: "App") -> HealthReport:
    name, behind = str(_("Schema")), migrate.pending(app)
    if behind:
        found = _("Older than the code: {names}.", names=", ".join(behind))
        return HealthReport(name, Health.FAILED, str(found), str(_("Run trunkline migrate.")))
    return HealthReport(name, Health.OK, str(_("Up to date.")))


def _jobs(ctx: Context) -> HealthReport:
    stuck = ctx.session.scalar(select(func.count()).where(col(Job.state) == JobState.ROLLBACK_FAILED)) or 0
    waiting = ctx.session.scalar(select(func.count()).where(col(Job.state) == JobState.QUEUED)) or 0
    if stuck:
        found = ngettext("One roll-back needs a person.", "{n} roll-backs need a person.", stuck)
        return HealthReport(
            str(_("Jobs")), Health.WARNING, found, str(_("Look at the jobs that need a person."))
        )
    found = ngettext("One waits.", "{n} wait.", waiting)
    return HealthReport(str(_("Jobs")), Health.OK, found)


def _deliveries(ctx: Context) -> HealthReport:
    parked = (
        ctx.session.scalar(select(func.count()).where(col(EventDelivery.state) == DeliveryState.PARKED)) or 0
    )
    name = str(_("Event deliveries"))
    if parked:
        found = ngettext("One is parked.", "{n} are parked.", parked)
        remedy = _("Mend what they failed of, then have them tried again on the system page.")
        return HealthReport(name, Health.WARNING, found, str(remedy))
    return HealthReport(name, Health.OK, str(_("None is parked.")))


def _plugins(app: "App") -> HealthReport:
    bad = (PluginState.FAILED, PluginState.MISSING, PluginState.INCOMPATIBLE)
    broken = [s.name for s in app.loaded.statuses.values() if s.state in bad]
    name = str(_("Plugins"))
    if broken:
        found = _("Not running: {names}.", names=", ".join(broken))
        return HealthReport(name, Health.WARNING, str(found), str(_("The plugins page says why.")))
    enabled = len(app.loaded.enabled)
    return HealthReport(name, Health.OK, ngettext("One is enabled.", "{n} are enabled.", enabled))


def _faults(ctx: Context) -> HealthReport:
    names = sorted(failing(ctx))
    name = str(_("Plugin faults"))
    if names:
        remedy = _("The plugins page has the tracebacks. Put them away there when they are mended.")
        return HealthReport(name, Health.WARNING, ", ".join(names), str(remedy))
    return HealthReport(name, Health.OK, str(_("None is kept.")))


def liveness(app: "App") -> Endpoint:
    """200 as long as the process answers."""

    async def answer(request: Request) -> Response:
        return PlainTextResponse("ok")

    return answer


def readiness(app: "App") -> Endpoint:
    """200 when the database answers and its schema is not older than the code, else 503 with the reason."""

    def look() -> Response:
        try:
            with app.reading() as ctx:
                failed = [
                    report for report in (_database(ctx), _schema(app)) if report.health is Health.FAILED
                ]
        except Exception as error:  # whatever is wrong, the answer is “not ready”
            return JSONResponse({"ready": False, "reason": type(error).__name__}, 503)
        if failed:
            return JSONResponse({"ready": False, "reason": f"{failed[0].name}: {failed[0].detail}"}, 503)
        return JSONResponse({"ready": True})

    async def answer(request: Request) -> Response:
        return await run_in_threadpool(look)

    return answer


def metrics(app: "App") -> Endpoint:
    """Counts for Prometheus, to callers on this machine only; figures of the database, not of the process."""

    def collect() -> bytes:
        from prometheus_client import CollectorRegistry, Gauge, generate_latest

        registry = CollectorRegistry()
        jobs = Gauge("trunkline_jobs", "Jobs by state", ["state"], registry=registry)
        deliveries = Gauge(
            "trunkline_event_deliveries", "Event deliveries by state", ["state"], registry=registry
        )
        with app.reading() as ctx:
            for state, number in ctx.session.execute(
                select(Job.state, func.count()).group_by(col(Job.state))
            ):
                jobs.labels(state).set(number)
            statement = select(EventDelivery.state, func.count()).group_by(col(EventDelivery.state))
            for state, number in ctx.session.execute(statement):
                deliveries.labels(state).set(number)
        return generate_latest(registry)

    async def answer(request: Request) -> Response:
        if request.client is not None and request.client.host not in ("127.0.0.1", "::1", "testclient"):
            return PlainTextResponse("Metrics are served to this machine only.", 403)
        return Response(await run_in_threadpool(collect), media_type="text/plain; version=0.0.4")

    return answer
