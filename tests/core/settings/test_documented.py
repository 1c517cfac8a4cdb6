"""What docs/operations.md says of settings is so: names and defaults, plugin by plugin."""

import re
from enum import Enum
from pathlib import Path

import pytest

from trunkline.app import App
from trunkline.config import Config
from trunkline.jobs.wake import Silent
from trunkline.settings.core import CoreSettings

_ROW = re.compile(r"^\| (\w+) \| ((?:`\w+`(?:, )?)+) \| ([^|]+) \|", re.MULTILINE)
_TABLE = Path(__file__).parents[3] / "docs/operations.md"


def documented() -> list[tuple[str, str, str]]:
    """Plugin, setting and default of each setting in the table; a default in words says nothing here."""
    found = []
    for plugin, names, defaults in _ROW.findall(_TABLE.read_text()):
        each = re.findall(r"`(\w+)`", names)
        said = [part.strip().strip("`") for part in defaults.split(",")]
        found += [(plugin, name, said[at] if len(said) == len(each) else "") for at, name in enumerate(each)]
    return found


@pytest.mark.plugins("inventory", "catalog", "provisioning", "billing")
def test_every_setting_of_the_table_is_there_with_the_default_it_names(app: App) -> None:
    models = {plugin.name: plugin.settings for plugin in app.plugins}
    rows = documented()
    assert {plugin for plugin, _name, _default in rows} == {"core", "billing", "provisioning"}
    for plugin, name, default in rows:
        model = models[plugin]
        assert model is not None
        assert name in model.model_fields, f"{plugin} has no setting {name}"
        real = model.model_fields[name].default
        shown = {True: "on", False: "off"}.get(real, real.value if isinstance(real, Enum) else real)
        if re.fullmatch(r"\d+|on|off|spool|embedded|auto", default):
            assert str(shown) == default, f"{plugin}.{name} is {shown} by default"


def test_the_configuration_pins_settings_of_the_trunk(tmp_path: Path) -> None:
    file = tmp_path / "trunkline.toml"
    file.write_text(f'data = "{tmp_path}/data"\n[plugin.core]\nstaff_idle_minutes = 7\n')
    app = App.start(Config.load(file), waker=Silent())
    from trunkline.setup import prepare

    prepare(app)
    with app.reading() as ctx:
        assert ctx.settings(CoreSettings).staff_idle_minutes == 7
    app.close()
