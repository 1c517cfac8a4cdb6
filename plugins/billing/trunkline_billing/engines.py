"""Which charging engine the operator chose."""

from trunkline.errors import Unavailable
from trunkline.i18n import gettext as _
from trunkline.operation import Context
from trunkline.providers import ChargingEngine
from trunkline_billing.settings import BillingSettings


def charging_engines(ctx: Context) -> dict[str, ChargingEngine]:
    """Every engine that an enabled plugin offers, by name."""
    return {engine.name: engine for _plugin, engine in ctx.app.hooks.gather("charging_engines")}


def charging_engine(ctx: Context) -> ChargingEngine:
    """The engine of the settings. Raises Unavailable when no enabled plugin offers it."""
    wanted = ctx.settings(BillingSettings).charging_engine
    engine = charging_engines(ctx).get(wanted)
    if engine is None:
        raise Unavailable(
            _("No enabled plugin offers the charging engine “{name}”.", name=wanted),
            remedy=_("Choose another one in the settings of billing, or enable its plugin."),
        )
    return engine
