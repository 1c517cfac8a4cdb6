"""What requests for a second person contribute to the trunk."""

from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING

from trunkline.access.roles import BUILTIN_ROLES
from trunkline.approvals import operations, pages, queries
from trunkline.approvals.events import EVENTS as EVENTS
from trunkline.approvals.search import SEARCH_LOOKUPS as SEARCH_LOOKUPS
from trunkline.approvals.tables import APPROVALS
from trunkline.i18n import gettext as _
from trunkline.lists import ListOf
from trunkline.operation import Context
from trunkline.plugin import MenuItem, Permission, ScheduledTask

if TYPE_CHECKING:
    from trunkline.rest.routing import RestRoutes

_STAFF = tuple(role.name for role in BUILTIN_ROLES if role.audience == "staff")


def _waiting(ctx: Context) -> int | None:
    return queries.waiting_for(ctx) or None


PERMISSIONS = (
    Permission("core.approval.list", _("See one's own requests and those one may decide"), _STAFF),
    Permission("core.approval.view", _("See every request for a second person"), ("supervisor", "auditor")),
    Permission(
        "core.approval.approve",
        _("Be the second person for what one may do oneself"),
        ("supervisor", "accountant", "product_manager", "duty_officer"),
    ),
)
MENU = (
    MenuItem(
        _("Approvals"),
        "/approvals",
        "user-check",
        "core.approval.list",
        "Administration",
        order=70,
        badge=_waiting,
    ),
)

LISTS = (
    ListOf("approvals", "/approvals", "core.approval.list", lambda ctx: APPROVALS, queries.list_approvals),
)
PAGES = (pages.pages,)
SCHEDULED = (
    ScheduledTask(
        "expire_approvals",
        operations.expire,
        timedelta(minutes=15),
        _("Close requests that have expired"),
    ),
)


def rest_routes() -> "Sequence[RestRoutes]":
    from trunkline.approvals.rest import rest

    return [rest]
