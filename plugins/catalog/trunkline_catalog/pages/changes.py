"""Changing a service from its page: one dialog for each change that its product offers."""

from dataclasses import dataclass
from typing import Any

from trunkline.errors import TrunklineError
from trunkline.i18n import gettext as _
from trunkline.web.forms import Form
from trunkline.web.pages import Page
from trunkline_catalog import queries
from trunkline_catalog.order_forms import PARAMETER, PICK, change_schema
from trunkline_catalog.pages.order_form import free_item
from trunkline_catalog.schemas import ChangeOffer, ChangeService, ServiceView
from trunkline_inventory import queries as inventory

_ICONS = {"sim": "device-sim", "number": "hash", "wifi": "wifi"}


@dataclass
class ChangeDialog:
    """One change that a service can undergo now, with its form."""

    offer: ChangeOffer
    form: Form[Any]
    is_on: bool

    @property
    def id(self) -> str:
        """Id of the dialog."""
        return f"change-{self.offer.word}"

    @property
    def title(self) -> str:
        """What is done, in words."""
        if not self.offer.switch:
            return str(_("Change {what}", what=self.offer.label))
        return str(
            _("Turn off: {what}", what=self.offer.label)
            if self.is_on
            else _("Turn on: {what}", what=self.offer.label)
        )

    @property
    def icon(self) -> str:
        """What stands beside it in the menu."""
        if self.offer.switch:
            return "lock-open" if self.is_on else "lock"
        return next(
            (_ICONS[name] for name in (self.offer.word, *self.offer.templates) if name in _ICONS), "pencil"
        )


def dialogs(page: Page, service: ServiceView) -> list[ChangeDialog]:
    """Every change that the service can undergo now, for who may change services."""
    if not page.can("catalog.service.change"):
        return []
    product = queries.product(page.ctx, service.product_code)
    templates = tuple(inventory.templates(page.ctx))
    found = []
    for offer in (one for one in queries.change_offers(page.ctx, product) if not one.plan):
        is_on = offer.word in service.switches
        schema = change_schema(product, offer, templates, is_on)
        values = {PARAMETER + name: service.parameters.get(name, "") for name in offer.parameters}
        form = page.form(
            schema,
            values,
            action=f"/catalog/services/{service.number}/change/{offer.word}",
            id=f"change-{offer.word}-form",
            prefix=f"{offer.word}.",
            submit=str(_("Change")) if not offer.switch else str(_("Turn off") if is_on else _("Turn on")),
        )
        found.append(ChangeDialog(offer, form, is_on))
    return found


def may_change_plan(page: Page, service: ServiceView) -> bool:
    """Whether the service can become another product now, and the actor may order that."""
    if not page.can("catalog.service.change"):
        return False
    product = queries.product(page.ctx, service.product_code)
    return any(offer.plan for offer in queries.change_offers(page.ctx, product))


def wish(page: Page, dialog: ChangeDialog) -> ChangeService | None:
    """What the dialog's filled-in form asks for; None when something typed cannot be had, which its form then says."""
    offer, command = dialog.offer, dialog.form.command
    picks: dict[str, str | None] = {}
    for template in offer.templates:
        typed = str(getattr(command, PICK + template)).strip()
        try:
            picks[template] = free_item(page, template, typed).number if typed else None
        except TrunklineError as error:
            dialog.form.refuse(PICK + template, str(error))
    if dialog.form.errors:
        return None
    return ChangeService(
        change=offer.word,
        picks=picks,
        parameters=_values(offer, command),
        on=command.on if offer.switch else None,
        note=command.note,
        start_after=command.start_after,
    )


def _values(offer: ChangeOffer, command: Any) -> dict[str, Any]:
    return {name: getattr(command, PARAMETER + name) for name in offer.parameters}


def refuse(dialog: ChangeDialog, error: TrunklineError) -> None:
    """Say what the operation refused beside its field: `picks.sim` is `pick_sim` here."""
    field = error.field or ""
    for word, prefix in (("picks.", PICK), ("parameters.", PARAMETER)):
        field = prefix + field.removeprefix(word) if field.startswith(word) else field
    dialog.form.refuse(field, str(error))
