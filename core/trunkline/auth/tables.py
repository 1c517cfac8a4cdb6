"""The list of users, for the page and for REST."""

from sqlalchemy import ColumnElement, RowMapping, or_
from sqlmodel import col

from trunkline.auth.models import User, UserKind, UserStatus
from trunkline.i18n import gettext, translate
from trunkline.web.table_search import begins_with
from trunkline.web.tables import Column, Empty, Filter, Kind, Tab, Table
from trunkline.web.tones import lazy_state_label

_ = gettext


def _begins(query: str) -> ColumnElement[bool]:
    """People whose name or address begins so, also where the name is written with a capital."""
    forms = dict.fromkeys((query, query.title()))
    return or_(*(begins_with(col(User.name), form) for form in forms), begins_with(col(User.email), query))


def _role_labels(row: RowMapping) -> list[str]:
    return [translate(label) for label in (row["role_labels"] or "").split("|") if label]


USERS = Table(
    "users",
    [
        Column("name", _("Name"), Kind.LINK, sort=True, sub="email", href="/users/{id}"),
        Column("role_labels", _("Roles"), Kind.TAGS, value=_role_labels),
        Column(
            "customer_name",
            _("Customer"),
            Kind.LINK,
            priority=2,
            href=lambda row: f"/customers/{row['customer_number']}" if row["customer_number"] else None,
        ),
        Column("status", _("Status"), Kind.STATUS),
        Column("last_sign_in_at", _("Last sign-in"), Kind.RELATIVE, priority=2),
        Column("created_at", _("Since"), Kind.DATE, priority=3),
    ],
    label=_("Users"),
    filters=[
        Filter("status", _("Status"), [(item, lazy_state_label(item)) for item in UserStatus]),
    ],
    tabs=[
        Tab("staff", _("Staff"), col(User.kind) == UserKind.STAFF, count=True),
        Tab("portal", _("Customers"), col(User.kind) == UserKind.PORTAL, count=True),
    ],
    # Of each customer somebody may sign in: words inside of names are looked for in the search index.
    finds=[_begins],
    found=[("user", "id"), ("customer", col(User.customer_id))],
    search_label=_("Search names and addresses"),
    sort="name",
    row_href="/users/{id}",
    empty=Empty(_("Nobody yet"), _("People whom you invite appear here."), "users"),
)
