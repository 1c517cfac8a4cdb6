"""What contacts with customers declare to the trunk."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from trunkline.i18n import gettext as _
from trunkline.interactions import pages
from trunkline.interactions.demo import leave_contacts
from trunkline.interactions.events import InteractionRecorded
from trunkline.interactions.search import INTERACTION
from trunkline.plugin import Permission, Slot

if TYPE_CHECKING:
    from trunkline.rest.routing import RestRoutes

_WRITERS = (
    "supervisor",
    "customer_care",
    "cashier",
    "accountant",
    "provisioning_engineer",
    "field_technician",
    "dealer",
    "pbx_administrator",
    "duty_officer",
)
_READERS = (*_WRITERS, "care_reader", "auditor")

PERMISSIONS = (
    Permission("core.interaction.list", _("List contacts with customers"), _READERS),
    Permission("core.interaction.view", _("Read what was said in a contact"), _READERS),
    Permission("core.interaction.record", _("Register contacts with customers"), _WRITERS),
    Permission(
        "core.protocol.list",
        _("See the protocol numbers of one's contacts"),
        ("portal_owner", "portal_finance", "portal_technical"),
        "portal",
    ),
)
SLOTS = (
    Slot(
        "customer.tabs",
        "interactions",
        pages.tab,
        "core.interaction.list",
        _("Interactions"),
        order=60,
        count=pages.count,
    ),
    Slot("customer.actions", "interactions", pages.action, "core.interaction.record", order=90),
    Slot("portal.home", "protocols", pages.in_portal, "core.protocol.list", _("Your contacts"), order=90),
)
EVENTS = (InteractionRecorded,)
SEARCH_KINDS = (INTERACTION,)
PAGES = (pages.pages,)
DEMO_TODAY = (leave_contacts,)


def rest_routes() -> "Sequence[RestRoutes]":
    from trunkline.interactions.rest import rest

    return [rest]
