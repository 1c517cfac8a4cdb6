"""Brands as a list."""

from collections.abc import Mapping
from dataclasses import replace

from trunkline.i18n import gettext as _
from trunkline.web.tables import Column, Empty, Kind, Table

BRANDS = Table(
    "brands",
    label=_("Brands"),
    columns=(
        Column("name", _("Name"), Kind.LINK, sort=True, href="/branding/{id}"),
        Column("host", _("Host name"), Kind.MONO, value=lambda row: row["host"] or ""),
        Column("reseller_name", _("Reseller")),
        Column("theme", _("Theme"), priority=3),
    ),
    search=("name", "host"),
    search_label=_("Search name, host"),
    sort="id",
    row_href="/branding/{id}",
    empty=Empty(
        _("No brand yet"),
        _("Pages, portal and mail show the operator's name in the built-in theme until you make one."),
        icon="palette",
        href="/branding/new",
        action=_("New brand"),
        permission="core.brand.edit",
    ),
)


def brands_table(themes: Mapping[str, str]) -> Table:
    """The list with the names of the themes, which are given by their codes. One that is gone keeps its code."""
    columns = [
        replace(column, value=lambda row: themes.get(row["theme"], row["theme"]))
        if column.key == "theme"
        else column
        for column in BRANDS.columns
    ]
    return replace(BRANDS, columns=columns)
