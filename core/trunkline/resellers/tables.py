"""Resellers as a list."""

from trunkline.i18n import gettext as _
from trunkline.web.tables import Column, Empty, Filter, Kind, Table

RESELLERS = Table(
    "resellers",
    label=_("Resellers"),
    columns=(
        Column("name", _("Name"), Kind.LINK, sort=True, href="/resellers/{id}"),
        Column("code", _("Code"), Kind.MONO, priority=2),
        Column("customers", _("Customers"), Kind.COUNT, priority=2),
        Column("people", _("People"), Kind.NUMBER, priority=3),
        Column("status", _("Status"), Kind.STATUS),
    ),
    filters=(Filter("active", _("Active"), kind="bool"),),
    search=("name", "code"),
    search_label=_("Search name, code"),
    sort="name",
    row_href="/resellers/{id}",
    empty=Empty(
        _("No reseller yet"),
        _("A reseller sells under a name of its own; its people see its customers and nobody else's."),
        icon="building-store",
        href="/resellers/new",
        action=_("New reseller"),
        permission="core.reseller.create",
    ),
)
