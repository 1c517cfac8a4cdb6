"""The forms of products, orders and services."""

from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from functools import lru_cache
from typing import Annotated, Any

from pydantic import BaseModel, Field, create_model

from trunkline.i18n import gettext as _
from trunkline.jobs.models import OnFailure
from trunkline.jobs.plans import ON_FAILURE
from trunkline_catalog.schemas import (
    Allowance,
    Amount,
    ChangeOffer,
    Code,
    Currency,
    Parameter,
    ParameterKind,
    ProductView,
    ServiceKind,
    SuspensionReason,
    SuspensionTerms,
)
from trunkline_catalog.tables import KIND_LABELS, REASON_LABELS
from trunkline_inventory.schemas import TemplateView

_INCLUDED = _("Included each month")
_SUSPENDED = _("While suspended")
_GIGABYTE = 10**9
Whole = Annotated[int, Field(ge=0, le=10_000_000)]


class ProductFacts(BaseModel):
    """What is said of a product, prices aside."""

    name: str = Field(
        min_length=1, max_length=120, title=_("Name"), description=_("As customers read it on invoices.")
    )
    description: str = Field(default="", max_length=1000, title=_("Description"))
    needs: list[str] = Field(
        default_factory=list,
        title=_("Needs from stock"),
        description=_("One item of each is picked when it is ordered."),
        json_schema_extra={"widget": "checkboxes", "section": _("How it is made")},
    )
    playbook: str = Field(
        default="",
        max_length=80,
        title=_("Playbook"),
        description=_("What sets it up in the network; none when nothing is to be set up."),
        json_schema_extra={"section": _("How it is made")},
    )
    on_failure: OnFailure = Field(
        default=OnFailure.UNDO,
        title=_("When a step fails"),
        description=_("Of orders to come; jobs that are planned already keep what they began with."),
        json_schema_extra={
            "section": _("How it is made"),
            "choices": [[one.value, label] for one, label in ON_FAILURE.items()],
        },
    )
    tariff: str = Field(
        default="",
        max_length=80,
        title=_("Tariff"),
        description=_("What use beyond the allowances costs."),
        json_schema_extra={"section": _("How it is made")},
    )
    gigabytes: Whole = Field(
        default=0, title=_("Data"), json_schema_extra={"suffix": "GB", "width": "third", "section": _INCLUDED}
    )
    minutes: Whole = Field(
        default=0,
        title=_("Calls"),
        json_schema_extra={"suffix": "min", "width": "third", "section": _INCLUDED},
    )
    messages: Whole = Field(
        default=0, title=_("Messages"), json_schema_extra={"width": "third", "section": _INCLUDED}
    )

    suspended_percent: int = Field(
        default=0,
        ge=0,
        le=100,
        title=_("Charged"),
        description=_(
            "Of the monthly price, for each whole day. 0: nothing is charged; 100: everything, as if it worked."
        ),
        json_schema_extra={"suffix": "%", "width": "third", "section": _SUSPENDED},
    )
    suspension_reasons: list[SuspensionReason] = Field(
        default=[SuspensionReason.REQUEST],
        title=_("When the reason is"),
        description=_("Suspended for any other reason, a service is charged on."),
        json_schema_extra={
            "widget": "checkboxes",
            "width": "two-thirds",
            "section": _SUSPENDED,
            "choices": [[one.value, label] for one, label in REASON_LABELS.items()],
        },
    )


class NewProduct(ProductFacts):
    """A new product with its first price."""

    code: Code = Field(
        title=_("Code"), description=_("Short word in lower case, such as mobile_10; it never changes.")
    )
    service_kind: ServiceKind = Field(
        default=ServiceKind.MOBILE,
        title=_("Kind of service"),
        json_schema_extra={"choices": [[kind.value, label] for kind, label in KIND_LABELS.items()]},
    )
    monthly_price: Amount = Field(
        title=_("Monthly"), json_schema_extra={"widget": "money", "width": "third", "section": _("Price")}
    )
    setup_price: Amount = Field(
        default=Decimal(0),
        title=_("Set-up, once"),
        json_schema_extra={"widget": "money", "width": "third", "section": _("Price")},
    )
    currency: Currency = Field(
        title=_("Currency"), json_schema_extra={"width": "third", "section": _("Price")}
    )


class EditProduct(ProductFacts):
    """New facts of a product."""

    version: int | None = None


class NewPrice(BaseModel):
    """A price from a day on."""

    monthly_price: Amount = Field(title=_("Monthly"), json_schema_extra={"widget": "money", "width": "half"})
    setup_price: Amount = Field(
        default=Decimal(0), title=_("Set-up, once"), json_schema_extra={"widget": "money", "width": "half"}
    )
    effective_from: date | None = Field(
        default=None,
        title=_("From"),
        description=_(
            "The first day on which it counts; at once when left blank. What has been ordered or billed stays as it is."
        ),
    )


