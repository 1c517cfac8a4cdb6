"""Hooks that the catalogue calls: what other plugins add to an order line's work, and what a product may name."""

from collections.abc import Sequence

from trunkline.operation import Context
from trunkline.plugin import hookspec
from trunkline_catalog.schemas import ChangeOffer, LineStep, OrderLineView, ProductView


@hookspec
def catalog_line_steps(ctx: Context, line: OrderLineView, product: ProductView) -> Sequence[LineStep]:  # type: ignore[empty-body]  # a specification has no body
    """Steps for one order line's job.

    Called inside the operation that queues the line (place, retry, change, suspend …), once per line. Return the steps
    for `line.action`, and none that touch the network when `line.needs_network` is false. All contributions are sorted by
    `order`: catalog has 10 (begin) and 80 (activate and its like). An implementation that raises refuses the order.
    """


@hookspec
def catalog_changes(ctx: Context, product: ProductView) -> Sequence[ChangeOffer]:  # type: ignore[empty-body]  # a specification has no body
    """Changes that services of a product with a playbook can undergo once they work.

    Called by a service's page and when a change is ordered. Offer only what the product's own needs and parameters allow;
    `catalog_line_steps` then gets a line of the action `change` with the offer's word in `line.change`, for a switch `on` or
    `off` in `line.turn`, the new values in `line.parameters` and those before in `line.previous`. Of two offers with one word
    the first counts. Products without a playbook need no offer: whatever they hold can be exchanged.
    """


@hookspec
def catalog_check_product(ctx: Context, product: ProductView) -> None:
    """Refuse a product that could never be provided.

    Called when a product is added, when its playbook, items or parameters are saved, with the product as it would be, and before
    an order of it is looked at, outside any transaction that writes. Raise Refused with the field at fault, as the order would be
    refused later.
    """


@hookspec
def catalog_playbooks(ctx: Context) -> Sequence[str]:  # type: ignore[empty-body]  # a specification has no body
    """Names a product's `playbook` may have. Called by the product form and when a product is saved; without an implementation
    any name is accepted."""


@hookspec
def catalog_tariffs(ctx: Context) -> Sequence[str]:  # type: ignore[empty-body]  # a specification has no body
    """Names a product's `tariff` may have. Called by the product form and when a product is saved; without an implementation
    any name is accepted."""
