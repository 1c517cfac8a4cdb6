"""Which changes of a working service a playbook can carry out, read from the names and texts of its files.

`change_sim.yml` exchanges the item `sim`; `change_wifi.yml` asks the parameters that it reads anew; any other file with an undo
beside it, as `bar.yml` and `undo_bar.yml`, is a switch: run to turn it on, its undo to turn it off. `change.yml` makes the
service another product, or gives it other values of the parameters it asks.
"""

import re
from collections.abc import Mapping, Sequence

from trunkline.errors import Refused
from trunkline.i18n import gettext as _
from trunkline.operation import Context
from trunkline_catalog.schemas import PLAN, ChangeOffer, OrderLineView, ProductView
from trunkline_inventory import queries as inventory
from trunkline_provisioning import library
from trunkline_provisioning.library import Playbook

_CHANGE = "change_"
_UNDO = "undo_"
#: Files that belong to the life of a service.
_LIFE = frozenset({"do", "undo", "suspend", "resume", "terminate", "change", "undo_change"})
_PARAMETER = re.compile(r"\bparameters\.([a-z][a-z0-9_]*)")
#: What differs from product to product.
_SOLD = re.compile(r"\b(?:product|parameters)\.")
_PREVIOUS = re.compile(r"\bprevious\.([a-z][a-z0-9_]*)")
#: Switches of the samples, as people call them.
_SWITCHES: Mapping[str, str] = {"bar": _("Calls barred")}


def offers(ctx: Context, product: ProductView) -> list[ChangeOffer]:
    """What the product's playbook can change, as far as the product has the items and parameters for it."""
    try:
        playbook = library.find(ctx.app, product.playbook)
    except Refused:
        return []
    labels = {template.name: template.label for template in inventory.templates(ctx)}
    found = [_offer(playbook, word, product, labels) for word in playbook.files]
    return [offer for offer in (*found, _plan(playbook)) if offer is not None]


def files_of(line: OrderLineView) -> tuple[str, str]:
    """The files that carry out and undo a line of the action `change`."""
    if line.change == PLAN:
        return "change", "undo_change"
    if not line.turn:
        return _CHANGE + line.change, _UNDO + _CHANGE + line.change
    on, off = line.change, _UNDO + line.change
    return (on, off) if line.turn == "on" else (off, on)


def _plan(playbook: Playbook) -> ChangeOffer | None:
    """That a service may become another product: `change.yml` tells the network, where it knows products apart at all."""
    if playbook.has("change"):
        return ChangeOffer(word=PLAN, label=str(_("Plan")), plan=True)
    if playbook.has("do") and _SOLD.search(playbook.path("do").read_text(errors="replace")):
        return None
    return ChangeOffer(word=PLAN, label=str(_("Plan")), plan=True, network=False)


def _offer(
    playbook: Playbook, word: str, product: ProductView, labels: Mapping[str, str]
) -> ChangeOffer | None:
    if word in _LIFE or word.startswith(_UNDO):
        return None
    if not word.startswith(_CHANGE):
        return _switch(playbook, word)
    name = word.removeprefix(_CHANGE)
    text = playbook.path(word).read_text(errors="replace")
    undo = playbook.path(_UNDO + word).read_text(errors="replace") if playbook.has(_UNDO + word) else ""
    exchanged = set(_PREVIOUS.findall(text + undo)) | {name}
    templates = tuple(template for template in product.needs if template in exchanged)
    if templates:
        return ChangeOffer(word=name, label=_joined(templates, labels), templates=templates)
    return _asked(name, text, product)


def _asked(name: str, text: str, product: ProductView) -> ChangeOffer | None:
    read = set(_PARAMETER.findall(text))
    asked = [one for one in product.asked if one.name in read]
    if not asked:
        return None
    label = ", ".join(one.label for one in asked)
    return ChangeOffer(word=name, label=label, parameters=tuple(one.name for one in asked))


def _switch(playbook: Playbook, word: str) -> ChangeOffer | None:
    if not playbook.has(_UNDO + word):
        return None
    label = _SWITCHES.get(word, word.replace("_", " ").capitalize())
    return ChangeOffer(word=word, label=str(label), switch=True)


def _joined(templates: Sequence[str], labels: Mapping[str, str]) -> str:
    return ", ".join(str(labels.get(name, name)) for name in templates)
