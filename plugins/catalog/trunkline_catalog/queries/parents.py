"""Which services belong to which: the parts of bundles, and add-ons."""

from collections.abc import Sequence

from trunkline.operation import Context
from trunkline_catalog.queries.services import services_of
from trunkline_catalog.schemas import ProductView, ServiceState, ServiceView


def hosts_of(ctx: Context, customer_id: int, add_on: ProductView) -> list[ServiceView]:
    """The customer's active services to which an add-on can be added; empty for any other product."""
    if not add_on.fits:
        return []
    living = services_of(ctx, customer_id)
    had: dict[int, int] = {}
    for one in living:
        if (
            one.parent_id is not None
            and one.product_code == add_on.code
            and one.state is not ServiceState.FAILED
        ):
            had[one.parent_id] = had.get(one.parent_id, 0) + 1
    return [
        one
        for one in living
        if one.state is ServiceState.ACTIVE
        and one.product_code in add_on.fits
        and (not add_on.most_per_service or had.get(one.id, 0) < add_on.most_per_service)
    ]


def belonging_to(ctx: Context, service: ServiceView, *, ended: bool = False) -> list[ServiceView]:
    """What belongs to a service, and what belongs to that; those that ended only on request."""
    return [
        one for one, depth in nested(services_of(ctx, service.customer_id, ended=ended), service.id) if depth
    ]


def nested(services: Sequence[ServiceView], root: int | None = None) -> list[tuple[ServiceView, int]]:
    """Services with what belongs to each right behind it, and how deep each stands; with `root` that one and what belongs to it.

    One whose parent is not among them stands by itself.
    """
    known = {one.id for one in services}
    below: dict[int | None, list[ServiceView]] = {}
    for one in services:
        below.setdefault(one.parent_id if one.parent_id in known else None, []).append(one)

    def of(one: ServiceView, depth: int) -> list[tuple[ServiceView, int]]:
        return [(one, depth), *(pair for child in below.get(one.id, ()) for pair in of(child, depth + 1))]

    tops = below.get(None, []) if root is None else [one for one in services if one.id == root]
    return [pair for top in tops for pair in of(top, 0)]
