"""The activity list."""

from sqlalchemy import RowMapping

from trunkline.activity.words import title
from trunkline.i18n import gettext as _
from trunkline.web.tables import Column, Empty, Filter, Kind, Table


def _in_words(row: RowMapping) -> str:
    return title(row["operation"], row["subject_kind"])


ACTIVITY = Table(
    name="activity",
    columns=(
        Column("at", _("When"), kind=Kind.DATETIME, sort=True),
        Column("actor", _("Who")),
        Column("operation", _("What"), value=_in_words, sub="operation"),
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
