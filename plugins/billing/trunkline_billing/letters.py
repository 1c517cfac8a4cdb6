"""The letters that billing writes, with sample values."""

from trunkline.i18n import gettext as _
from trunkline.plugin import MailTemplate

LETTERS = (
    MailTemplate(
        "billing/mail/invoice_issued",
        _("Invoice issued"),
        {
            "customer_name": "Ana Souza",
            "operator_name": "Conecta Sul",
            "number": "F00000789",
            "account": "A000123",
            "total": "R$ 129,90",
            "due_date": "2026-12-10",
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
            "amount": "R$ 129,90",
            "method": "bank_transfer",
            "reason": "Paid twice",
            "address": "https://bss.example.com/portal/payments",
        },
    ),
)
