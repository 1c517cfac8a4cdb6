"""The forms of products and services."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any, cast

from pydantic import BaseModel, Field, JsonValue

from trunkline.errors import Refused
from trunkline.i18n import gettext as _
from trunkline.jobs.models import OnFailure
from trunkline.jobs.plans import ON_FAILURE
from trunkline_catalog.schemas import (
    Allowance,
    Amount,
    Code,
    Currency,
    ParameterKind,
    ProductKind,
    ProductView,
    ServiceKind,
    SuspensionReason,
    SuspensionTerms,
)
from trunkline_catalog.tables import KIND_LABELS, PRODUCT_KIND_LABELS, REASON_LABELS

_MADE = _("How it is made")
_INCLUDED = _("Included each month")
_SUSPENDED = _("While suspended")
_BUNDLE, _ADD_ON = _("Of a bundle"), _("Of an add-on")
_GIGABYTE = 10**9
Whole = Annotated[int, Field(ge=0, le=10_000_000)]


def _of(*kinds: ProductKind) -> JsonValue:
    return {"kind": [kind.value for kind in kinds]}


_OF_ADD_ON, _OF_BUNDLE = _of(ProductKind.ADD_ON), _of(ProductKind.BUNDLE)
#: A bundle leaves to its products what is set up; nothing stays of a one-off charge.
_SET_UP = _of(ProductKind.STANDALONE, ProductKind.ADD_ON)
_LASTING = _of(ProductKind.STANDALONE, ProductKind.ADD_ON, ProductKind.BUNDLE)
_WITH_STEPS = _of(ProductKind.STANDALONE, ProductKind.ADD_ON, ProductKind.ONE_OFF)


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
        json_schema_extra={"widget": "checkboxes", "section": _MADE, "only_when": _SET_UP},
    )
    playbook: str = Field(
        default="",
        max_length=80,
        title=_("Playbook"),
        description=_("What sets it up in the network; none when nothing is to be set up."),
        json_schema_extra={"section": _MADE, "only_when": _SET_UP},
    )
    on_failure: OnFailure = Field(
        default=OnFailure.UNDO,
        title=_("When a step fails"),
        description=_("Of orders to come; jobs that are planned already keep what they began with."),
        json_schema_extra={
            "section": _MADE,
            "only_when": _WITH_STEPS,
            "choices": [[one.value, label] for one, label in ON_FAILURE.items()],
        },
    )
    tariff: str = Field(
        default="",
        max_length=80,
        title=_("Tariff"),
        description=_("What use beyond the allowances costs."),
        json_schema_extra={"section": _MADE, "only_when": _SET_UP},
    )
    gigabytes: Whole = Field(
        default=0,
        title=_("Data"),
        json_schema_extra={"suffix": "GB", "width": "third", "section": _INCLUDED, "only_when": _SET_UP},
    )
    minutes: Whole = Field(
        default=0,
        title=_("Calls"),
        json_schema_extra={"suffix": "min", "width": "third", "section": _INCLUDED, "only_when": _SET_UP},
    )
    messages: Whole = Field(
        default=0,
        title=_("Messages"),
        json_schema_extra={"width": "third", "section": _INCLUDED, "only_when": _SET_UP},
    )

    suspended_percent: int = Field(
        default=0,
        ge=0,
        le=100,
        title=_("Charged"),
        description=_(
            "Of the monthly price, for each whole day. 0: nothing is charged; 100: everything, as if it worked."
        ),
        json_schema_extra={"suffix": "%", "width": "third", "section": _SUSPENDED, "only_when": _LASTING},
    )
    suspension_reasons: list[SuspensionReason] = Field(
        default=[SuspensionReason.REQUEST],
        title=_("When the reason is"),
        description=_("Suspended for any other reason, a service is charged on."),
        json_schema_extra={
            "widget": "checkboxes",
            "width": "two-thirds",
            "section": _SUSPENDED,
            "only_when": _LASTING,
            "choices": [[one.value, label] for one, label in REASON_LABELS.items()],
        },
    )


_QUANTITY: dict[str, JsonValue] = {"width": "third"}


class AddOnFacts(BaseModel):
    """What an add-on goes with."""

    fits: list[Code] = Field(
        default_factory=list,
        title=_("Goes with"),
        description=_("Services of these products can get it."),
        json_schema_extra={"widget": "checkboxes", "section": _ADD_ON, "only_when": _OF_ADD_ON},
    )
    most_per_service: int = Field(
        default=0,
        ge=0,
        le=100,
        title=_("At most per service"),
        description=_("0: any number."),
        json_schema_extra={"section": _ADD_ON, "only_when": _OF_ADD_ON, **_QUANTITY},
    )


class EditAddOnFacts(AddOnFacts):
    """The same with the version of the product that was opened."""

    version: int | None = None


class BundleMember(BaseModel):
    """A product of a bundle."""

    product: Code = Field(title=_("Product"), json_schema_extra={"widget": "select"})
    quantity: int = Field(
        default=1,
        ge=1,
        le=20,
        title=_("Quantity"),
        description=_("Of a product that is in it already, this becomes its quantity."),
        json_schema_extra=_QUANTITY,
    )


class NewProduct(AddOnFacts, ProductFacts):
    """A new product with its first price."""

    kind: ProductKind = Field(
        default=ProductKind.STANDALONE,
        title=_("Sold as"),
        description=_(
            "A bundle is made of other products; an add-on is added to a service; of a one-off charge nothing stays."
        ),
        json_schema_extra={"choices": [[kind.value, label] for kind, label in PRODUCT_KIND_LABELS.items()]},
    )
    members: list[str] = Field(
        default_factory=list,
        title=_("Products in it"),
        description=_("One service of each; more of one is said on the bundle’s page."),
        json_schema_extra={"widget": "checkboxes", "section": _BUNDLE, "only_when": _OF_BUNDLE},
    )
    priced_by_members: bool = Field(
        default=False,
        title=_("Costs what its products cost"),
        description=_("Its own prices stay 0, and the invoice has a line for each of its services."),
        json_schema_extra={"section": _BUNDLE, "only_when": _OF_BUNDLE},
    )

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


def left_out(kind: ProductKind) -> list[str]:
    """Fields of a product's form that mean nothing for this kind."""
    found = []
    for name, field in EditProduct.model_fields.items():
        extra = field.json_schema_extra if isinstance(field.json_schema_extra, dict) else {}
        when = extra.get("only_when")
        if isinstance(when, dict) and kind.value not in cast("list[str]", when["kind"]):
            found.append(name)
    return found


@contextmanager
def beside_their_fields(facts: ProductFacts) -> Iterator[None]:
    """Have what is refused of allowances and suspensions name the fields in which the form asks for them."""
    try:
        yield
    except Refused as error:
        if error.field == "allowances":
            asked = ("gigabytes", "minutes", "messages")
            error.field = next((name for name in asked if getattr(facts, name)), error.field)
        elif error.field == "suspension":
            error.field = "suspended_percent" if facts.suspended_percent else "suspension_reasons"
        raise


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
