"""The list of roles, for the page."""

from sqlmodel import col

from trunkline.access.models import Role
from trunkline.access.queries import USERS_COUNTED
from trunkline.access.roles import ADMINISTRATOR
from trunkline.i18n import gettext, translate
from trunkline.web.table_params import figure
from trunkline.web.tables import Column, Empty, Kind, Tab, Table

_ = gettext

ROLES = Table(
    "roles",
    [
        Column(
            "label", _("Role"), Kind.LINK, href="/roles/{name}", value=lambda row: translate(row["label"])
        ),
        Column(
            "description", _("What it is for"), priority=2, value=lambda row: translate(row["description"])
        ),
        Column(
            "permissions",
            _("Permissions"),
            value=lambda row: _("All") if row["name"] == ADMINISTRATOR else row["permissions"],
            align="end",
            priority=2,
        ),
        Column(
            "users",
            _("Users"),
            value=lambda row: (
                row["users"] if row["users"] <= USERS_COUNTED else figure(row["users"], USERS_COUNTED)
            ),
            align="end",
            priority=2,
        ),
        Column("is_builtin", _("Built in"), Kind.BOOL, priority=3),
    ],
    label=_("Roles"),
    tabs=[
        Tab("staff", _("Staff"), col(Role.audience) == "staff"),
        Tab("portal", _("Customers"), col(Role.audience) == "portal"),
    ],
    search=["name", "label", "description"],
    sort="id",
    row_href="/roles/{name}",
    empty=Empty(_("No roles"), _("Roles group permissions."), "shield"),
)
