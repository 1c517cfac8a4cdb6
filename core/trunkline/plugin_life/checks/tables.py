"""Tables under the plugin's own name, and what their foreign keys may point to."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from sqlalchemy import ForeignKey, Table
from sqlmodel.main import default_registry

from trunkline.db.migrate import owner_of
from trunkline.loader import PluginStatus
from trunkline.plugin_life.checks.sources import package_of
from trunkline.plugin_life.problem import Problem

if TYPE_CHECKING:
    from trunkline.app import App

AREA = "tables"


def tables_of(package: str) -> Iterator[tuple[str, Table]]:
    """Every mapped table of a package beside its class's name."""
    for mapper in default_registry.mappers:
        if mapper.class_.__module__.partition(".")[0] == package and isinstance(mapper.local_table, Table):
            yield mapper.class_.__name__, mapper.local_table


def problems(app: "App", status: PluginStatus) -> list[Problem]:
    """Prefix of the tables, one class of each name, `ondelete` on the way out."""
    found = []
    names = {*app.loaded.statuses, "core"}
    taken = {
        mapper.class_.__name__: mapper.class_.__module__
        for mapper in default_registry.mappers
        if mapper.class_.__module__.partition(".")[0] != package_of(status)
    }
    for class_name, table in sorted(tables_of(package_of(status)), key=lambda pair: pair[1].name):
        if owner_of(table.name, names) != status.name:
            found.append(
                Problem(AREA, f"The table {table.name} must be called {status.name}_….", f"See {class_name}.")
            )
        if class_name in taken:
            text = f"There is a table class {class_name} in {taken[class_name]} too."
            found.append(Problem(AREA, text, "Begin its name with the plugin's word."))
        found += [
            p for key in table.foreign_keys if (p := _foreign_key(key, table, status, names)) is not None
        ]
    return found


def _foreign_key(key: ForeignKey, table: Table, status: PluginStatus, names: set[str]) -> Problem | None:
    target = key.target_fullname.partition(".")[0]
    owner = owner_of(target, names)
    place = f"{table.name}.{key.parent.name}"
    if owner == status.name:
        return None
    if owner != "core" and owner not in status.requires:
        return Problem(
            AREA, f"{place} points to {target} of {owner or 'nobody'}.", "Add its plugin to requires."
        )
    if owner == "core" and key.ondelete is None:
        return Problem(
            AREA, f"{place} does not say what becomes of it with its row of {target}.", "State ondelete."
        )
    if owner != "core" and (key.ondelete or "").upper() != "RESTRICT":
        return Problem(AREA, f"{place} points to another plugin's {target}.", 'State ondelete="RESTRICT".')
    return None
