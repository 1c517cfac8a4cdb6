"""What a service becomes when its plan changes: another product, its parameters, and from when on."""

from collections.abc import Collection
from datetime import datetime, time, timedelta
from typing import Any

from trunkline.errors import Refused
from trunkline.i18n import gettext as _
from trunkline.operation import Context
from trunkline_catalog import queries
from trunkline_catalog.parameters import collected
from trunkline_catalog.schemas import ChangeOffer, ChangeService, Previous, ProductView


def wanted_plan(
    ctx: Context,
    product: ProductView,
    offer: ChangeOffer,
    had: Previous,
    command: ChangeService,
    secret_values: Collection[str],
) -> tuple[ProductView, dict[str, Any]]:
    """The product and the parameters that the service will have; what both products ask and nobody names stays, secrets too.

    Raises Refused (field `product_code`) for a product that does not go with the service, or naming the parameter at fault.
    """
    choices = {one.code: one for one in queries.plan_choices(ctx, product, offer)}
    code = command.product_code or (product.code if product.code in choices else "")
    if not code:
        raise Refused(_("Say which product it becomes."), field="product_code", remedy=_known(choices))
    if code not in choices:
        raise Refused(
            _("{product} cannot become “{code}”.", product=product.name, code=code),
            field="product_code",
            remedy=_known(choices),
        )
    target = choices[code]
    kept = {one.name: had.parameters[one.name] for one in target.asked if one.name in had.parameters}
    return target, collected(target, {**kept, **command.parameters}, kept=secret_values)


def _known(choices: dict[str, ProductView]) -> str:
    return str(_("It can become: {names}.", names=", ".join(choices) or "–"))


def begins_at(ctx: Context, command: ChangeService) -> datetime | None:
    """When a change is to begin; None for at once. Raises Refused when two moments are named."""
    if not command.from_next_bill:
        return command.start_after
    if command.start_after is not None:
        raise Refused(
            _("It begins on a date or with the next bill, not both."),
            field="start_after",
            remedy=_("Leave one of them out."),
        )
    return next_bill(ctx)


def next_bill(ctx: Context) -> datetime:
    """The first moment of the next month where the operator is."""
    today = ctx.now().astimezone(ctx.app.config.zone).date()
    first = (today.replace(day=1) + timedelta(days=32)).replace(day=1)
    return datetime.combine(first, time(), ctx.app.config.zone)
