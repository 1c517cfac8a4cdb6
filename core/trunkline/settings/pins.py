"""Settings that the configuration pins and the settings page would refuse: nobody else looks at them before they are used."""

from collections.abc import Iterator, Sequence

from trunkline.errors import Refused
from trunkline.i18n import gettext as _
from trunkline.operation import Context
from trunkline.plugin import Health, HealthReport, Plugin
from trunkline.settings.choices import ChecksItself, refuse_unoffered
from trunkline.settings.queries import SettingsView, SettingView, sections, settings_of


def health_checks(ctx: Context) -> Sequence[HealthReport]:
    """A warning for each pinned setting that cannot be used here. The system starts with it: most of it works without."""
    pinned = [plugin for plugin in sections(ctx) if ctx.app.config.plugin.get(plugin.name)]
    return [report for plugin in pinned for report in _reports(ctx, plugin)]


def _reports(ctx: Context, plugin: Plugin) -> Iterator[HealthReport]:
    section = settings_of(ctx, plugin.name)
    for setting in section.locked:
        try:
            _check(ctx, section, setting)
        except Refused as error:
            remedies = (error.remedy, _("Change it in {place}.", place=setting.place))
            yield HealthReport(
                str(_("Settings")),
                Health.WARNING,
                f"{plugin.label}, {setting.label}: {error.message}",
                " ".join(str(remedy) for remedy in remedies if remedy),
            )


def _check(ctx: Context, section: SettingsView, setting: SettingView) -> None:
    refuse_unoffered(ctx, section.owner, {setting.name: setting.value})
    # Checking may put a value as it is kept; what is in force stays what the configuration says.
    values = section.current.model_copy()
    if isinstance(values, ChecksItself):
        values.check_here(ctx, {setting.name})
