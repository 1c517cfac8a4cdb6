"""Inventory: things that services need, each held by at most one of them."""

from typing import TYPE_CHECKING

from trunkline.i18n import gettext as _
from trunkline.plugin import Plugin, hookimpl
from trunkline_inventory import hookspecs
from trunkline_inventory.events import EVENTS
from trunkline_inventory.permissions import PERMISSIONS

if TYPE_CHECKING:
    from trunkline.app import App
    from trunkline.demo.month import DemoMonth

plugin = Plugin(
    name="inventory",
    label=_("Inventory"),
    summary=_("SIM cards, numbers and equipment in stocks, held by exactly one service at a time."),
    permissions=PERMISSIONS,
    events=EVENTS,
    hookspecs=(hookspecs,),
    models="trunkline_inventory.models",
)


@hookimpl
def demo_month(app: "App", month: "DemoMonth") -> None:
    from trunkline_inventory.demo import live

    live(app, month)
