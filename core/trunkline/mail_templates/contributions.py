"""What the wording of letters declares to the trunk."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from trunkline.i18n import gettext as _
from trunkline.mail_templates.events import EVENTS as EVENTS
from trunkline.mail_templates.letters import LETTERS
from trunkline.mail_templates.pages import pages
from trunkline.plugin import MenuItem, Permission
from trunkline.settings.entries import entry

if TYPE_CHECKING:
    from trunkline.rest.routing import RestRoutes

PERMISSIONS = (
    Permission("core.mail_template.view", _("See the wording of letters"), ("supervisor", "auditor")),
    Permission("core.mail_template.edit", _("Word letters"), ("supervisor",)),
)
MENU = (
    MenuItem(_("Letters"), "/letters", "mail-cog", "core.mail_template.view", "Administration", order=59),
)
MAIL_TEMPLATES = LETTERS
PAGES = (pages,)
SLOTS = (
    entry(
        _("Letters"),
        "/letters",
        _("Wording of the mails that customers get, by language"),
        "core.mail_template.view",
        icon="mail-cog",
        order=30,
    ),
)


def rest_routes() -> "Sequence[RestRoutes]":
    from trunkline.mail_templates.rest import rest

    return [rest]
