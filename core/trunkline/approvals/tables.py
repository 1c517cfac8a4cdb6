"""The list of requests for a second person."""

from sqlalchemy import RowMapping
from sqlmodel import col

from trunkline.approvals.models import Approval, ApprovalState
from trunkline.approvals.words import summary_of
from trunkline.i18n import gettext as _
from trunkline.web.tables import Column, Empty, Filter, Kind, Tab, Table
from trunkline.web.tones import lazy_state_label

_STATE = col(Approval.state)


def _in_words(row: RowMapping) -> str:
    return summary_of(row["words"])


APPROVALS = Table(
    "approvals",
    label=_("Approvals"),
    columns=(
        Column("summary", _("What"), sub="number", value=_in_words),
        Column("customer_name", _("Customer"), priority=3),
        Column("amount_micros", _("Amount"), Kind.MONEY, priority=2),
        Column("asked_by", _("Asked by"), priority=2),
        Column("asked_at", _("Asked"), Kind.RELATIVE),
        Column("decided_by", _("Decided by"), priority=3),
        Column("state", _("State"), Kind.STATUS),
    ),
    tabs=(
        Tab("waiting", _("Waiting"), _STATE == ApprovalState.WAITING, count=True, tone="warn"),
        Tab("decided", _("Decided"), _STATE != ApprovalState.WAITING),
    ),
    filters=(
        Filter("state", _("State"), [(state.value, lazy_state_label(state)) for state in ApprovalState]),
        Filter("asked_at", _("Asked"), kind="dates"),
    ),
    search=("number", "summary", "asked_by", "customer_name"),
    search_label=_("Search what, who, customer"),
    sort="-id",
    row_href="/approvals/{number}",
    empty=Empty(
        _("Nothing waits"),
        _("What needs a second person appears here. The limits are in the settings of each plugin."),
        "user-check",
    ),
)
