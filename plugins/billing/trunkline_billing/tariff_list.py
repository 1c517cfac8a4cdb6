"""Tariffs as a list, for pages and REST."""

from urllib.parse import quote

from sqlalchemy import RowMapping

from trunkline.i18n import gettext as _
from trunkline.web.tables import Column, Empty, Kind, Table


def _page(row: RowMapping) -> str:
    return f"/billing/tariffs/{quote(row['name'])}"


TARIFFS = Table(
    "tariffs",
    label=_("Tariffs"),
    columns=(
        Column("name", _("Tariff"), Kind.LINK, sort=True, href=_page),
        Column("currency", _("Currency"), sort=True),
        Column("rates", _("Rates"), Kind.NUMBER, sort=True, named=True),
        Column("updated_at", _("Changed"), Kind.RELATIVE, sort=True, priority=2),
    ),
    search=("name", "currency"),
    sort="name",
    row_href=_page,
    empty=Empty(
        _("No tariffs yet"),
        _("Import a file of prefixes and prices; products then name the tariff."),
        "table",
    ),
)
