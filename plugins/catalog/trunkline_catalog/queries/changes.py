"""What can be changed on services of a product."""

from trunkline.i18n import gettext as _
from trunkline.operation import Context
from trunkline_catalog.schemas import ChangeOffer, ProductView
from trunkline_inventory import queries as inventory


def change_offers(ctx: Context, product: ProductView) -> list[ChangeOffer]:
    """The changes that a product's services can undergo, each word once: of one with a playbook those that plugins offer."""
    found = (
        list(ctx.app.hooks.gather("catalog_changes", ctx=ctx, product=product)) if product.playbook else []
    )
    offers = [offer for _plugin, offer in found] if product.playbook else _without_network(ctx, product)
    by_word: dict[str, ChangeOffer] = {}
    for offer in offers:
        by_word.setdefault(offer.word, offer)
    return list(by_word.values())


def _without_network(ctx: Context, product: ProductView) -> list[ChangeOffer]:
    labels = {template.name: template.label for template in inventory.templates(ctx)}
    offers = [
        ChangeOffer(word=name, label=labels.get(name, name), templates=(name,)) for name in product.needs
    ]
    if product.asked:
        names = tuple(one.name for one in product.asked)
        offers.append(ChangeOffer(word="parameters", label=str(_("Parameters")), parameters=names))
    return offers
