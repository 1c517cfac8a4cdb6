"""Refuses to register businesses at the weekend, when nobody can check their papers.

Copy this file into the folder `extensions` of the data folder and restart.
"""

from zoneinfo import ZoneInfo

from trunkline.customers.events import CustomerRegistered
from trunkline.errors import Refused
from trunkline.operation import ActorKind, Context
from trunkline.plugin import hookimpl

SATURDAY = 5


@hookimpl
def before_customer_registered(ctx: Context, event: CustomerRegistered) -> None:
    """Runs inside the operation; what is refused here never happened. Imports by the system are let through."""
    today = ctx.now().astimezone(ZoneInfo(ctx.app.config.time_zone))
    if event.kind == "business" and ctx.actor.kind is not ActorKind.SYSTEM and today.weekday() >= SATURDAY:
        raise Refused(
            "Businesses are registered on working days.", field="kind", remedy="Come back on Monday."
        )
