"""What the system pages show: how everything is, and each plugin with what it contributes and what went wrong in it."""

import platform
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import importlib_metadata
from sqlalchemy import RowMapping, Select, func, or_, select, text
from sqlmodel import col

from trunkline.db import migrate
from trunkline.errors import NotFound
from trunkline.events.models import DeliveryState, EventDelivery, OutboxEvent
from trunkline.i18n import gettext as _
from trunkline.jobs.models import Job, JobState
from trunkline.jobs.sweeper import ScheduledRun
from trunkline.loader import BROKEN, CORE_DISTRIBUTION, EXTENSION_PREFIX, PluginState, PluginStatus
from trunkline.operation import Context
from trunkline.plugin_life import belongings
from trunkline.plugin_life.faults import KeptFault, failing_as_known, faults
from trunkline.rest.app import rest_routes
from trunkline.web.app import page_routes

#: Counting of a table's rows stops here.
MOST_COUNTED = 100_000
_LIBRARIES = ("sqlalchemy", "alembic", "pluggy", "huey", "starlette", "fastapi", "jinja2")


@dataclass(frozen=True)
class Queue:
    """How much work waits and since when the oldest of it is due."""

    waiting: int
    running: int
    for_a_person: int
    oldest: datetime | None


@dataclass(frozen=True)
class PluginLine:
    """One plugin in the list; `problem` is empty when all is well."""

    status: PluginStatus
    faults: Sequence[KeptFault]
    problem: str
    errors: Sequence[RowMapping] = ()


@dataclass(frozen=True)
class PluginDetail:
    """Everything that one plugin contributes. Row counts of None are above `MOST_COUNTED`."""

    line: PluginLine
    pages: Sequence[tuple[str, str, str]] = ()
    rest: Sequence[tuple[str, str, str]] = ()
    tables: Sequence[tuple[str, int | None]] = ()
    hooks: Sequence[str] = ()
    steps: Sequence[tuple[str, str]] = ()
    slots: Sequence[tuple[str, str]] = ()
    schedule: Sequence[RowMapping] = ()
    dependants: Sequence[str] = field(default_factory=tuple)


def versions(ctx: Context) -> list[tuple[str, str]]:
    """Names and versions of what runs here."""
    database = ctx.app.database
    statement = "SELECT sqlite_version()" if database.is_sqlite else "SHOW server_version"
    server = ctx.session.execute(text(statement)).scalar_one()
    return [
        ("Trunkline", importlib_metadata.version(CORE_DISTRIBUTION)),
        ("Python", platform.python_version()),
        ("SQLite" if database.is_sqlite else "PostgreSQL", str(server)),
        *((name, importlib_metadata.version(name)) for name in _LIBRARIES),
    ]


def queue(ctx: Context) -> Queue:
    """Jobs that wait, run, or need a person."""
    counts = dict(ctx.session.execute(select(col(Job.state), func.count()).group_by(col(Job.state))).all())
    due = select(func.min(col(Job.run_at))).where(
        col(Job.state) == JobState.QUEUED, col(Job.run_at) <= ctx.now()
    )
    return Queue(
        waiting=counts.get(JobState.QUEUED, 0),
        running=counts.get(JobState.RUNNING, 0) + counts.get(JobState.ROLLING_BACK, 0),
        for_a_person=counts.get(JobState.FAILED, 0) + counts.get(JobState.ROLLBACK_FAILED, 0),
        oldest=ctx.session.execute(due).scalar_one(),
    )


def troubled_deliveries(ctx: Context, subscriber: str = "", limit: int = 50) -> Sequence[RowMapping]:
    """Deliveries to plugins that are parked or have failed at least once, the parked ones first."""
    statement: Select[*tuple[Any, ...]] = (
        select(
            col(EventDelivery.id).label("id"),
            col(EventDelivery.subscriber).label("subscriber"),
            col(EventDelivery.state).label("state"),
            col(EventDelivery.tries).label("tries"),
            col(EventDelivery.error).label("error"),
            col(EventDelivery.next_try_at).label("next_try_at"),
            col(EventDelivery.entity_id).label("entity_id"),
            col(OutboxEvent.name).label("event"),
            col(OutboxEvent.occurred_at).label("occurred_at"),
        )
        .join(OutboxEvent, col(OutboxEvent.id) == col(EventDelivery.event_id))
        .where(
            col(EventDelivery.webhook_id).is_(None),
            or_(
                col(EventDelivery.state) == DeliveryState.PARKED,
                (col(EventDelivery.state) == DeliveryState.PENDING) & (col(EventDelivery.tries) > 0),
            ),
        )
        .order_by(col(EventDelivery.state), col(EventDelivery.id).desc())
        .limit(limit)
    )
    if subscriber:
        statement = statement.where(col(EventDelivery.subscriber) == subscriber)
    return ctx.session.execute(statement).mappings().all()


def parked_deliveries(ctx: Context) -> int:
    """How many deliveries to plugins wait for a person."""
    statement = select(func.count()).where(
        col(EventDelivery.state) == DeliveryState.PARKED, col(EventDelivery.webhook_id).is_(None)
    )
    return ctx.session.scalar(statement) or 0