class NewParameter(BaseModel):
    """One more parameter of a product."""

    name: Code = Field(title=_("Name"), description=_("Short word in lower case, as playbooks read it."))
    label: str = Field(min_length=1, max_length=60, title=_("Label"))
    kind: ParameterKind = Field(
        default=ParameterKind.TEXT,
        title=_("Kind"),
        json_schema_extra={
            "choices": [
                ["text", _("Text")],
                ["number", _("Number")],
                ["choice", _("Choice")],
                ["yes_no", _("Yes or no")],
            ]
        },
    )
    ask: bool = Field(default=False, title=_("Asked when the product is ordered"))
    required: bool = Field(default=False, title=_("Must be filled in"))
    value: str = Field(
        default="",
        max_length=500,
        title=_("Value"),
        description=_("Fixed, or what is suggested when it is asked."),
    )
    choices: list[str] = Field(
        default_factory=list,
        title=_("Choices"),
        description=_("One a line; only for a choice."),
        max_length=100,
    )
    secret: bool = Field(
        default=False,
        title=_("Secret"),
        description=_(
            "Asked as a text, kept sealed and never shown again. Playbooks read secrets.parameters.<name>."
        ),
    )


class Suspend(BaseModel):
    """Why a service is suspended."""

    reason: SuspensionReason = Field(
        title=_("Reason"),
        json_schema_extra={"choices": [[one.value, label] for one, label in REASON_LABELS.items()]},
    )
    note: str = Field(default="", max_length=300, title=_("Note"))
    start_after: datetime | None = Field(
        default=None, title=_("Not before"), description=_("Empty begins at once.")
    )


class Resume(BaseModel):
    """Which reason is lifted."""

    reason: SuspensionReason = Field(title=_("Reason to lift"))
    note: str = Field(default="", max_length=300, title=_("Note"))
    start_after: datetime | None = Field(
        default=None, title=_("Not before"), description=_("Empty begins at once.")
    )


class Terminate(BaseModel):
    """Why a service ends."""

    note: str = Field(default="", max_length=300, title=_("Reason"))
    start_after: datetime | None = Field(
        default=None, title=_("Not before"), description=_("Empty begins at once.")
    )


def allowances_of(facts: ProductFacts) -> tuple[Allowance, ...]:
    """The allowances in the units they are kept in."""
    found = []
    if facts.gigabytes:
        found.append(Allowance(type="data", quantity=facts.gigabytes * _GIGABYTE, unit="B"))
    if facts.minutes:
        found.append(Allowance(type="voice", quantity=facts.minutes * 60, unit="s"))
    if facts.messages:
        found.append(Allowance(type="sms", quantity=facts.messages, unit="messages"))
    return tuple(found)


def terms_of(facts: ProductFacts) -> SuspensionTerms:
    """What is charged while a service is suspended."""
    return SuspensionTerms(charged_percent=facts.suspended_percent, reasons=tuple(facts.suspension_reasons))


def facts_of(product: ProductView) -> dict[str, Any]:
    """A product as its form shows it."""
    quantities = {allowance.type: allowance.quantity for allowance in product.allowances}
    return {
        "name": product.name,
        "description": product.description,
        "needs": list(product.needs),
        "playbook": product.playbook,
        "on_failure": product.on_failure,
        "tariff": product.tariff,
        "gigabytes": quantities.get("data", 0) // _GIGABYTE,
        "minutes": quantities.get("voice", 0) // 60,
        "messages": quantities.get("sms", 0),
        "suspended_percent": product.suspension.charged_percent,
        "suspension_reasons": list(product.suspension.reasons),
        "version": product.version,
    }


PICK, PARAMETER = "pick_", "param_"


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


@lru_cache(maxsize=128)
def order_schema(
    product: ProductView, templates: tuple[TemplateView, ...], places: bool, people: bool
) -> type[BaseModel]:
    """What an order line of this product asks: items by hand if wished, its parameters, where and for whom."""
    fields: dict[str, Any] = {}
    labels = {template.name: template.label for template in templates}
    for name in product.needs:
        fields[PICK + name] = _item_question(name, labels.get(name, name), section=_("From stock"))
    for parameter in product.asked:
        fields[PARAMETER + parameter.name] = _question(parameter)
    if places:
        extra = {"section": _("Where and for whom"), "widget": "select"}
        fields["site_id"] = (int | None, Field(default=None, title=_("Site"), json_schema_extra=dict(extra)))
    if people:
        extra = {"section": _("Where and for whom"), "widget": "select"}
        fields["contact_id"] = (
            int | None,
            Field(default=None, title=_("Contact"), json_schema_extra=dict(extra)),
        )
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


def _question(parameter: Parameter, *, sectioned: bool = True) -> Any:
    extra: dict[str, Any] = {"section": _("Parameters")} if sectioned else {}
    if parameter.secret:
        extra |= {"widget": "password", "autocomplete": "new-password"}
        words = _("Kept sealed and never shown; empty leaves it as it is.")
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
