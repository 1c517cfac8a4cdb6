"""What lists declare to the trunk."""

from typing import TYPE_CHECKING

from trunkline.access.roles import BUILTIN_ROLES
from trunkline.i18n import gettext as _
from trunkline.lists import column_pages, file_pages, runs, views
from trunkline.lists.events import EVENTS as EVENTS
from trunkline.lists.pages import pages
from trunkline.lists.search import SEARCH_LOOKUPS as SEARCH_LOOKUPS
from trunkline.lists.working import ACTING, FORGETTING, WRITING
from trunkline.plugin import Permission

if TYPE_CHECKING:
    from collections.abc import Sequence

    from trunkline.rest.routing import RestRoutes

_STAFF = tuple(role.name for role in BUILTIN_ROLES if role.audience == "staff")

PERMISSIONS = (
    Permission(views.OWN, _("Keep views and columns of lists for oneself"), _STAFF),
    Permission(views.SHARED, _("Share views of lists with everybody"), ("supervisor",)),
    Permission(
        runs.ACT,
        _("Do things to many rows of a list at once"),
        (
            "supervisor",
            "customer_care",
            "warehouse",
            "product_manager",
            "accountant",
            "provisioning_engineer",
            "duty_officer",
        ),
    ),
    Permission(runs.WRITE, _("Have long lists written to a file"), _STAFF),
)
STEP_KINDS = (ACTING, WRITING)
SCHEDULED = (FORGETTING,)
PAGES = (file_pages.pages, column_pages.pages, pages)


def rest_routes() -> "Sequence[RestRoutes]":
    from trunkline.lists import file_rest
    from trunkline.lists.rest import list_runs, lists, saved_views

    return (lists, file_rest.rest, saved_views, list_runs)
