"""Permissions: declared with roles that exist, and every one that is asked for declared."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from trunkline.access.roles import BUILTIN_ROLES
from trunkline.loader import PluginStatus
from trunkline.operation import OPERATIONS
from trunkline.plugin_life.checks.sources import package_of
from trunkline.plugin_life.problem import Problem
from trunkline.rest.app import rest_routes
from trunkline.web.app import page_routes
from trunkline.web.pages import PUBLIC, SIGNED_IN

if TYPE_CHECKING:
    from trunkline.app import App

AREA = "permissions"


def problems(app: "App", status: PluginStatus) -> list[Problem]:
    """Roles of the declared ones, and who asks for an undeclared one."""
    found = []
    audiences = {role.name: role.audience for role in BUILTIN_ROLES}
    for permission in status.plugin.permissions if status.plugin else ():
        for role in permission.roles:
            if audiences.get(role) != permission.audience:
                known = ", ".join(
                    name for name, audience in audiences.items() if audience == permission.audience
                )
                found.append(
                    Problem(AREA, f"{permission.name} names the role {role}.", f"Roles for it: {known}.")
                )
    for place, name in _asked(app, status):
        if name not in app.permissions and name not in (PUBLIC, SIGNED_IN):
            found.append(
                Problem(
                    AREA, f"{place} needs {name}, which nobody declares.", "Add it to Plugin.permissions."
                )
            )
    return found


def _asked(app: "App", status: PluginStatus) -> Iterator[tuple[str, str]]:
    for plugin, route in app.part(page_routes):
        if plugin == status.name:
            yield f"The page {route.path}", route.permission
    for plugin, routes in app.part(rest_routes):
        if plugin == status.name:
            for rest in routes.routes:
                yield f"{rest.method} {routes.prefix}{rest.path}", rest.permission
    for plugin, item in app.menu_of:
        if plugin == status.name:
            yield f"The menu entry {item.path}", item.permission
    for place, contributions in app.slots.items():
        for plugin, slot in contributions:
            if plugin == status.name:
                yield f"The slot {slot.name} in {place}", slot.permission
    for importer in app.importers.values():
        yield f"The importer {importer.kind}", importer.permission
    for place, info in OPERATIONS.items():
        if place.partition(".")[0] == package_of(status):
            yield f"The operation {place}", info.name
