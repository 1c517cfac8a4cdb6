"""Brands as a list."""

from trunkline.i18n import gettext as _
from trunkline.web.tables import Column, Empty, Kind, Table

BRANDS = Table(
    "brands",
    label=_("Brands"),
    columns=(
        Column("name", _("Name"), Kind.LINK, href="/branding/{id}"),
        Column("host", _("Host name"), Kind.MONO, value=lambda row: row["host"] or "", priority=2),
        Column("reseller_name", _("Reseller"), priority=2),
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
