"""The activity list."""

from trunkline.i18n import gettext as _
from trunkline.web.tables import Column, Empty, Filter, Kind, Table

ACTIVITY = Table(
    name="activity",
    columns=(
        Column("at", _("When"), kind=Kind.DATETIME, sort=True),
        Column("actor", _("Who")),
        Column("operation", _("What"), kind=Kind.MONO),
        Column("subject", _("On")),
        Column("address", _("From where"), kind=Kind.MONO, priority=3),
    ),
    search=("actor", "operation", "subject"),
    filters=(Filter("at", _("When"), kind="dates"),),
    sort="-at",
    row_href="/activity/{id}",
    empty=Empty(
        _("Nothing has been done yet"), _("Every change appears here with who made it."), icon="history"
    ),
)