def scheduled(ctx: Context, plugin: str = "") -> Sequence[RowMapping]:
    """Scheduled tasks by name: when next, and the last error."""
    statement: Select[*tuple[Any, ...]] = select(
        col(ScheduledRun.name).label("name"),
        col(ScheduledRun.next_at).label("next_at"),
        col(ScheduledRun.error).label("error"),
    ).order_by(col(ScheduledRun.name))
    if plugin:
        statement = statement.where(belongings.schedule_of(plugin))
    return ctx.session.execute(statement).mappings().all()


def called(ctx: Context, name: str) -> str:
    """What people call a plugin or script by its short name; a script that is gone by its file, what else is gone by its name."""
    status = ctx.app.loaded.statuses.get(name)
    if status is not None:
        return status.label
    script = name.removeprefix(EXTENSION_PREFIX)
    return name if script == name else f"{script}.py"


def task_labels(ctx: Context) -> dict[str, str]:
    """What scheduled tasks call themselves, by the name under which they are due; only those that say so."""
    return {f"{plugin}.{task.name}": task.label for plugin, task in ctx.app.scheduled_tasks if task.label}


def lines(ctx: Context) -> list[PluginLine]:
    """Every plugin and extension script, the broken ones first."""
    troubled: dict[str, list[RowMapping]] = {}
    for row in troubled_deliveries(ctx, limit=200):
        troubled.setdefault(row["subscriber"], []).append(row)
    failed: dict[str, list[KeptFault]] = {}
    for fault in faults(ctx):
        failed.setdefault(fault.plugin, []).append(fault)
    found = [
        _line(ctx, status, failed.get(status.name, []), troubled.get(status.name, []))
        for status in ctx.app.loaded.statuses.values()
    ]
    order = list(ctx.app.loaded.order)
    return sorted(found, key=lambda line: (line.status.state not in BROKEN, _place(order, line.status.name)))


def detail(ctx: Context, name: str) -> PluginDetail:
    """One plugin with its contributions. Raises NotFound."""
    app = ctx.app
    status = app.loaded.statuses.get(name)
    if status is None:
        raise NotFound(f"There is no plugin “{name}”.")
    line = _line(ctx, status, faults(ctx, name), troubled_deliveries(ctx, name))
    counts = belongings.count_rows(ctx, belongings.tables_of(app, name), at_most=MOST_COUNTED + 1)
    tables = [(table, rows if rows <= MOST_COUNTED else None) for table, rows in counts.items()]
    if status.state is not PluginState.ENABLED:
        return PluginDetail(line, tables=tables)
    return PluginDetail(
        line,
        pages=[
            (", ".join(route.methods), route.path, route.permission)
            for plugin, route in app.part(page_routes)
            if plugin == name
        ],
        rest=[
            (route.method, f"/api/v1{routes.prefix}{route.path}", route.permission)
            for plugin, routes in app.part(rest_routes)
            if plugin == name
            for route in routes.routes
        ],
        tables=tables,
        hooks=app.hooks.implemented_by(name),
        steps=[
            (kind.name, str(kind.label))
            for kind in app.step_kinds.values()
            if kind.name.partition(".")[0] == name
        ],
        slots=[
            (place, slot.name)
            for place, found in app.slots.items()
            for plugin, slot in found
            if plugin == name
        ],
        schedule=scheduled(ctx, name),
        dependants=[other.name for other in app.loaded.enabled if name in other.requires],
    )


def orphans(ctx: Context) -> list[tuple[str, dict[str, int]]]:
    """Plugins that are not enabled and have tables, with the rows of each (counting stops at `MOST_COUNTED`)."""
    return [
        (name, belongings.count_rows(ctx, tables, at_most=MOST_COUNTED))
        for name, tables in migrate.orphan_tables(ctx.app).items()
    ]


def broken(ctx: Context) -> int | None:
    """How many plugins do not run or have failed, as far as this process knows; None when all is well."""
    names = {status.name for status in ctx.app.loaded.statuses.values() if status.state in BROKEN}
    return len(names | failing_as_known(ctx)) or None


def faults_elsewhere(ctx: Context) -> dict[str, list[KeptFault]]:
    """What failed in core itself, and in what is no longer installed and so has no page, by its name."""
    found: dict[str, list[KeptFault]] = {}
    for fault in faults(ctx):
        if fault.plugin not in ctx.app.loaded.statuses:
            found.setdefault(fault.plugin, []).append(fault)
    return found


def _line(
    ctx: Context, status: PluginStatus, failed: Sequence[KeptFault], errors: Sequence[RowMapping]
) -> PluginLine:
    problem = status.error or (failed[0].error if failed else "") or (errors[0]["error"] if errors else "")
    uncalled = ctx.app.hooks.unspecified(status.module) if status.state is PluginState.ENABLED else []
    if uncalled and not problem:
        problem = str(
            _(
                "Nobody calls {hooks}: misspelt, or a hook of a plugin that is switched off.",
                hooks=", ".join(uncalled),
            )
        )
    return PluginLine(status, failed, problem, errors)


def _place(order: list[str], name: str) -> tuple[int, str]:
    return (order.index(name) if name in order else len(order), name)
