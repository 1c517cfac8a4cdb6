"""What may be done to a service as it stands: asked when it is ordered, and again when the day of a dated order has come."""

from typing import Any

from trunkline.errors import Refused
from trunkline.i18n import gettext as _
from trunkline.operation import Context
from trunkline.web.tones import state_within
from trunkline_catalog import queries
from trunkline_catalog.models import CatalogService
from trunkline_catalog.schemas import ChangeOffer, Previous, ProductView, ServiceState, ServiceView


def require_active(service: CatalogService) -> None:
    """Raise Refused naming the state of a service that does not work: only one that does can be changed."""
    if service.state != ServiceState.ACTIVE:
        raise Refused(
            _(
                "{service} is {state}; only an active service can be changed.",
                service=service.number,
                state=state_within(service.state),
            )
        )


def suspending(service: ServiceView, reason: str) -> bool:
    """Whether the network is told of a further reason to suspend. Raises Refused (field `reason`) when it is in force already."""
    if reason in service.suspensions:
        raise Refused(
            _("{service} is suspended for that reason already.", service=service.number),
            field="reason",
            remedy=_("Choose another one."),
        )
    return not service.suspensions


def resuming(service: ServiceView, reason: str) -> bool:
    """Whether the network is told that a reason is lifted. Raises Refused (field `reason`) when it is not in force."""
    if reason not in service.suspensions:
        raise Refused(
            _("{service} is not suspended for that reason.", service=service.number),
            field="reason",
            remedy=_("In force: {reasons}.", reasons=", ".join(service.suspensions) or "–"),
        )
    return len(service.suspensions) == 1


def offered(ctx: Context, product: ProductView, word: str) -> ChangeOffer:
    """A change that the product's services can undergo. Raises Refused (field `change`) naming those there are."""
    offers = {offer.word: offer for offer in queries.change_offers(ctx, product)}
    if word not in offers:
        raise Refused(
            _("{product} offers no change “{word}”.", product=product.name, word=word),
            field="change",
            remedy=_("It offers: {names}.", names=", ".join(offers) or "–"),
        )
    return offers[word]


def turning(offer: ChangeOffer, had: Previous, on: bool | None) -> str:
    """`on` or `off` for a switch, else empty. Raises Refused (field `on`) when nobody says which, or it stands so."""
    if not offer.switch:
        return ""
    if on is None:
        raise Refused(_("Say whether it shall be on."), field="on")
    if on == (offer.word in had.switches):
        state = _("on") if on else _("off")
        raise Refused(_("{what} is {state} already.", what=offer.label, state=state), field="on")
    return "on" if on else "off"


def require_difference(offer: ChangeOffer, before: tuple[Any, ...], after: tuple[Any, ...]) -> None:
    """Raise Refused when what a change would leave is what there was."""
    if before == after:
        raise Refused(
            _("Nothing would change."),
            field=f"parameters.{offer.parameters[0]}" if offer.parameters else "change",
            remedy=_("Give another value."),
        )
