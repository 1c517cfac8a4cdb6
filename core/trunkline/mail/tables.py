"""The e-mail log as a list."""

from trunkline.i18n import gettext as _
from trunkline.mail.models import EmailStatus
from trunkline.web.tables import Column, Empty, Filter, Kind, Table
from trunkline.web.tones import lazy_state_label

EMAILS = Table(
    "emails",
    label=_("E-mails"),
    columns=(
        Column("number", "#", Kind.MONO, sort=True, priority=2),
        Column("sender", _("From"), sort=True, priority=3),
        Column("recipient", _("To"), Kind.EMAIL, sort=True, lead=True),
        Column("subject", _("Subject"), sort=True),
        Column("queued_at", _("Date"), Kind.DATETIME, sort=True),
        Column("status", _("Status"), Kind.STATUS, sort=True),
    ),
    filters=(
        Filter("status", _("Status"), [(status.value, lazy_state_label(status)) for status in EmailStatus]),
        Filter("queued_at", _("Date"), kind="dates"),
    ),
    starts=("number", "recipient", "subject"),
    search_label=_("Search number, recipient, beginning of the subject"),
    sort="-queued_at",
    row_href="/emails/{number}",
    empty=Empty(_("No mail yet"), _("Every message the system sends is kept here."), icon="mail"),
)
