"""Extension scripts that were laid down, changed or removed take effect: `trunkline serve` starts its processes again.

A script joins what is assembled once at a start (menus, slots, steps, routes), so a process reads all of them or none.
"""

from pathlib import Path

from trunkline import renewal
from trunkline.config import Config
from trunkline.errors import ConfigError, Refused
from trunkline.i18n import gettext as _
from trunkline.loader import PluginState, extension_scripts
from trunkline.operation import Context, operation
from trunkline.plugin_life.faults import clear_scripts


@operation("core.plugin.configure")
def reload_scripts(ctx: Context) -> None:
    """Have web and worker start again with the scripts as they are now.

    Raises Refused when nobody watches, and when they would not start: with a broken configuration, or a broken script where
    `strict_plugins` is set.
    """
    config = ctx.app.config
    if not renewal.watched(config.data):
        raise Refused(
            _("These processes were not started by “trunkline serve”, which alone can start them again."),
            remedy=_("Restart them as you started them."),
        )
    try:
        Config.load()
    except ConfigError as error:
        raise Refused(
            _("The configuration was changed since the start and has a mistake."), remedy=str(error)
        ) from error
    if config.strict_plugins:
        _refuse_broken(config.extension_folder)
    clear_scripts(ctx)
    ctx.note(None, label=str(config.extension_folder), action="reloaded")
    renewal.ask(config.data)


def _refuse_broken(folder: Path) -> None:
    for status in extension_scripts(folder):
        if status.state is PluginState.FAILED:
            raise Refused(
                _("{script} fails: {error}", script=status.label, error=status.error),
                remedy=_("Correct it first, or start without strict_plugins."),
            )
