"""What mail declares to the trunk."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from sqlalchemy import func, select
from sqlmodel import col

from trunkline.i18n import gettext as _
from trunkline.i18n import ngettext
from trunkline.lists import ListOf
from trunkline.mail import queries
from trunkline.mail.customer_tab import tab
from trunkline.mail.events import EmailFailed, EmailRetried, EmailSent
from trunkline.mail.models import Email, EmailStatus
from trunkline.mail.pages import pages
from trunkline.mail.row_actions import ROW_ACTIONS as ROW_ACTIONS
from trunkline.mail.search import SEARCH_LOOKUPS as SEARCH_LOOKUPS
from trunkline.mail.sending import SEND_MAIL
from trunkline.mail.tables import EMAILS
from trunkline.mail.transports import check, transport_for
from trunkline.operation import Context
from trunkline.plugin import ConnectionCheck, Health, HealthReport, MenuItem, Permission, Sensitive, Slot

if TYPE_CHECKING:
    from trunkline.rest.routing import RestRoutes

_READERS = ("supervisor", "customer_care", "care_reader", "auditor")

PERMISSIONS = (
    Permission("core.email.list", _("List e-mails"), _READERS),
    Permission("core.email.view", _("Read e-mails"), _READERS),
    Permission("core.email.retry", _("Send an e-mail again"), ("supervisor",)),
)

SENSITIVE = (Sensitive("core.email", _("What an e-mail says")),)
EVENTS = (EmailSent, EmailFailed, EmailRetried)
MENU = (MenuItem(_("E-mails"), "/emails", "mail", "core.email.list", "Administration", order=60),)
STEP_KINDS = (SEND_MAIL,)
LISTS = (ListOf("emails", "/emails", "core.email.list", lambda ctx: EMAILS, queries.list_emails),)
PAGES = (pages,)
SLOTS = (
    Slot("customer.tabs", "messages", tab, "core.email.list", label=_("Messages"), order=65, icon="mail"),
)


def health_checks(ctx: Context) -> Sequence[HealthReport]:
    """How mail leaves, and whether messages wait for a person."""
    stuck = ctx.session.execute(
        select(func.count()).where(col(Email.status).in_([EmailStatus.FAILED, EmailStatus.PARKED]))
    ).scalar_one()
    name = str(_("E-mail"))
    if stuck:
        return [
            HealthReport(
                name,
                Health.WARNING,
                ngettext("{n} message did not get out.", "{n} messages did not get out.", stuck),
                str(_("Look at the e-mail log and send them again.")),
            )
        ]
    return [
        HealthReport(
            name, Health.OK, str(_("Mail leaves by {transport}.", transport=transport_for(ctx.app).name))
        )
    ]


HEALTH = (health_checks,)
CONNECTIONS = (ConnectionCheck("mail", _("Mail"), check),)


def rest_routes() -> "Sequence[RestRoutes]":
    from trunkline.mail.rest import rest

    return [rest]
