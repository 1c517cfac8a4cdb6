"""What service accounts contribute to the trunk: permissions, menu, pages and REST."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from trunkline.auth.service_accounts import pages, queries
from trunkline.auth.service_accounts.search import SERVICE_ACCOUNT
from trunkline.auth.service_accounts.tables import SERVICE_ACCOUNTS
from trunkline.i18n import gettext
from trunkline.lists import ListOf
from trunkline.plugin import MenuItem, Permission

if TYPE_CHECKING:
    from trunkline.rest.routing import RestRoutes

_ = gettext

PERMISSIONS = [
    Permission("core.service_account.list", _("List service accounts"), ("supervisor", "auditor")),
    Permission(
        "core.service_account.view", _("See a service account and its keys"), ("supervisor", "auditor")
    ),
    Permission("core.service_account.create", _("Make service accounts")),
    Permission("core.service_account.edit", _("Change service accounts, their roles and keys")),
    Permission("core.service_account.disable", _("Disable and enable service accounts")),
]
SEARCH_KINDS = (SERVICE_ACCOUNT,)
MENU = [
    MenuItem(
        _("Service accounts"), "/service-accounts", "robot", "core.service_account.list", "Administration", 15
    )
]
LISTS = (
    ListOf(
        "service-accounts",
        "/service-accounts",
        "core.service_account.list",
        lambda ctx: SERVICE_ACCOUNTS,
        queries.list_accounts,
    ),
)
PAGES = [pages.pages]


def rest_routes() -> "Sequence[RestRoutes]":
    from trunkline.auth.service_accounts import rest

    return [rest.accounts]
