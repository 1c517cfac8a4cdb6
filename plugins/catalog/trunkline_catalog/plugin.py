"""The catalogue: products with prices, orders whose lines are jobs, and the services they make."""

from trunkline.i18n import gettext as _
from trunkline.plugin import Plugin
from trunkline_catalog import hookspecs
from trunkline_catalog.events import EVENTS
from trunkline_catalog.permissions import PERMISSIONS

plugin = Plugin(
    name="catalog",
    label=_("Catalogue"),
    summary=_("Products with prices by time, orders whose lines are jobs, and services with their identifiers."),
    requires=("inventory",),
    permissions=PERMISSIONS,
    events=EVENTS,
    hookspecs=(hookspecs,),
    models="trunkline_catalog.models",
)
