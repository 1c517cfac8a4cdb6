"""What text messages declare to the trunk."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from sqlalchemy import func, select
from sqlmodel import col

from trunkline.errors import Unavailable
from trunkline.i18n import gettext as _
from trunkline.i18n import ngettext
from trunkline.lists import ListOf
from trunkline.operation import Context
from trunkline.plugin import ConnectionCheck, Health, HealthReport, MenuItem, Permission, Sensitive
from trunkline.sms import queries
from trunkline.sms.events import SmsFailed, SmsRetried, SmsSent
from trunkline.sms.models import Sms, SmsStatus
from trunkline.sms.pages import pages
from trunkline.sms.row_actions import ROW_ACTIONS as ROW_ACTIONS
from trunkline.sms.search import SEARCH_LOOKUPS as SEARCH_LOOKUPS
from trunkline.sms.sending import SEND_SMS
from trunkline.sms.tables import MESSAGES
from trunkline.sms.transports import check, choices, chosen

if TYPE_CHECKING:
    from trunkline.rest.routing import RestRoutes

_READERS = ("supervisor", "customer_care", "care_reader", "auditor")

PERMISSIONS = (
    Permission("core.sms.list", _("List text messages"), _READERS),
    Permission("core.sms.view", _("Read text messages"), _READERS),
    Permission("core.sms.retry", _("Send a text message again"), ("supervisor",)),
)
SENSITIVE = (Sensitive("core.sms", _("What a text message says")),)
EVENTS = (SmsSent, SmsFailed, SmsRetried)
MENU = (
    MenuItem(_("Text messages"), "/text-messages", "message", "core.sms.list", "Administration", order=61),
)

STEP_KINDS = (SEND_SMS,)
LISTS = (
    ListOf("text_messages", "/text-messages", "core.sms.list", lambda ctx: MESSAGES, queries.list_messages),
)
PAGES = (pages,)


def health_checks(ctx: Context) -> Sequence[HealthReport]:
    """How text messages leave, and whether some did not."""
    name = str(_("Text messages"))
    try:
        transport = chosen(ctx)
    except Unavailable as error:
        return [HealthReport(name, Health.FAILED, error.message, error.remedy or "")]
    # A code whose time is over is nobody's work any more.
    stuck = ctx.session.execute(
        select(func.count()).where(
            col(Sms.status) == SmsStatus.FAILED,
            col(Sms.useless_at).is_(None) | (col(Sms.useless_at) > ctx.now()),
        )
    ).scalar_one()
    if stuck:
        return [
            HealthReport(
                name,
                Health.WARNING,
                ngettext("{n} text message did not get out.", "{n} text messages did not get out.", stuck),
                str(_("Look at the list of text messages and send them again.")),
            )
        ]
    return [HealthReport(name, Health.OK, str(_("They leave by {transport}.", transport=transport.name)))]


HEALTH = (health_checks,)
SETTING_CHOICES = (choices,)
CONNECTIONS = (ConnectionCheck("sms", _("Text messages"), check),)


def rest_routes() -> "Sequence[RestRoutes]":
    from trunkline.sms.rest import rest

    return [rest]
