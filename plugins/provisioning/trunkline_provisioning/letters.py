"""The letters that provisioning writes, with sample values."""

from trunkline.i18n import gettext as _
from trunkline.plugin import MailTemplate

LETTERS = (
    MailTemplate(
        "provisioning/mail/welcome",
        _("Welcome"),
        {
            "customer": {"name": "Ana Souza", "number": "C000123"},
            "product": "Mobile 10 GB",
            "service": "S000456",
            "msisdn": "+5541991234567",
            "operator": "Conecta Sul",
            "portal_url": "https://bss.example.com/portal",
        },
    ),
    MailTemplate(
        "provisioning/mail/notice",
        _("What a playbook says"),
        {
            "subject": "Your line works",
            "text": "Hello Ana Souza, your number is +55 41 99123-4567.",
            "operator": "Conecta Sul",
        },
    ),
)
