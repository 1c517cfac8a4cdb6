"""Products and their prices."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from trunkline.i18n import gettext as _
from trunkline.jobs.models import OnFailure
from trunkline_catalog.schemas.suspensions import SuspensionReason

Word = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,39}$"), Field(examples=["fibre_600"])]
Code = Word
Amount = Annotated[Decimal, Field(ge=0, max_digits=15, decimal_places=6)]
Currency = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$"), Field(examples=["BRL"])]


class ProductKind(StrEnum):
    """How a product is sold."""

    STANDALONE = "standalone"
    BUNDLE = "bundle"
    ADD_ON = "add_on"
    #: Charged once; nothing of it stays, as of a technician's visit.
    ONE_OFF = "one_off"
    PROMOTION = "promotion"


#: The kinds that can be ordered so far.
OFFERED_KINDS = (
    ProductKind.STANDALONE,
    ProductKind.BUNDLE,
    ProductKind.ADD_ON,
    ProductKind.ONE_OFF,
)


class ServiceKind(StrEnum):
    """What a service is on the network; says how its identifiers are called."""

    MOBILE = "mobile"
    OTHER = "other"


class ParameterKind(StrEnum):
    TEXT = "text"
    NUMBER = "number"
    CHOICE = "choice"
    YES_NO = "yes_no"


class Parameter(BaseModel):
    """One typed parameter of a product: fixed by `value`, or asked when it is ordered (`ask`)."""

    model_config = ConfigDict(frozen=True)

    name: Word = Field(title=_("Name"), description=_("Short word in lower case, as playbooks read it."))
    label: str = Field(min_length=1, max_length=60, title=_("Label"))
    kind: ParameterKind = Field(default=ParameterKind.TEXT, title=_("Kind"))
    ask: bool = Field(default=False, title=_("Asked when the product is ordered"))
    required: bool = Field(default=False, title=_("Must be filled in"))
    value: str = Field(
        default="",
        max_length=500,
        title=_("Value"),
        description=_("Fixed, or what is suggested when it is asked."),
    )
    choices: tuple[str, ...] = Field(
        default=(), title=_("Choices"), description=_("One a line; only for a choice.")
    )
    secret: bool = Field(
        default=False,
        title=_("Secret"),
        description=_(
            "Asked as a text, kept sealed and never shown again. Playbooks read secrets.parameters.<name>."
        ),
    )


class Member(BaseModel):
    """A product of a bundle, and how many services of it the bundle makes."""

    model_config = ConfigDict(frozen=True)

    product: Code = Field(title=_("Product"))
    quantity: int = Field(default=1, ge=1, le=20, title=_("Quantity"))


class Allowance(BaseModel):
    """Usage included each month. Quantities: bytes, seconds, messages."""

    model_config = ConfigDict(frozen=True)

    type: Literal["data", "voice", "sms"]
    quantity: int = Field(gt=0)
    unit: Literal["B", "s", "messages"]


class SuspensionTerms(BaseModel):
    """What a suspended service costs: `charged_percent` of the monthly price for each whole day on which it was suspended for one
    of `reasons`. Suspended for any other reason, it is charged on."""

    model_config = ConfigDict(frozen=True)

    charged_percent: int = Field(default=0, ge=0, le=100)
    reasons: tuple[SuspensionReason, ...] = (SuspensionReason.REQUEST,)


class PriceView(BaseModel):
    """What a product costs from a moment on, until the next price begins. Amounts in micro-units (1e-6)."""

    model_config = ConfigDict(frozen=True)

    id: int
    effective_from: datetime
    effective_to: datetime | None
    setup_micros: int
    monthly_micros: int
    currency: str


@dataclass(frozen=True, slots=True)
class Price:
    """A price at a moment, in micro-units of `currency`."""

    setup_micros: int
    monthly_micros: int
    currency: str


class ProductView(BaseModel):
    """A product as orders, provisioning and billing see it. Prices are those of the moment it was read."""

    model_config = ConfigDict(frozen=True)

    id: int
    code: str
    name: str
    description: str = ""
    kind: ProductKind
    service_kind: ServiceKind
    retired: bool = False
    #: Names of the inventory templates of which an order picks one item each.
    needs: tuple[str, ...] = ()
    parameters: tuple[Parameter, ...] = ()
    playbook: str = ""
    #: What the jobs of its orders do when a step fails; frozen in each job when it is ordered.
    on_failure: OnFailure = OnFailure.UNDO
    tariff: str = ""
    allowances: tuple[Allowance, ...] = ()
    suspension: SuspensionTerms = SuspensionTerms()
    #: Of a bundle: what it is made of, in the order in which it is shown.
    members: tuple[Member, ...] = ()
    #: Of a bundle: it has no price of its own, each of its services is charged as if it were sold alone.
    priced_by_members: bool = False
    #: Of an add-on: codes of the products to whose services it may be added.
    fits: tuple[str, ...] = ()
    #: Of an add-on: how many of it one service may have at a time; 0 for any number.
    most_per_service: int = 0
    setup_price_micros: int = 0
    monthly_price_micros: int = 0
    currency: str = ""
    version: int = 1

    @property
    def asked(self) -> list[Parameter]:
        """The parameters that an order must bring."""
        return [parameter for parameter in self.parameters if parameter.ask]

    @property
    def included(self) -> dict[str, int]:
        """What a month includes: quantities (bytes, seconds, messages) by the type of use."""
        sums: dict[str, int] = {}
        for allowance in self.allowances:
            sums[allowance.type] = sums.get(allowance.type, 0) + allowance.quantity
        return sums


class CreateProduct(BaseModel):
    """A new product with its first price."""

    code: Code = Field(title=_("Code"), description=_("Short word in lower case; it never changes."))
    name: str = Field(min_length=1, max_length=120, title=_("Name"))
    description: str = Field(default="", max_length=1000, title=_("Description"))
    kind: ProductKind = ProductKind.STANDALONE
    service_kind: ServiceKind = Field(default=ServiceKind.MOBILE, title=_("Kind of service"))
    needs: tuple[str, ...] = ()
    parameters: tuple[Parameter, ...] = ()
    playbook: str = Field(default="", max_length=80, title=_("Playbook"))
    on_failure: OnFailure = Field(default=OnFailure.UNDO, title=_("When a step fails"))
    tariff: str = Field(default="", max_length=80, title=_("Tariff"))
    allowances: tuple[Allowance, ...] = ()
    suspension: SuspensionTerms = SuspensionTerms()
    #: Of a bundle.
    members: tuple[Member, ...] = Field(default=(), max_length=20)
    priced_by_members: bool = False
    #: Of an add-on.
    fits: tuple[Code, ...] = Field(default=(), max_length=200)
    most_per_service: int = Field(default=0, ge=0, le=100)
    setup_price: Amount = Decimal(0)
    monthly_price: Amount = Decimal(0)
    currency: Currency
    #: When the first price begins; now unless given (imports and samples may begin in the past).
    effective_from: datetime | None = None


class UpdateProduct(BaseModel):
    """What may change on a product; None leaves it. Prices change with `SetPrice`."""

    name: str | None = Field(default=None, min_length=1, max_length=120)
    description: str | None = Field(default=None, max_length=1000)
    needs: tuple[str, ...] | None = None
    parameters: tuple[Parameter, ...] | None = None
    playbook: str | None = Field(default=None, max_length=80)
    on_failure: OnFailure | None = None
    tariff: str | None = Field(default=None, max_length=80)
    allowances: tuple[Allowance, ...] | None = None
    suspension: SuspensionTerms | None = None
    members: tuple[Member, ...] | None = Field(default=None, max_length=20)
    fits: tuple[Code, ...] | None = Field(default=None, max_length=200)
    most_per_service: int | None = Field(default=None, ge=0, le=100)
    version: int | None = None


class SetPrice(BaseModel):
    """A new price from a moment that is not past."""

    setup_price: Amount
    monthly_price: Amount
    currency: Currency | None = None
    effective_from: datetime | None = None
