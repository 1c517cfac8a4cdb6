"""How statuses, renewals and the like are called."""

from trunkline.contracts.models import (
    AcceptedBy,
    ContractStatus,
    DocumentKind,
    IndexationKind,
    PenaltyKind,
    Renewal,
)
from trunkline.i18n import gettext as _

STATUS_LABELS = {
    ContractStatus.DRAFT: _("Draft"),
    ContractStatus.SENT: _("Sent"),
    ContractStatus.ACTIVE: _("Active"),
    ContractStatus.ENDED: _("Ended"),
    ContractStatus.TERMINATED: _("Terminated"),
    ContractStatus.WITHDRAWN: _("Withdrawn"),
}
RENEWAL_LABELS = {
    Renewal.ENDS: _("It ends"),
    Renewal.OPEN_ENDED: _("It goes on without an end"),
    Renewal.SAME_TERM: _("It renews for the same term"),
}
PENALTY_LABELS = {
    PenaltyKind.NONE: _("None"),
    PenaltyKind.FIXED: _("A fixed amount"),
    PenaltyKind.PER_MONTH: _("An amount for each month that remains"),
    PenaltyKind.SHARE: _("A share of what the remaining months cost"),
}
INDEXATION_LABELS = {
    IndexationKind.NONE: _("None"),
    IndexationKind.INDEX: _("By a published index"),
    IndexationKind.FIXED: _("By a fixed share"),
}
DOCUMENT_LABELS = {
    DocumentKind.TEXT: _("Text"),
    DocumentKind.SIGNED: _("Signed copy"),
    DocumentKind.ANNEX: _("Annex"),
    DocumentKind.REPLACED: _("Former text"),
}
ACCEPTED_LABELS = {
    AcceptedBy.PORTAL: _("In the portal"),
    AcceptedBy.LINK: _("By the mailed link"),
    AcceptedBy.PAPER: _("On paper"),
    AcceptedBy.TELEPHONE: _("By telephone"),
    AcceptedBy.DESK: _("At the desk"),
}
#: What customers do themselves, and no colleague writes down for them.
ONLINE = (AcceptedBy.PORTAL, AcceptedBy.LINK)
#: Indexes that forms suggest; any other name may be written.
INDEX_NAMES = ("IPCA", "IGP-M", "INPC", "IST", "CPI", "HICP", "IPC", "RPI")
