"""The letters that billing writes, with sample values."""

from datetime import date

from trunkline.i18n import format_date, format_money
from trunkline.i18n import gettext as _
from trunkline.plugin import MailTemplate

_PRICE = 129_900_000

LETTERS = (
    MailTemplate(
        "billing/mail/invoice_issued",
        _("Invoice issued"),
        {
            "customer_name": "Ana Souza",
            "operator_name": "Conecta Sul",
            "number": "F00000789",
            "account": "A000123",
            "total": lambda: format_money(_PRICE, "BRL"),
            "due_date": lambda: format_date(date(2026, 12, 10)),
            "address": "https://bss.example.com/portal/invoices/F00000789",
        },
    ),
    MailTemplate(
        "billing/mail/refund_paid",
        _("Payment refunded"),
        {
            "customer_name": "Ana Souza",
            "operator_name": "Conecta Sul",
            "number": "D000123",
            "payment": "R000456",
            "amount": lambda: format_money(_PRICE, "BRL"),
            "method": "bank_transfer",
            "reason": "Paid twice",
            "address": "https://bss.example.com/portal/payments",
        },
    ),
)
