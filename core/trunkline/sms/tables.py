"""The log of text messages as a list."""

from trunkline.i18n import gettext as _
from trunkline.sms.models import SmsStatus
from trunkline.web.tables import Column, Empty, Filter, Kind, Table
from trunkline.web.tones import lazy_state_label

MESSAGES = Table(
    "text_messages",
    label=_("Text messages"),
    columns=(
        Column("number", _("Number"), Kind.MONO),
        Column("recipient", _("To"), Kind.PHONE),
        Column("text", _("Text"), priority=2),
        Column("queued_at", _("Date"), Kind.DATETIME, sort=True),
        Column("transport", _("Transport"), priority=3),
        Column("status", _("Status"), Kind.STATUS),
    ),
    filters=(
        Filter("status", _("Status"), [(status.value, lazy_state_label(status)) for status in SmsStatus]),
        Filter("queued_at", _("Date"), kind="dates"),
    ),
    starts=("number", "recipient"),
    search_label=_("Search number, recipient"),
    sort="-queued_at",
    row_href="/text-messages/{number}",
    empty=Empty(
        _("No text messages yet"), _("Every text message the system sends is kept here."), icon="message"
    ),
)
