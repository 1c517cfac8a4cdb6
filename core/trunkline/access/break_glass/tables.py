"""The list of emergency accesses."""

from trunkline.i18n import gettext as _
from trunkline.web.tables import Column, Empty, Filter, Kind, Table

BREAK_GLASS = Table(
    "break_glass",
    label=_("Emergency access"),
    columns=(
        Column("name", _("Who"), sub="address"),
        Column("reason", _("Why")),
        Column("started_at", _("Began"), Kind.DATETIME),
        Column("over_at", _("Until"), Kind.DATETIME, priority=2),
        Column("ended_by", _("Ended by"), priority=3),
        Column("state", _("State"), Kind.STATUS),
    ),
    filters=(Filter("started_at", _("Began"), kind="dates"),),
    search=("name", "reason"),
    sort="-id",
    empty=Empty(
        _("Nobody has taken every permission"),
        _("Whoever does in an emergency appears here, with the reason."),
        "urgent",
    ),
)
