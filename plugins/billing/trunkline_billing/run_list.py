"""Billing runs as a list, for pages and REST."""

from trunkline.i18n import gettext as _
from trunkline.web.tables import Column, Empty, Filter, Kind, Table

_STATES = (("running", _("Running")), ("done", _("Done")))
_ITS_INVOICES = "/billing/invoices?period={period}"

RUNS = Table(
    "billing-runs",
    label=_("Billing runs"),
    columns=(
        Column("period", _("Month"), Kind.MONTH, sort=True),
        Column("state", _("State"), Kind.STATUS, labels=dict(_STATES)),
        Column("invoices", _("Invoices"), Kind.NUMBER, named=True, href=_ITS_INVOICES),
        Column("started_at", _("Started"), Kind.DATETIME, priority=2),
        Column("finished_at", _("Finished"), Kind.DATETIME, priority=2),
    ),
    filters=(
        Filter("state", _("State"), _STATES),
        Filter("started_at", _("Started"), kind="dates"),
    ),
    search=("period",),
    search_label=_("Month, such as 2026-10"),
    sort="-period",
    row_href=_ITS_INVOICES,
    empty=Empty(
        _("No billing run yet"),
        _("A run charges the month and invoices every account once."),
        "calendar-repeat",
        href="/billing/runs/new",
        action=_("Run billing"),
        permission="billing.run.run",
    ),
)
