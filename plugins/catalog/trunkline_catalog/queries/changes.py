"""What can be changed on services of a product."""

from collections.abc import Sequence

from trunkline.errors import Refused
from trunkline.i18n import gettext as _
from trunkline.operation import Context
from trunkline_catalog.parameters import changed_values
from trunkline_catalog.queries.plans import plan_choices
from trunkline_catalog.schemas import PLAN, ChangeOffer, ChangeService, ProductView, ServiceView
from trunkline_inventory import queries as inventory


def change_offers(ctx: Context, product: ProductView) -> list[ChangeOffer]:
    """The changes that a product's services can undergo, each word once: of one with a playbook those that plugins offer."""
    found = (
        list(ctx.app.hooks.gather("catalog_changes", ctx=ctx, product=product)) if product.playbook else []
    )
    offers = [offer for _plugin, offer in found] if product.playbook else _without_network(ctx, product)
    by_word: dict[str, ChangeOffer] = {}
    for offer in offers:
        if not offer.plan or plan_choices(ctx, product, offer):
            by_word.setdefault(offer.word, offer)
    return list(by_word.values())


def change_problem(
    product: ProductView, offers: Sequence[ChangeOffer], service: ServiceView, command: ChangeService
) -> str:
    """Why a change would be refused as far as can be seen beforehand; empty when it would not. Stock is not looked at."""
    offer = next((one for one in offers if one.word == command.change), None)
    if offer is None:
        return str(_("{product} offers no change “{word}”.", product=product.name, word=command.change))
    if offer.plan:
        return str(_("A plan is changed on the page of its service."))
    if offer.switch and command.on == (offer.word in service.switches):
        return str(_("It is so already."))
    stray = next((name for name in command.picks if name not in offer.templates), None)
    if stray is not None:
        return str(_("This change exchanges no “{template}”.", template=stray))
    if any(one.secret and one.name in command.parameters for one in product.parameters):
        return str(_("A secret is changed on the page of its service."))
    try:
        values = changed_values(product, offer, service.parameters, command.parameters)
    except Refused as refusal:
        return str(refusal)
    unchanged = not offer.templates and not offer.switch and values == service.parameters
    return str(_("It is so already.")) if unchanged else ""


def _without_network(ctx: Context, product: ProductView) -> list[ChangeOffer]:
    labels = {template.name: template.label for template in inventory.templates(ctx)}
    offers = [
        ChangeOffer(word=name, label=labels.get(name, name), templates=(name,)) for name in product.needs
    ]
    if product.asked:
        names = tuple(one.name for one in product.asked)
        offers.append(ChangeOffer(word="parameters", label=str(_("Parameters")), parameters=names))
    offers.append(ChangeOffer(word=PLAN, label=str(_("Plan")), plan=True, network=False))
    return offers
