"""The list of who worked as whom."""

from trunkline.i18n import gettext
from trunkline.web.tables import Column, Empty, Filter, Kind, Table

_ = gettext

IMPERSONATIONS = Table(
    "impersonations",
    [
        Column("started_at", _("From"), Kind.DATETIME, sort=True),
        Column("staff", _("Who"), Kind.LINK, href="/users/{staff_id}"),
        Column("name", _("As whom"), Kind.LINK, href="/users/{user_id}", sub="belongs"),
        Column("reason", _("Reason")),
        Column("until", _("Until"), Kind.DATETIME, priority=2),
        Column("status", _("Status"), Kind.STATUS, priority=2),
        Column("address", _("From where"), Kind.MONO, priority=3),
    ],
    label=_("Work as somebody else"),
    filters=[Filter("started_at", _("When"), kind="dates")],
    search=["name", "reason"],
    search_label=_("Search names and reasons"),
    sort="-started_at",
    empty=Empty(_("Nobody has"), _("Whoever opens the system as another user appears here."), "eye"),
)
