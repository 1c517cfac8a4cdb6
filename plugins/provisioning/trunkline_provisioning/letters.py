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
        "provisioning/mail/rollout_failed",
        _("Services failed in a change of many"),
        {
            "name": "Bruno Lima",
            "operator": "Conecta Sul",
            "number": "RO000007",
            "title": "Change plan of 200 services",
            "state": "paused",
            "failed": 12,
            "started": 40,
            "failures": [{"service": "S000456", "message": "The OLT does not answer."}],
            "more": 11,
            "link": "https://bss.example.com/provisioning/rollouts/RO000007",
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
