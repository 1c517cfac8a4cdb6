"""What a plugin has in the database: its tables, and rows of core that are about it."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import ColumnElement, func, inspect, literal, or_, select, table
from sqlmodel import col

from trunkline.access.models import RoleGrant
from trunkline.db import migrate
from trunkline.events.models import DeliveryState, EventDelivery, OutboxEvent
from trunkline.jobs.models import Job, JobState, JobStep
from trunkline.jobs.sweeper import ScheduledRun
from trunkline.loader import installed
from trunkline.operation import Context
from trunkline.plugin import Plugin, SearchKind
from trunkline.search.models import SearchDirty, SearchDocument
from trunkline.settings.store import Setting

if TYPE_CHECKING:
    from trunkline.app import App


@dataclass(frozen=True)
class Belongings:
    """Row counts per table, and per kind of core's rows; `waiting` are numbers of queued jobs with a step of the plugin."""

    name: str
    tables: dict[str, int]
    rows: dict[str, int]
    waiting: Sequence[str]
    #: Numbers of jobs that are at work, or hold what such a step did.
    under_way: Sequence[str]

    @property
    def is_empty(self) -> bool:
        return not self.tables and not any(self.rows.values()) and not self.waiting


def known_names(app: "App") -> set[str]:
    """Every plugin that is installed, configured, or has left tables."""
    return {*app.loaded.statuses, *migrate.orphan_tables(app)}


def tables_of(app: "App", name: str) -> list[str]:
    """Names of the plugin's tables in the database, enabled or not."""
    names = {*known_names(app), name}
    with app.database.engine.connect() as connection:
        found = inspect(connection).get_table_names()
    return sorted(one for one in found if migrate.owner_of(one, names) == name)


def count_rows(ctx: Context, tables: Collection[str], *, at_most: int | None = None) -> dict[str, int]:
    """Rows per table; counting stops at `at_most`."""
    found = {}
    for name in tables:
        rows = select(literal(1)).select_from(table(name)).limit(at_most).subquery()
        found[name] = ctx.session.execute(select(func.count()).select_from(rows)).scalar_one()
    return found


def belongings(ctx: Context, name: str) -> Belongings:
    """Everything that a purge of the plugin would remove."""
    counted = {
        "settings": select(func.count()).select_from(Setting).where(col(Setting.owner) == name),
        "permissions in roles": select(func.count()).select_from(RoleGrant).where(grants_of(name)),
        "search documents": select(func.count()).select_from(SearchDocument).where(documents_of(name)),
        "event deliveries": select(func.count()).select_from(EventDelivery).where(deliveries_of(name)),
    }
    return Belongings(
        name,
        count_rows(ctx, tables_of(ctx.app, name)),
        {what: ctx.session.execute(statement).scalar_one() for what, statement in counted.items()},
        _jobs(ctx, name, waiting=True),
        _jobs(ctx, name, waiting=False),
    )


def grants_of(name: str) -> ColumnElement[bool]:
    """The plugin's permissions in roles."""
    return col(RoleGrant.permission).startswith(f"{name}.", autoescape=True)


def documents_of(name: str) -> ColumnElement[bool]:
    """What the search finds of the plugin: of its kinds, or shown by its permissions."""
    return or_(
        col(SearchDocument.kind).in_(search_kinds_of(name)),
        col(SearchDocument.permission).startswith(f"{name}.", autoescape=True),
    )


def marks_of(name: str) -> ColumnElement[bool]:
    """What waits to be indexed for the plugin."""
    return col(SearchDirty.kind).in_(search_kinds_of(name))


def deliveries_of(name: str) -> ColumnElement[bool]:
    """What the plugin was or is to be told, and what nobody can be told any more because only it knows the event."""
    plugin = plugin_of(name)
    events = [event.name for event in plugin.events] if plugin is not None else []
    unreadable = select(col(OutboxEvent.id)).where(col(OutboxEvent.name).in_(events))
    return or_(
        col(EventDelivery.subscriber) == name,
        (col(EventDelivery.state) != DeliveryState.DELIVERED) & col(EventDelivery.event_id).in_(unreadable),
    )


def schedule_of(name: str) -> ColumnElement[bool]:
    """When the plugin's scheduled tasks are due."""
    return col(ScheduledRun.name).startswith(f"{name}.", autoescape=True)


def plugin_of(name: str) -> Plugin | None:
    """The declaration of an installed plugin, enabled or not; None when its wheel is gone or cannot be imported."""
    try:
        plugin = installed()[name].load()
    except (Exception, SystemExit):
        return None
    return plugin if isinstance(plugin, Plugin) else None


def search_kinds_of(name: str) -> list[str]:
    """Kinds of documents of an installed plugin, enabled or not."""
    import sys

    if plugin_of(name) is None:
        return []
    function = getattr(sys.modules[installed()[name].module], "search_kinds", None)
    try:
        return (
            [kind.kind for kind in function() if isinstance(kind, SearchKind)] if callable(function) else []
        )
    except Exception:  # a plugin's code may raise anything
        return []


def _jobs(ctx: Context, name: str, *, waiting: bool) -> list[str]:
    """Numbers of unfinished jobs with a step of the plugin: those that did nothing yet, or those that did."""
    of_plugin = select(col(JobStep.job_id)).where(col(JobStep.contributed_by) == name)
    begun = select(col(JobStep.job_id)).where(col(JobStep.state) != "pending")
    statement = select(col(Job.number)).where(col(Job.id).in_(of_plugin)).order_by(col(Job.id))
    if waiting:
        statement = statement.where(col(Job.state) == JobState.QUEUED, col(Job.id).not_in(begun))
    else:
        at_work = col(Job.state).in_([JobState.RUNNING, JobState.ROLLING_BACK])
        handed_back = (col(Job.state) == JobState.QUEUED) & col(Job.id).in_(begun)
        statement = statement.where(or_(at_work, handed_back))
    return list(ctx.session.execute(statement).scalars())
