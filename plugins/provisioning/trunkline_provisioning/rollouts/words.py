"""A rollout's wish in words, and the words by which a form names it."""

from trunkline.errors import Refused
from trunkline.i18n import format_rate
from trunkline.i18n import gettext as _
from trunkline.operation import Context
from trunkline_catalog import queries as catalog
from trunkline_catalog.schemas import ChangeOffer, SuspensionReason
from trunkline_provisioning import library
from trunkline_provisioning.rollouts.schemas import RolloutAction, RolloutLimits, RolloutView, RolloutWish

_PLAIN = {
    RolloutAction.SUSPEND: _("Suspend"),
    RolloutAction.RESUME: _("Resume"),
    RolloutAction.TERMINATE: _("Terminate"),
}

#: Why services are suspended.
REASONS = {
    SuspensionReason.REQUEST: _("Customer’s request"),
    SuspensionReason.DEBT: _("Unpaid invoices"),
    SuspensionReason.FRAUD: _("Fraud"),
    SuspensionReason.LOST: _("Lost or stolen"),
}


def offers(ctx: Context) -> dict[str, ChangeOffer]:
    """Every change that some product offers, by its word."""
    found: dict[str, ChangeOffer] = {}
    for product in catalog.products(ctx, retired=True):
        for offer in (one for one in catalog.change_offers(ctx, product) if not one.plan):
            found.setdefault(offer.word, offer)
    return found


def wish_in_words(ctx: Context, wish: RolloutWish) -> str:
    """What is done to each service."""
    if wish.action in _PLAIN:
        return _PLAIN[wish.action]
    if wish.action is RolloutAction.PLAYBOOK:
        return _("Playbook {name}", name=wish.playbook)
    offer = offers(ctx).get(wish.change)
    return _change_in_words(offer.label if offer else wish.change, wish.on)


def wanted(ctx: Context, rollout: RolloutView) -> list[tuple[str, str]]:
    """What was filled in when the list was made, each with its label: of the change itself, and how carefully it goes."""
    wish, limits = rollout.wish, rollout.limits
    found: list[tuple[str, str]] = [(_("What is done"), wish_in_words(ctx, wish))]
    if wish.action in (RolloutAction.SUSPEND, RolloutAction.RESUME):
        found.append((_("Reason"), REASONS[wish.reason]))
    labels = {one.name: one.label for each in catalog.products(ctx, retired=True) for one in each.parameters}
    found += [(labels.get(name, name), _shown(value)) for name, value in wish.parameters.items()]
    if wish.note:
        found.append((_("Note"), wish.note))
    for name, info in RolloutLimits.model_fields.items():
        value = getattr(limits, name)
        shown = format_rate(value) if name == "stop_percent" and value is not None else _shown(value)
        found.append((info.title or name, "" if value is None else shown))
    return found


def _shown(value: object) -> str:
    if isinstance(value, bool):
        return _("Yes") if value else _("No")
    return str(value)


def _change_in_words(label: str, on: bool | None) -> str:
    if on is None:
        return _("Change {what}", what=label)
    return _("Turn on: {what}", what=label) if on else _("Turn off: {what}", what=label)


def choices(ctx: Context) -> list[tuple[str, str]]:
    """What a form offers: values that `read` understands, with their words."""
    found = [(action.value, str(label)) for action, label in _PLAIN.items()]
    for word, offer in offers(ctx).items():
        turns = (True, False) if offer.switch else (None,)
        found += [(_value(word, on), _change_in_words(offer.label, on)) for on in turns]
    if ctx.actor.may("provisioning.playbook.run"):
        for playbook in library.library(ctx.app).values():
            names = (f"{playbook.name}/{word}" for word in playbook.files if not _belongs_to_orders(word))
            found += [(f"playbook:{name}", str(_("Playbook {name}", name=name))) for name in names]
    return found


def _belongs_to_orders(word: str) -> bool:
    """Files that an order runs: by themselves they would leave network and system apart."""
    return word in ("suspend", "resume", "terminate") or word.startswith(("undo", "change", "verify"))


def _value(word: str, on: bool | None) -> str:
    return f"change:{word}" if on is None else f"change:{word}:{'on' if on else 'off'}"


def read(what: str, **more: object) -> RolloutWish:
    """The wish that a form's choice names. Raises Refused (field `what`)."""
    kind, _mark, rest = what.partition(":")
    if kind not in list(RolloutAction):
        raise Refused(_("Choose what is done."), field="what")
    word, _mark, turn = rest.partition(":")
    wish = {"action": kind, **more}
    if kind == RolloutAction.CHANGE:
        wish |= {"change": word, "on": {"on": True, "off": False}.get(turn)}
    elif kind == RolloutAction.PLAYBOOK:
        wish["playbook"] = rest
    return RolloutWish.model_validate(wish)
