"""The portal's lists, as data."""

from collections.abc import Sequence

from trunkline.i18n import format_bytes, format_duration, format_number
from trunkline.i18n import gettext as _
from trunkline.web.stretches import SHOWN, one_of_many
from trunkline.web.tables import Column, Empty, Filter, Kind, Table
from trunkline.web.writing import identifier_text
from trunkline_billing.queries import usage_of_services
from trunkline_billing.schemas import UNITS
from trunkline_catalog.schemas import ServiceView

_REFUNDED = {"under_way": _("Under way"), "paid": _("Paid out"), "failed": _("Did not arrive")}
_TYPES = (("voice", _("Call")), ("sms", _("Message")), ("data", _("Data")), ("event", _("Event")))


def quantity_text(quantity: int, kind: str) -> str:
    """A quantity of use in words: a volume, a length of time or a count."""
    unit = UNITS[kind]
    if unit == "B":
        return format_bytes(quantity)
    return format_duration(quantity) if unit == "s" else format_number(quantity)


def line_name(service: ServiceView) -> str:
    """What a customer calls a service by: its telephone number, else its own number."""
    return service.identifiers.get("msisdn") or service.identifiers.get("number") or service.number


def told(service: ServiceView) -> Sequence[str]:
    """By what a customer finds one of many services."""
    return (service.product_name, service.number, *service.identifiers.values())


def usage_table(own: Sequence[ServiceView]) -> Table:
    """Use of the customer's services; filters by service, type and day."""
    # Of more than are offered to choose from, nobody reads the names.
    shown = identifier_text if len(own) <= SHOWN else str
    names = [(str(s.id), f"{s.product_name} · {shown(line_name(s))}") for s in own]
    return Table(
        name="usage",
        label=_("Usage"),
        columns=(
            Column("start", _("When"), Kind.DATETIME, sort=True),
            Column("type", _("Type"), labels=dict(_TYPES)),
            Column("other", _("To or from"), Kind.PHONE),
            Column("destination", _("Destination"), priority=3),
            Column(
                "quantity",
                _("Quantity"),
                align="end",
                value=lambda row: quantity_text(row["quantity"], row["type"]),
            ),
            Column("cost", _("Price"), Kind.MONEY),
        ),
        filters=(
            one_of_many("service_id", _("Service"), names, usage_of_services),
            Filter("type", _("Type"), choices=_TYPES),
            Filter("start", _("Day"), kind="dates"),
        ),
        sort="-start",
        empty=Empty(_("No usage yet"), _("Calls, messages and data appear here after each day.")),
    )


def invoice_table() -> Table:
    """The customer's invoices, newest first."""
    return Table(
        name="invoices",
        label=_("Invoices"),
        columns=(
            Column("number", _("Invoice"), Kind.LINK, href="/portal/invoices/{number}"),
            Column("issued_on", _("Date"), Kind.DATE, priority=2),
            Column("due_date", _("Due"), Kind.DATE),
            Column("status", _("Status"), Kind.STATUS),
            Column("total", _("Total"), Kind.MONEY),
        ),
        row_href="/portal/invoices/{number}",
        sort="-id",
        export=False,
        empty=Empty(_("No invoices yet"), _("Your first invoice appears here at the end of the month.")),
    )


def payment_table() -> Table:
    """The customer's payments, newest first."""
    return Table(
        name="payments",
        label=_("Payments"),
        columns=(
            Column("number", _("Payment"), Kind.MONO),
            Column("received_at", _("Date"), Kind.DATETIME),
            Column("reference", _("Reference"), priority=3),
            Column("state", _("Status"), Kind.STATUS),
            Column("amount", _("Amount"), Kind.MONEY),
        ),
        sort="-id",
        export=False,
        empty=Empty(_("No payments yet"), _("A payment appears here as soon as we have recorded it.")),
    )


def refund_table() -> Table:
    """What the customer got back, newest first."""
    return Table(
        name="refunds",
        label=_("Refunds"),
        columns=(
            Column("number", _("Refund"), sub="reason"),
            Column("payment_number", _("Payment"), Kind.MONO, priority=2),
            Column("made_at", _("Date"), Kind.DATE),
            Column("state", _("Status"), Kind.STATUS, labels=_REFUNDED),
            Column("amount", _("Amount"), Kind.MONEY),
        ),
        sort="-id",
        export=False,
        empty=Empty(_("No refunds"), _("Money that we gave back appears here.")),
    )
