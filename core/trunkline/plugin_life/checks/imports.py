"""What a plugin may import of other plugins, and its migrations of anybody."""

import ast
from collections.abc import Iterator
from typing import TYPE_CHECKING

from trunkline.loader import PluginStatus, installed
from trunkline.plugin_life.checks.sources import modules, package_of
from trunkline.plugin_life.problem import Problem

if TYPE_CHECKING:
    from trunkline.app import App

AREA = "imports"
#: The modules (or folders) of a plugin that others may use; `events` for annotations of hooks.
PUBLIC = frozenset({"operations", "queries", "schemas", "events"})


def problems(app: "App", status: PluginStatus) -> list[Problem]:
    """Only public modules of required plugins; in migrations nothing but SQLAlchemy and Alembic."""
    own = package_of(status)
    others = {point.module.partition(".")[0]: name for name, point in installed().items()}
    found = []
    for place, tree in modules(status):
        for module in _imported(tree):
            package, _, rest = module.partition(".")
            other = others.get(package)
            if package == own or other is None:
                continue
            if other not in status.requires:
                found.append(
                    Problem(
                        AREA,
                        f"{place} imports {module}.",
                        f"Add {other} to requires, or use hooks and events.",
                    )
                )
            elif rest.partition(".")[0] not in PUBLIC:
                found.append(
                    Problem(
                        AREA, f"{place} imports {module}, which is private.", f"Public: {_listed(package)}."
                    )
                )
    for place, tree in modules(status, migrations=True):
        for module in _imported(tree):
            if module.partition(".")[0] in {own, "sqlmodel", "trunkline", *others}:
                text = f"{place} imports {module}; an old migration must outlive the code it was made for."
                found.append(Problem(AREA, text, "Use plain sa. types."))
    return found


def _listed(package: str) -> str:
    return ", ".join(f"{package}.{name}" for name in sorted(PUBLIC))


def _imported(tree: ast.Module) -> Iterator[str]:
    """Dotted names of what is imported, as far down as the import says."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            dotted = "." in node.module
            yield from ([node.module] if dotted else [f"{node.module}.{alias.name}" for alias in node.names])
