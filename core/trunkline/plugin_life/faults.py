"""Failures of plugins and scripts as any process wrote them, and putting them away."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, select
from sqlmodel import col

from trunkline.errors import Refused
from trunkline.i18n import gettext as _
from trunkline.loader import EXTENSION_PREFIX
from trunkline.operation import Context, operation
from trunkline.plugin_life.models import PluginFault
from trunkline.read_model import read_model


@read_model
class KeptFault:
    """The last time a plugin or script failed in one place; `process` is empty for this one before it is written."""

    plugin: str
    place: str
    process: str
    error: str
    traceback: str
    at: datetime
    times: int


def faults(ctx: Context, plugin: str = "") -> list[KeptFault]:
    """What failed in all processes, or of one plugin, the newest first."""
    waiting = ctx.app.faults.waiting()
    columns = [getattr(PluginFault, name) for name in KeptFault.__dataclass_fields__]
    statement = select(*columns)
    if plugin:
        statement = statement.where(col(PluginFault.plugin) == plugin)
    found = [KeptFault(*row) for row in ctx.session.execute(statement)]
    if not plugin:
        ctx.app.faults.named = frozenset(fault.plugin for fault in found)
    found += [
        KeptFault(one.plugin, one.place, "", one.error, one.traceback, one.at, one.times)
        for one in waiting
        if plugin in ("", one.plugin)
    ]
    return sorted(found, key=lambda fault: fault.at, reverse=True)


def failing(ctx: Context) -> set[str]:
    """Names of plugins and scripts with failures that nobody has put away; the menu's badge knows them from then on."""
    keeper = ctx.app.faults
    waiting = {fault.plugin for fault in keeper.waiting()}
    keeper.named = frozenset(ctx.session.scalars(select(col(PluginFault.plugin)).distinct()))
    return waiting | keeper.named


def failing_as_known(ctx: Context) -> set[str]:
    """As `failing` without asking the database: what was found when somebody last asked, and what this process met since."""
    return {fault.plugin for fault in ctx.app.faults.waiting()} | ctx.app.faults.named


@operation("core.plugin.configure")
def clear(ctx: Context, plugin: str) -> None:
    """Put away what failed in a plugin or script, in all processes. Raises Refused when nothing has."""
    waiting = ctx.app.faults.forget(plugin)
    if not _delete(ctx, [plugin]) and not waiting:
        raise Refused(_("No failure is kept of “{name}”.", name=plugin), remedy=_("Reload the page."))
    ctx.note(None, label=plugin, action="cleared")


def clear_scripts(ctx: Context) -> None:
    """Put away what failed in extension scripts, which are read anew; whatever still fails says so again."""
    names = [name for name in failing(ctx) if name.startswith(EXTENSION_PREFIX)]
    for name in names:
        ctx.app.faults.forget(name)
    _delete(ctx, names)


def _delete(ctx: Context, plugins: Sequence[str]) -> bool:
    found = ctx.session.scalars(select(col(PluginFault.id)).where(col(PluginFault.plugin).in_(plugins))).all()
    ctx.session.execute(delete(PluginFault).where(col(PluginFault.id).in_(found)))
    return bool(found)
