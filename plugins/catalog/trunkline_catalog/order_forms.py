"""The forms of orders, changes and plan changes, put together from the product."""

from datetime import datetime
from enum import StrEnum
from functools import lru_cache
from typing import Any

from pydantic import BaseModel, Field, create_model

from trunkline.i18n import gettext as _
from trunkline_catalog.schemas import ChangeOffer, Parameter, ParameterKind, ProductKind, ProductView
from trunkline_inventory.schemas import TemplateView

PICK, PARAMETER, ADDED_TO = "pick_", "param_", "added_to"


class AddLine(BaseModel):
    """Which product one more line of an order is of."""

    add_product: str = Field(title=_("Product"), json_schema_extra={"widget": "select"})


class OrderNote(BaseModel):
    """What is said of an order as a whole."""

    note: str = Field(
        default="",
        max_length=500,
        title=_("Note"),
        description=_("For those who work on this order."),
        json_schema_extra={"width": "full"},
    )
    start_after: datetime | None = Field(
        default=None,
        title=_("Not before"),
        description=_("Empty begins at once. Items are held at once in any case."),
    )
    contract: str = Field(
        default="",
        title=_("Contract"),
        description=_("The new services stand under it."),
        json_schema_extra={"widget": "select", "blank": _("No contract")},
    )


_CONTRACT: dict[str, Any] = {
    "contract": (
        str,
        Field(
            default="",
            title=_("Contract"),
            json_schema_extra={
                "section": _("Where and for whom"),
                "widget": "select",
                "blank": _("As for the whole order"),
            },
        ),
    )
}


@lru_cache(maxsize=128)
def order_schema(
    product: ProductView,
    templates: tuple[TemplateView, ...],
    places: bool,
    people: bool,
    contracts: bool = False,
) -> type[BaseModel]:
    """What an order line of this product asks: items by hand if wished, its parameters, where and for whom; with `contracts`
    also under which contract, if it belongs to no other service."""
    fields: dict[str, Any] = {}
    labels = {template.name: template.label for template in templates}
    if product.kind is ProductKind.BUNDLE:
        return create_model(f"Order_{product.code}", **(_CONTRACT if contracts else {}))
    if product.kind is ProductKind.ADD_ON:
        fields[ADDED_TO] = (
            str,
            Field(
                min_length=1,
                title=_("Added to"),
                description=_("The service that gets it; both are suspended and end together."),
                json_schema_extra={"widget": "select", "width": "full"},
            ),
        )
    for name in product.needs:
        fields[PICK + name] = _item_question(name, labels.get(name, name), section=_("From stock"))
    for parameter in product.asked:
        fields[PARAMETER + parameter.name] = _question(parameter, first=True)
    if places:
        extra = {"section": _("Where and for whom"), "widget": "select"}
        fields["site_id"] = (int | None, Field(default=None, title=_("Site"), json_schema_extra=dict(extra)))
    if people:
        extra = {"section": _("Where and for whom"), "widget": "select"}
        fields["contact_id"] = (
            int | None,
            Field(default=None, title=_("Contact"), json_schema_extra=dict(extra)),
        )
    if contracts and product.kind is not ProductKind.ADD_ON:
        fields |= _CONTRACT
    return create_model(f"Order_{product.code}", **fields)


@lru_cache(maxsize=128)
def change_schema(
    product: ProductView, offer: ChangeOffer, templates: tuple[TemplateView, ...], on: bool
) -> type[BaseModel]:
    """What a change of a service asks: the new items, the new values of parameters; of a switch only whether to turn it."""
    labels = {template.name: template.label for template in templates}
    fields: dict[str, Any] = {}
    for name in offer.templates:
        fields[PICK + name] = _item_question(name, _("New: {what}", what=labels.get(name, name)))
    for parameter in product.parameters:
        if parameter.name in offer.parameters:
            fields[PARAMETER + parameter.name] = _question(parameter, sectioned=False)
    if offer.switch:
        fields["on"] = (bool, Field(default=not on, json_schema_extra={"widget": "hidden"}))
    fields["note"] = (str, Field(default="", max_length=300, title=_("Note")))
    fields["start_after"] = (
        datetime | None,
        Field(default=None, title=_("Not before"), description=_("Empty begins at once.")),
    )
    return create_model(f"Change_{product.code}_{offer.word}", **fields)


class PlanStart(StrEnum):
    """From when on a service shall be another product."""

    NOW = "now"
    NEXT_BILL = "next_bill"
    DATE = "date"


@lru_cache(maxsize=128)
def plan_schema(product: ProductView) -> type[BaseModel]:
    """What becoming this product asks: its parameters, and from when on."""
    fields: dict[str, Any] = {PARAMETER + one.name: _question(one) for one in product.asked}
    section = {"section": _("From when on")}
    fields["begins"] = (
        PlanStart,
        Field(
            default=PlanStart.NOW,
            title=_("Begins"),
            json_schema_extra={
                **section,
                "widget": "radio",
                "width": "full",
            },
        ),
    )
    fields["start_after"] = (
        datetime | None,
        Field(
            default=None,
            title=_("Not before"),
            description=_("Only for a date. Network and charges change then."),
            json_schema_extra=dict(section),
        ),
    )
    fields["note"] = (
        str,
        Field(default="", max_length=300, title=_("Note"), json_schema_extra={**section, "width": "full"}),
    )
    return create_model(f"Plan_{product.code}", **fields)


def _item_question(template: str, title: str, **extra: Any) -> Any:
    return (
        str,
        Field(
            default="",
            max_length=200,
            title=title,
            description=_("Leave it blank to pick the next free one."),
            json_schema_extra={
                "widget": "lookup",
                "href": f"/catalog/orders/items/{template}",
                "placeholder": _("Automatic"),
                **extra,
            },
        ),
    )


def _question(parameter: Parameter, *, sectioned: bool = True, first: bool = False) -> Any:
    """`first` for a service that has no values yet."""
    extra: dict[str, Any] = {"section": _("Parameters")} if sectioned else {}
    if parameter.secret:
        extra |= {"widget": "password", "autocomplete": "new-password"}
        words = _("Kept sealed and never shown; empty leaves it as it is.")
        if first:
            words = _("Kept sealed and never shown. Once entered, empty leaves it as it is.")
            extra["optional"] = not parameter.required
        return str, Field(
            default="", max_length=500, title=parameter.label, description=words, json_schema_extra=extra
        )
    if parameter.kind is ParameterKind.CHOICE:
        extra["choices"] = [[choice, choice] for choice in parameter.choices]
    if parameter.kind is ParameterKind.YES_NO:
        suggested = parameter.value.lower() in ("1", "true", "yes", "on")
        return bool, Field(default=suggested, title=parameter.label, json_schema_extra=extra)
    if parameter.required and not parameter.value:
        return str, Field(min_length=1, max_length=500, title=parameter.label, json_schema_extra=extra)
    return str, Field(default=parameter.value, max_length=500, title=parameter.label, json_schema_extra=extra)
