"""What roles contribute to the trunk: permissions, menu, pages and REST."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from trunkline.access import list_columns, pages, people_pages, queries
from trunkline.access.events import EVENTS as EVENTS
from trunkline.access.search import ROLE
from trunkline.access.tables import ROLES
from trunkline.i18n import gettext
from trunkline.lists import ListOf
from trunkline.plugin import Command, MenuItem, Permission, Slot

if TYPE_CHECKING:
    from trunkline.rest.routing import RestRoutes

_ = gettext

PERMISSIONS = [
    Permission("core.role.list", _("List roles"), ("supervisor", "auditor")),
    Permission("core.role.view", _("See what a role grants"), ("supervisor", "auditor")),
    Permission("core.role.create", _("Make roles")),
    Permission("core.role.edit", _("Change what roles grant")),
    Permission("core.role.delete", _("Remove roles")),
]
SEARCH_KINDS = (ROLE,)
MENU = [MenuItem(_("Roles"), "/roles", "shield", "core.role.list", "Administration", 20)]
LISTS = (ListOf("roles", "/roles", "core.role.list", lambda ctx: ROLES, queries.list_roles),)
LIST_COLUMNS = list_columns.LIST_COLUMNS
COMMANDS = (Command(_("Permissions"), "/permissions", "key", "core.role.list", order=95),)
PAGES = [pages.pages, people_pages.pages]
SLOTS = [
    Slot(
        "user.sections",
        "permissions",
        people_pages.user_section,
        "core.user.view",
        _("Permissions"),
        order=10,
    )
]


def rest_routes() -> "Sequence[RestRoutes]":
    from trunkline.access.rest import permissions, roles

    return [roles, permissions]
