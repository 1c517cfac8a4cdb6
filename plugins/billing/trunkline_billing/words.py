"""Billing's coded values in words that people read."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from trunkline.i18n import format_bytes, format_date, format_duration, format_number, format_rate, ngettext
from trunkline.i18n import gettext as _

USAGE_TYPES = (("voice", _("Calls")), ("sms", _("Messages")), ("data", _("Data")), ("event", _("Events")))
USAGE_LABELS = dict(USAGE_TYPES)
METHODS = (("cash", _("Cash")), ("card", _("Card")), ("bank_transfer", _("Bank transfer")))
METHOD_LABELS = dict(METHODS)
REFUND_METHODS = (*METHODS, ("provider", _("The way it came")))
PAYMENT_STATES = (("received", _("Received")), ("refunded", _("Refunded")), ("reversed", _("Reversed")))
REFUND_STATES = (("under_way", _("Under way")), ("paid", _("Paid out")), ("failed", _("Failed")))
CHARGE_KINDS = (
    ("setup", _("Set-up")),
    ("monthly", _("Monthly")),
    ("suspension", _("Suspended days")),
    ("usage", _("Usage")),
    ("penalty", _("Early termination")),
    ("credit", _("Credit")),
)
INVOICE_STATES = (("open", _("Open")), ("overdue", _("Overdue")), ("paid", _("Paid")), ("void", _("Void")))
LEDGERS = {
    "receivable": _("Receivable"),
    "unbilled": _("Charged, not yet invoiced"),
    "revenue:recurring": _("Revenue: monthly"),
    "revenue:setup": _("Revenue: set-up"),
    "revenue:usage": _("Revenue: usage"),
    "revenue:penalties": _("Revenue: early termination"),
    "revenue:credits": _("Revenue: credits given"),
    "tax:payable": _("Tax payable"),
    "cash": _("Cash and bank"),
    "rounding": _("Rounding"),
}
ENTRY_KINDS = {
    "setup": _("Set-up"),
    "monthly": _("Monthly"),
    "suspension": _("Suspended days"),
    "usage": _("Usage"),
    "penalty": _("Early termination"),
    "credit": _("Credit"),
    "void": _("Taken back"),
    "invoice": _("Invoice"),
    "payment": _("Payment"),
    "refund": _("Refund"),
    "reversal": _("Reversal"),
}


def quantity_text(kind: str, quantity: int) -> str:
    """A quantity of use in words: a volume, a length of time or a count."""
    if kind == "data":
        return format_bytes(quantity)
    return format_duration(quantity) if kind == "voice" else format_number(quantity)


def minutes_text(quantity: int) -> str:
    """Seconds as whole minutes, the way plans are sold; one that has begun counts."""
    return ngettext("{n} minute", "{n} minutes", -(-quantity // 60))


def allowance_text(kind: str, quantity: int) -> str:
    """What is included, the way plans are sold: gigabytes, minutes, messages."""
    if kind == "voice":
        return minutes_text(quantity)
    return format_bytes(quantity) if kind == "data" else format_number(quantity)


def charge_text(kind: str, usage_type: str, description: str) -> str:
    """What a charge or a line of an invoice is for, in the reader's words: what is kept of usage is English."""
    if kind == "usage":
        return str(USAGE_LABELS[usage_type])
    if kind == "penalty":
        return str(_("Early termination: {reason}", reason=description))
    return str(_("{product}, set-up", product=description)) if kind == "setup" else description


def adjustment_text(adjusted: Mapping[str, Any]) -> str:
    """By which index a price was adjusted, by how much and since when; empty for a price that was not."""
    if not adjusted:
        return ""
    points = int(adjusted["basis_points"])
    return str(
        _(
            "{index} {percent} since {day}",
            index=adjusted["index"] or _("Adjusted"),
            percent=f"{'+' if points > 0 else ''}{format_rate(points / 100)}",
            day=format_date(date.fromisoformat(adjusted["since"])),
        )
    ).strip()
