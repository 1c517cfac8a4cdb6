"""Billing's coded values in words that people read."""

from trunkline.i18n import format_bytes, format_duration, format_number, ngettext
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
    ("credit", _("Credit")),
)
INVOICE_STATES = (("open", _("Open")), ("overdue", _("Overdue")), ("paid", _("Paid")), ("void", _("Void")))
LEDGERS = {
    "receivable": _("Receivable"),
    "unbilled": _("Charged, not yet invoiced"),
    "revenue:recurring": _("Revenue: monthly"),
    "revenue:setup": _("Revenue: set-up"),
    "revenue:usage": _("Revenue: usage"),
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
