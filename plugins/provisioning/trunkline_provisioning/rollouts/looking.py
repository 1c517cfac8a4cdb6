"""The dry look: which services of a list can undergo the wish, and why the others cannot. Nothing is changed."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from trunkline.db.parts import parts
from trunkline.errors import TrunklineError
from trunkline.i18n import gettext as _
from trunkline.operation import Context
from trunkline.web.tones import state_label
from trunkline_catalog import queries as catalog
from trunkline_catalog.schemas import ChangeOffer, ChangeService, ProductView, ServiceState, ServiceView
from trunkline_provisioning import library
from trunkline_provisioning.library import Playbook
from trunkline_provisioning.rollouts.schemas import RolloutAction, RolloutWish, ServiceWish

_AT_ONCE = 400


@dataclass(frozen=True)
class Looked:
    """One service as it was found; `problem` is empty when the wish can be fulfilled."""

    wish: ServiceWish
    service: ServiceView | None
    problem: str = ""


@dataclass
class _Known:
    """What is asked once per product."""

    ctx: Context
    products: dict[str, ProductView] = field(default_factory=dict)
    offers: dict[str, list[ChangeOffer]] = field(default_factory=dict)
    playbooks: dict[str, Playbook | None] = field(default_factory=dict)

    def product(self, code: str) -> ProductView:
        if code not in self.products:
            self.products[code] = catalog.product(self.ctx, code)
        return self.products[code]

    def changes(self, code: str) -> list[ChangeOffer]:
        if code not in self.offers:
            self.offers[code] = catalog.change_offers(self.ctx, self.product(code))
        return self.offers[code]

    def playbook(self, name: str) -> Playbook | None:
        if name not in self.playbooks:
            try:
                self.playbooks[name] = library.find(self.ctx.app, name)
            except TrunklineError:
                self.playbooks[name] = None
        return self.playbooks[name]


def look(ctx: Context, wish: RolloutWish, wanted: Sequence[ServiceWish]) -> Iterator[Looked]:
    """Every service of the list in its order, a few hundred read at a time."""
    known, seen = _Known(ctx), set[str]()
    for part in parts(wanted, _AT_ONCE):
        services = {one.number: one for one in catalog.services_numbered(ctx, [one.service for one in part])}
        busy = catalog.busy_services(ctx, [one.id for one in services.values()])
        for one in part:
            service = services.get(one.service)
            if service is None:
                yield Looked(one, None, str(_("There is no such service.")))
            elif one.service in seen:
                yield Looked(one, None, str(_("It is named twice.")))
            else:
                yield Looked(one, service, _problem(known, wish, one, service, busy))
            seen.add(one.service)


def _problem(
    known: _Known, wish: RolloutWish, one: ServiceWish, service: ServiceView, busy: Mapping[int, str]
) -> str:
    if service.state is not ServiceState.ACTIVE:
        return str(_("It is {state}, not active.", state=state_label(service.state).lower()))
    if service.id in busy:
        return str(_("Order line {line} is at work on it.", line=busy[service.id]))
    if wish.action is RolloutAction.CHANGE:
        command = change_of(wish, one)
        product = known.product(service.product_code)
        return catalog.change_problem(product, known.changes(service.product_code), service, command)
    return _suspension_problem(wish, service) or _file_problem(known, wish, service)


def change_of(wish: RolloutWish, one: ServiceWish) -> ChangeService:
    """The change of one service: what is wanted of all, with its own values over it."""
    return ChangeService(
        change=wish.change,
        picks=dict(one.picks),
        parameters={**wish.parameters, **one.parameters},
        on=wish.on,
        note=wish.note,
    )


def _suspension_problem(wish: RolloutWish, service: ServiceView) -> str:
    if wish.action is RolloutAction.SUSPEND and wish.reason in service.suspensions:
        return str(_("It is suspended for that reason already."))
    if wish.action is RolloutAction.RESUME and wish.reason not in service.suspensions:
        return str(_("It is not suspended for that reason."))
    return ""


def _file_problem(known: _Known, wish: RolloutWish, service: ServiceView) -> str:
    """What the product's playbook lacks; a further suspension reason does not touch the network."""
    if wish.action not in (RolloutAction.SUSPEND, RolloutAction.RESUME, RolloutAction.TERMINATE):
        return ""
    name = known.product(service.product_code).playbook
    if not name:
        return ""
    playbook = known.playbook(name)
    if playbook is None:
        return str(_("The playbook {name} of its product is not there.", name=name))
    if not playbook.has(wish.action.value):
        return str(
            _("The playbook {name} of its product has no {file}.", name=name, file=f"{wish.action}.yml")
        )
    return ""
