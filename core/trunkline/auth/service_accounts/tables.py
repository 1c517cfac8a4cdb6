"""The list of service accounts, for the page and for REST."""

from sqlalchemy import RowMapping

from trunkline.auth.models import UserStatus
from trunkline.i18n import gettext, translate
from trunkline.web.tables import Column, Empty, Filter, Kind, Table
from trunkline.web.tones import lazy_state_label

_ = gettext


def _role_labels(row: RowMapping) -> list[str]:
    return [translate(label) for label in (row["role_labels"] or "").split("|") if label]


SERVICE_ACCOUNTS = Table(
    "service-accounts",
    [
        Column("name", _("Name"), Kind.LINK, sort=True, sub="code", href="/service-accounts/{id}"),
        Column("role_labels", _("Roles"), Kind.TAGS, value=_role_labels),
        Column("keys", _("Keys"), Kind.NUMBER, priority=2),
        Column("status", _("Status"), Kind.STATUS),
        Column("last_used_at", _("Last used"), Kind.RELATIVE, priority=2),
        Column("created_at", _("Since"), Kind.DATE, priority=3),
    ],
    label=_("Service accounts"),
    filters=[
        Filter(
            "status",
            _("Status"),
            [(item, lazy_state_label(item)) for item in (UserStatus.ACTIVE, UserStatus.DISABLED)],
        ),
    ],
    search=["name", "code"],
    search_label=_("Search names and codes"),
    sort="name",
    row_href="/service-accounts/{id}",
    empty=Empty(
        _("No service account yet"),
        _("A program that uses the REST API without being somebody gets one, with keys of its own."),
        "robot",
    ),
)
