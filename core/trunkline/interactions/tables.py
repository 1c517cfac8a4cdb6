"""The list of contacts with a customer, as data: for the customer's tab and for programs."""

from trunkline.i18n import gettext as _
from trunkline.interactions.schemas import CHANNEL_LABELS
from trunkline.web.tables import Column, Empty, Filter, Kind, Table


def interactions_table(customer: str, *, may_record: bool = False) -> Table:
    """Contacts with the customer of this number, newest first."""
    here = f"/customers/{customer}/interactions"
    add = {"href": f"{here}/new", "action": _("Register contact")} if may_record else {}
    return Table(
        "customer_interactions",
        label=_("Interactions"),
        columns=(
            Column("number", _("Protocol"), Kind.MONO, sort=True, href=here + "/{number}"),
            Column("subject", _("What it was about"), sub="in_short"),
            Column("channel", _("How"), labels=CHANNEL_LABELS, priority=2),
            Column("agent", _("With"), priority=3),
            Column("at", _("When"), Kind.DATETIME, sort=True, priority=2),
        ),
        filters=(
            Filter("channel", _("How"), [(one.value, label) for one, label in CHANNEL_LABELS.items()]),
            Filter("at", _("When"), kind="dates"),
        ),
        search=("number", "subject", "text"),
        sort="-at",
        export=False,
        empty=Empty(
            _("No contact yet"),
            _("Each one gets a protocol number that the customer is told."),
            "messages",
            **add,
        ),
    )
