"""Which other products a working service can become."""

from trunkline.operation import Context
from trunkline_catalog.queries.products import products
from trunkline_catalog.schemas import ChangeOffer, ProductKind, ProductView


def plan_choices(ctx: Context, product: ProductView, offer: ChangeOffer) -> list[ProductView]:
    """What services of a product can become by `offer`, by name: products on sale of the same kind, items, playbook and currency.

    The product itself is among them when the network can give it other values of the parameters that it asks.
    """
    return [one for one in _sold(ctx) if _is_compatible(product, one, offer)]


def _sold(ctx: Context) -> list[ProductView]:
    return ctx.once(("catalog.products_sold",), lambda: products(ctx))


def _is_compatible(product: ProductView, other: ProductView, offer: ChangeOffer) -> bool:
    if other.code == product.code:
        return offer.network and bool(other.asked)
    return (
        other.kind is product.kind is ProductKind.STANDALONE
        and other.service_kind is product.service_kind
        and set(other.needs) == set(product.needs)
        and other.playbook == product.playbook
        and bool(other.currency)
        and other.currency == (product.currency or other.currency)
    )
