"""The letters that core writes, each with sample values, so that a wording can be tried before anybody gets it."""

from datetime import UTC, datetime

from trunkline.i18n import format_money
from trunkline.i18n import gettext as _
from trunkline.plugin import MailTemplate

_AT = datetime(2026, 11, 20, 14, 30, tzinfo=UTC)
_PERSON = {
    "name": "Ana Souza",
    "operator": "Conecta Sul",
    "is_portal": True,
    "at": _AT,
    "address": "203.0.113.7",
    "sign_in": "https://bss.example.com/sign-in",
    "forgotten": "https://bss.example.com/forgotten-password",
    "link": "https://bss.example.com/set-password/example",
}

LETTERS = (
    MailTemplate("core/mail/invitation", _("Invitation"), {**_PERSON, "days": 7, "minutes": 10080}),
    MailTemplate("core/mail/password_reset", _("Forgotten password"), {**_PERSON, "days": 0, "minutes": 60}),
    MailTemplate("core/mail/password_changed", _("Password changed"), _PERSON),
    MailTemplate("core/mail/new_email", _("New address to confirm"), {**_PERSON, "days": 1, "minutes": 1440}),
    MailTemplate(
        "core/mail/email_asked", _("Another address was asked for"), {**_PERSON, "new": "ana@new.example"}
    ),
    MailTemplate("core/mail/email_changed", _("Address changed"), {**_PERSON, "new": "ana@new.example"}),
    MailTemplate("core/mail/email_taken", _("Address is taken"), _PERSON),
    MailTemplate(
        "core/mail/second_factor_changed", _("Second factor changed"), {**_PERSON, "change": "app_added"}
    ),
    MailTemplate("core/mail/sign_in_failures", _("Failed sign-ins"), {**_PERSON, "times": 12}),
    MailTemplate(
        "core/mail/protocol_number",
        _("Protocol number"),
        {"name": "Ana Souza", "number": "20261120-000042", "subject": "Second copy of an invoice", "at": _AT},
    ),
    MailTemplate(
        "core/mail/job_failed",
        _("A job failed"),
        {
            "name": "Bruno Lima",
            "number": "J000123",
            "operator": "Conecta Sul",
            "title": "Activate Mobile 10 GB S000456",
            "customer": "Ana Souza (C000123)",
            "error": "Set up in the network: The terminal does not answer.",
            "state": "failed",
            "last": False,
            "link": "https://bss.example.com/jobs/J000123",
        },
    ),
    MailTemplate(
        "core/mail/approval_waiting",
        _("A decision is waited for"),
        {
            "name": "Bruno Lima",
            "number": "A000012",
            "asked_by": "Ana Souza",
            "operator": "Conecta Sul",
            "summary": "Reverse payment P00000321",
            "facts": lambda: [(str(_("Amount")), format_money(250_000_000, "BRL"))],
            "link": "https://bss.example.com/approvals/A000012",
        },
    ),
    MailTemplate(
        "core/mail/approval_decided",
        _("A decision was made"),
        {
            "name": "Ana Souza",
            "number": "A000012",
            "state": "approved",
            "summary": "Reverse payment P00000321",
            "decided_by": "Bruno Lima",
            "note": "Agreed by phone",
            "link": "https://bss.example.com/approvals/A000012",
        },
    ),
    MailTemplate(
        "core/mail/break_glass",
        _("Emergency access taken"),
        {
            "name": "Bruno Lima",
            "who": "Ana Souza",
            "reason": "Exchange down, nobody else reachable",
            "minutes": 30,
            "address": "203.0.113.7",
            "link": "https://bss.example.com/break-glass",
        },
    ),
    MailTemplate(
        "core/mail/activity_altered",
        _("Activity log altered"),
        {
            "name": "Bruno Lima",
            "problems": 2,
            "findings": ["entry 4711 was altered", "seal 12 is missing"],
            "url": "https://bss.example.com/activity/seals",
            "operator": "Conecta Sul",
        },
    ),
)
