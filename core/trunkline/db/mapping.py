"""Importing a plugin's tables so that broken ones are thrown out again instead of breaking everybody's queries."""

import importlib
import sys

from sqlalchemy.orm import configure_mappers
from sqlmodel import SQLModel
from sqlmodel.main import default_registry


def import_models(module: str) -> None:
    """Import the module with a plugin's tables and check that every mapping can be used.

    A mapping that cannot be configured would make each later query of the whole process fail, so when anything is wrong every
    table of the plugin's package is forgotten before the exception goes on.
    """
    package = module.partition(".")[0]
    try:
        importlib.import_module(module)
        configure_mappers()
    except BaseException:  # whatever it was, it goes on up
        forget_models(package)
        raise


def forget_models(package: str) -> None:
    """Drop every mapped class and table of a package, and its modules, so that it can be imported anew."""
    for mapper in list(default_registry.mappers):
        if _within(mapper.class_.__module__, package):
            SQLModel.metadata.remove(mapper.local_table)  # type: ignore[arg-type]  # a Table, typed as FromClause
            # There is no public way to drop one class of a registry; `dispose()` drops all.
            manager = mapper.class_manager
            default_registry._dispose_manager_and_mapper(manager)
            default_registry._managers.pop(manager, None)
    for name in [name for name in sys.modules if _within(name, package)]:
        del sys.modules[name]


def _within(module: str, package: str) -> bool:
    return module == package or module.startswith(f"{package}.")
