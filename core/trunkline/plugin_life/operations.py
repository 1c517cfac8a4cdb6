"""Purging a plugin, and having parked deliveries tried again."""

from typing import TYPE_CHECKING

from sqlalchemy import delete, inspect, select
from sqlmodel import col

from trunkline.access.models import RoleGrant
from trunkline.db import migrate
from trunkline.errors import NotFound, Refused
from trunkline.events.models import DeliveryState, EventDelivery
from trunkline.i18n import gettext as _
from trunkline.jobs import operations as jobs
from trunkline.jobs import wake
from trunkline.jobs.sweeper import ScheduledRun
from trunkline.operation import SYSTEM, Actor, Context, operation
from trunkline.plugin_life import belongings
from trunkline.plugin_life.belongings import Belongings
from trunkline.plugin_life.events import PluginPurged
from trunkline.plugin_life.models import PluginFault
from trunkline.search.indexing import drop as drop_documents
from trunkline.search.models import SearchDirty
from trunkline.settings.store import Setting

if TYPE_CHECKING:
    from trunkline.app import App


def purge(app: "App", name: str, actor: Actor = SYSTEM) -> Belongings:
    """Remove everything of a plugin that is switched off: its rows in core, then its tables. Returns what was there.

    When it is interrupted between the two its tables are still listed as orphans, and purging again does the rest.
    Raises Refused while it is enabled, required by a plugin that has tables, or at work in a job.
    """
    with app.unit_of_work(actor) as ctx:
        removed = forget(ctx, name)
    plugin = belongings.plugin_of(name)
    if plugin is not None and plugin.models:
        migrate.purge(app, migrate.lineage_of(plugin, belongings.known_names(app)))
    # Without its code there is no way down to follow; the tables themselves can still go.
    if left := belongings.tables_of(app, name):
        migrate.drop_tables(app, name, left)
    return removed


@operation("core.plugin.configure")
def forget(ctx: Context, name: str) -> Belongings:
    """Remove settings, permissions in roles, search documents, deliveries and waiting jobs of a plugin; see `purge`."""
    refuse_while_needed(ctx, name)
    found = belongings.belongings(ctx, name)
    if found.under_way:
        raise Refused(
            f"Jobs {', '.join(found.under_way)} are under way with steps of {name}.",
            remedy="Enable it again and wait for them, or cancel them.",
        )
    for number in found.waiting:
        jobs.cancel(ctx, number)
    ctx.session.execute(delete(Setting).where(col(Setting.owner) == name))
    ctx.session.execute(delete(RoleGrant).where(belongings.grants_of(name)))
    ctx.session.execute(delete(SearchDirty).where(belongings.marks_of(name)))
    drop_documents(ctx, belongings.documents_of(name))
    ctx.session.execute(delete(EventDelivery).where(belongings.deliveries_of(name)))
    ctx.app.faults.forget(name)
    ctx.session.execute(delete(PluginFault).where(col(PluginFault.plugin) == name))
    ctx.session.execute(delete(ScheduledRun).where(belongings.schedule_of(name)))
    ctx.note(None, label=name, action="purged", tables=found.tables, **found.rows)
    ctx.emit(PluginPurged(entity_id=0, plugin=name))
    return found


def refuse_while_needed(ctx: Context, name: str) -> None:
    """Raise Refused while a plugin must not be purged, NotFound when nothing is known of it."""
    app = ctx.app
    if name == "core":
        raise Refused("Core cannot be purged.")
    if name in app.config.plugins:
        raise Refused(
            f"The plugin {name} is enabled.",
            field="name",
            remedy=f"First: trunkline plugin disable {name}, then restart.",
        )
    if name not in belongings.known_names(app):
        raise NotFound(f"Nothing is known of a plugin “{name}”.", remedy="See `trunkline plugin list`.")
    if names := _referring(app, name):
        raise Refused(
            f"Tables of {', '.join(names)} need those of {name}.",
            remedy=f"Disable and purge first: {', '.join(names)}.",
        )


def _referring(app: "App", name: str) -> list[str]:
    """Plugins with tables that require this one or whose tables point to its tables."""
    names = belongings.known_names(app)
    found = set()
    with app.database.engine.connect() as connection:
        inspector = inspect(connection)
        for table in inspector.get_table_names():
            owner = migrate.owner_of(table, names)
            if owner in ("", name) or owner in found:
                continue
            targets = {key["referred_table"] for key in inspector.get_foreign_keys(table)}
            plugin = belongings.plugin_of(owner)
            if (plugin is not None and name in plugin.requires) or any(
                migrate.owner_of(target, names) == name for target in targets
            ):
                found.add(owner)
    return sorted(found)


@operation("core.plugin.configure")
def retry_delivery(ctx: Context, delivery_id: int) -> EventDelivery:
    """Try a parked delivery again from the first try. Raises Refused when it is not parked."""
    delivery = ctx.session.get(EventDelivery, delivery_id, with_for_update=True)
    if delivery is None:
        raise NotFound(_("There is no such delivery."))
    if delivery.state != DeliveryState.PARKED:
        raise Refused(_("This delivery is not parked."), remedy=_("Reload the page."))
    delivery.state, delivery.tries, delivery.next_try_at = DeliveryState.PENDING, 0, ctx.app.clock()
    ctx.note(
        delivery, label=f"{delivery.subscriber}: {delivery.entity} {delivery.entity_id}", action="retried"
    )
    wake.events_are_due(ctx)
    return delivery


@operation("core.plugin.configure")
def retry_parked(ctx: Context) -> int:
    """Try every parked delivery again; returns how many there are."""
    parked = select(col(EventDelivery.id)).where(col(EventDelivery.state) == DeliveryState.PARKED)
    keys = [key for key in ctx.session.execute(parked).scalars() if key is not None]
    for key in keys:
        retry_delivery(ctx, key)
    return len(keys)
