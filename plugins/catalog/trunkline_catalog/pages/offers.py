"""What a customer can order, as the product step of an order shows it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from trunkline.operation import Context
from trunkline_catalog import queries
from trunkline_catalog.schemas import ProductKind, ProductView
from trunkline_inventory import queries as inventory


@dataclass(frozen=True)
class Offer:
    """A product on sale with its price in micro-units, and what keeps it from being ordered now."""

    product: ProductView
    setup_micros: int
    monthly_micros: int
    #: Of a bundle, what it is made of in words.
    parts: Sequence[str]
    #: Inventory templates of which nothing is left.
    lacking: Sequence[str]
    #: Of a bundle, the names of its products that are not sold any more.
    retired: Sequence[str]
    #: Whether it stands alone, or an active service of the customer's can get it.
    fits: bool


def offers_to(ctx: Context, customer_id: int) -> list[Offer]:
    """Every product on sale, by name."""
    known = {one.code: one for one in queries.products(ctx, retired=True)}
    stock = inventory.counts(ctx)
    return [_offer(ctx, customer_id, one, known, stock) for one in known.values() if not one.retired]


def _offer(
    ctx: Context,
    customer_id: int,
    product: ProductView,
    known: Mapping[str, ProductView],
    stock: Mapping[str, Mapping[str, int]],
) -> Offer:
    members = [(known[one.product], one.quantity) for one in product.members]
    needs = dict.fromkeys(
        name for one in (product, *(member for member, _n in members)) for name in one.needs
    )
    setup, monthly = queries.offer_price(product, known)
    return Offer(
        product=product,
        setup_micros=setup,
        monthly_micros=monthly,
        parts=[one.name if n == 1 else f"{n} × {one.name}" for one, n in members],
        lacking=[name for name in needs if not stock.get(name, {}).get("available", 0)],
        retired=[one.name for one, _n in members if one.retired],
        fits=product.kind is not ProductKind.ADD_ON or bool(queries.hosts_of(ctx, customer_id, product)),
    )
