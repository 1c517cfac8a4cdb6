"""Migrations: one head, the same schema as the models, and a way back to nothing."""

from typing import TYPE_CHECKING

from sqlalchemy import inspect

from trunkline.db import migrate
from trunkline.loader import PluginStatus
from trunkline.plugin_life.problem import Problem
from trunkline.setup import prepare

if TYPE_CHECKING:
    from trunkline.app import App

AREA = "migrations"


def problems(app: "App", status: PluginStatus) -> list[Problem]:
    """Migrate the empty database up, compare, take the plugin's part down and look what is left; then up again."""
    prepare(app)
    plugin = status.plugin
    if plugin is None or not plugin.models:
        return []
    lineage = migrate.lineage_of(plugin, app.loaded.statuses)
    if lineage.head() is None:
        return [
            Problem(
                AREA, "It has tables and no migration.", f"trunkline dev migration {status.name} -m initial"
            )
        ]
    found = [
        Problem(AREA, f"Models and migrations differ: {text}.", f"trunkline dev migration {status.name} -m …")
        for text in migrate.differences(app)
        if text.startswith(f"{status.name}: ")
    ]
    try:
        migrate.purge(app, lineage)
    except Exception as error:  # a migration may raise anything; it becomes a finding
        return [
            *found,
            Problem(AREA, f"The way down fails: {type(error).__name__}: {error}.", "Correct downgrade()."),
        ]
    with app.database.engine.connect() as connection:
        left = [table for table in inspect(connection).get_table_names() if lineage.owns_table(table)]
    found += [
        Problem(AREA, f"The way down leaves the table {table}.", "Drop it in downgrade().") for table in left
    ]
    if not left:
        prepare(app)
    return found
