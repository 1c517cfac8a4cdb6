"""What finding addresses contributes to the trunk."""

from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING

from trunkline.geocoding import operations, pages
from trunkline.geocoding.events import EVENTS as EVENTS
from trunkline.geocoding.providers import check, choices
from trunkline.geocoding.step import LOCATE
from trunkline.i18n import gettext as _
from trunkline.plugin import ConnectionCheck, ScheduledTask

if TYPE_CHECKING:
    from trunkline.rest.routing import RestRoutes

STEP_KINDS = (LOCATE,)
SCHEDULED = (
    ScheduledTask("core.geocoding", operations.start_if_waiting, timedelta(minutes=5), _("Locate addresses")),
)
SETTING_CHOICES = (choices,)
CONNECTIONS = (ConnectionCheck("geocoding", _("Looking up addresses"), check),)
PAGES = (pages.pages,)


def rest_routes() -> "Sequence[RestRoutes]":
    from trunkline.geocoding.rest import rest

    return [rest]
