"""What the catalogue takes and gives: products, prices, orders and their lines, services."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints

from trunkline.i18n import gettext as _
from trunkline.jobs.operations import PlannedStep

# Offered here as well, because other plugins may import schemas only: the types of their `on_…` and `before_…` hooks.
from trunkline_catalog.events import OrderLineCompleted as OrderLineCompleted
from trunkline_catalog.events import OrderLineFailed as OrderLineFailed
from trunkline_catalog.events import OrderPlaced as OrderPlaced
from trunkline_catalog.events import ServiceActivated as ServiceActivated
from trunkline_catalog.events import ServiceChanged as ServiceChanged
from trunkline_catalog.events import ServiceResumed as ServiceResumed
from trunkline_catalog.events import ServiceSuspended as ServiceSuspended
from trunkline_catalog.events import ServiceTerminated as ServiceTerminated

Code = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
Word = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
Amount = Annotated[Decimal, Field(ge=0, max_digits=15, decimal_places=6)]
Currency = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]


class ProductKind(StrEnum):
    """How a product is sold."""

    STANDALONE = "standalone"
    BUNDLE = "bundle"
    ADD_ON = "add_on"
    PROMOTION = "promotion"


#: How many lines an order may have.
MAX_LINES = 100

#: The kinds that can be ordered so far.
OFFERED_KINDS = (ProductKind.STANDALONE,)


class ServiceKind(StrEnum):
    """What a service is on the network; says how its identifiers are called."""

    MOBILE = "mobile"
    OTHER = "other"


class ServiceState(StrEnum):
    """The life of a service. Suspensions stand beside it."""

    DRAFT = "draft"
    PROVISIONING = "provisioning"
    ACTIVE = "active"
    TERMINATING = "terminating"
    TERMINATED = "terminated"
    FAILED = "failed"
    CANCELLED = "cancelled"


class SuspensionReason(StrEnum):
    """Why a service is suspended. It works again when no reason is left."""

    DEBT = "debt"
    REQUEST = "request"
    FRAUD = "fraud"
    LOST = "lost"


class LineAction(StrEnum):
    """What an order line does."""

    NEW = "new"
    CHANGE = "change"
    SUSPEND = "suspend"
    RESUME = "resume"
    TERMINATE = "terminate"


class LineState(StrEnum):
    """The life of an order line."""

    DRAFT = "draft"
    QUEUED = "queued"
    IN_PROGRESS = "in_progress"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def is_open(self) -> bool:
        """Whether work on the line is due or under way."""
        return self in (LineState.DRAFT, LineState.QUEUED, LineState.IN_PROGRESS)


class OrderState(StrEnum):
    """What the states of an order's lines amount to."""

    IN_PROGRESS = "in_progress"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"


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
    tariff: str = ""
    allowances: tuple[Allowance, ...] = ()
    suspension: SuspensionTerms = SuspensionTerms()
    setup_price_micros: int = 0
    monthly_price_micros: int = 0
    currency: str = ""
    version: int = 1

    @property
    def asked(self) -> list[Parameter]:
        """The parameters that an order must bring."""
        return [parameter for parameter in self.parameters if parameter.ask]


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
    tariff: str = Field(default="", max_length=80, title=_("Tariff"))
    allowances: tuple[Allowance, ...] = ()
    suspension: SuspensionTerms = SuspensionTerms()
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
    tariff: str | None = Field(default=None, max_length=80)
    allowances: tuple[Allowance, ...] | None = None
    suspension: SuspensionTerms | None = None
    version: int | None = None


class SetPrice(BaseModel):
    """A new price from a moment that is not past."""

    setup_price: Amount
    monthly_price: Amount
    currency: Currency | None = None
    effective_from: datetime | None = None


class PickView(BaseModel):
    """One inventory item that an order line holds or held."""

    model_config = ConfigDict(frozen=True)

    item_id: int
    number: str
    label: str
    by_hand: bool = False


class OrderLineInput(BaseModel):
    """One wish of an order. A pick of None (or none named) is made automatically."""

    action: Literal["new"] = "new"
    product_code: str
    picks: dict[str, str | None] = Field(default_factory=dict)
    parameters: dict[str, Any] = Field(default_factory=dict)
    site_id: int | None = None
    contact_id: int | None = None


class PlaceOrder(BaseModel):
    """An order for one customer. The same `idempotency_key` gives the order that exists already."""

    customer_number: str
    lines: list[OrderLineInput] = Field(min_length=1, max_length=MAX_LINES)
    note: str = Field(default="", max_length=500)
    idempotency_key: str = Field(default="", max_length=120)
    #: Nothing is done before that moment; items are held at once.
    start_after: AwareDatetime | None = None


class RecordExistingService(BaseModel):
    """A service that was sold elsewhere and works already: no job, no charge, activated in the past."""

    customer_number: str
    product_code: str
    activated_at: datetime
    picks: dict[str, str | None] = Field(default_factory=dict)
    parameters: dict[str, Any] = Field(default_factory=dict)
    site_id: int | None = None
    contact_id: int | None = None


class SuspendService(BaseModel):
    """Suspend for one reason."""

    reason: SuspensionReason = Field(title=_("Reason"))
    note: str = Field(default="", max_length=300, title=_("Note"))


class ResumeService(BaseModel):
    """Lift one reason."""

    reason: SuspensionReason = Field(title=_("Reason to lift"))
    note: str = Field(default="", max_length=300, title=_("Note"))


class TerminateService(BaseModel):
    """End a service for good; its number and SIM go to quarantine."""

    note: str = Field(default="", max_length=300, title=_("Reason"))


class ChangeOffer(BaseModel):
    """One change that services of a product can undergo: items exchanged, parameters asked anew, or a switch turned."""

    model_config = ConfigDict(frozen=True)

    #: Names it, as in `sim`, `number`, `wifi`, `bar`.
    word: Word
    label: str
    #: Inventory templates whose item is exchanged for another one.
    templates: tuple[str, ...] = ()
    #: Names of the product's parameters that are asked anew.
    parameters: tuple[str, ...] = ()
    #: Something that is on or off.
    switch: bool = False


class ChangeService(BaseModel):
    """Change an active service. Items that are not named are picked automatically, parameters that are not named stay."""

    change: Word
    picks: dict[str, str | None] = Field(default_factory=dict)
    parameters: dict[str, Any] = Field(default_factory=dict)
    #: Of a switch: whether it shall be on.
    on: bool | None = None
    note: str = Field(default="", max_length=300)


class Previous(BaseModel):
    """What a service had before a change."""

    model_config = ConfigDict(frozen=True)

    #: Keys of the inventory items by template; those that stay are there too.
    items: dict[str, int] = Field(default_factory=dict)
    identifiers: dict[str, str] = Field(default_factory=dict)
    parameters: dict[str, Any] = Field(default_factory=dict)
    switches: tuple[str, ...] = ()


class OrderLineView(BaseModel):
    """One line of an order. `number` is the order's, a slash and the position: `O000001/1`."""

    model_config = ConfigDict(frozen=True)

    id: int
    number: str
    order_id: int
    order_number: str
    customer_id: int
    action: LineAction
    state: LineState
    service_id: int | None
    service_number: str = ""
    product_code: str = ""
    product_name: str = ""
    job_id: int | None = None
    job_number: str = ""
    attempt: int = 1
    picks: dict[str, PickView] = Field(default_factory=dict)
    parameters: dict[str, Any] = Field(default_factory=dict)
    reason: str = ""
    #: Of a change: which one, for a switch `on` or `off`, and what was before.
    change: str = ""
    turn: str = ""
    previous: Previous = Previous()
    #: Whether the network must be told; a second suspension reason changes nothing there.
    needs_network: bool = True
    setup_micros: int = 0
    monthly_micros: int = 0
    currency: str = ""
    error: str = ""
    site_id: int | None = None
    contact_id: int | None = None


class OrderView(BaseModel):
    """An order with its lines."""

    model_config = ConfigDict(frozen=True)

    id: int
    number: str
    customer_id: int
    state: OrderState
    placed_at: datetime
    placed_by: str
    note: str
    lines: tuple[OrderLineView, ...]


class SuspensionView(BaseModel):
    """One reason that is in force on a service; `by` is whoever ordered it."""

    model_config = ConfigDict(frozen=True)

    reason: SuspensionReason
    note: str
    started_at: datetime
    by: str
    order_number: str


class ServiceView(BaseModel):
    """One customer's instance of a product."""

    model_config = ConfigDict(frozen=True)

    id: int
    number: str
    customer_id: int
    product_code: str
    product_name: str
    service_kind: ServiceKind = ServiceKind.MOBILE
    state: ServiceState
    #: Reasons in force now; empty when the service works.
    suspensions: tuple[SuspensionReason, ...] = ()
    #: What identifies it now (while it lives): msisdn, imsi, iccid, …
    identifiers: dict[str, str] = Field(default_factory=dict)
    site_id: int | None = None
    contact_id: int | None = None
    parameters: dict[str, Any] = Field(default_factory=dict)
    #: Words of the switches that are on, such as `bar`.
    switches: tuple[str, ...] = ()
    activated_at: datetime | None = None
    ended_at: datetime | None = None
    version: int = 1

    @property
    def shown_state(self) -> str:
        """The state in the word people expect: an active service with a reason is suspended."""
        return "suspended" if self.state is ServiceState.ACTIVE and self.suspensions else self.state.value


@dataclass(frozen=True, slots=True)
class LineStep:
    """A step that a plugin contributes to an order line's job. Lower `order` runs first, and is undone last."""

    order: int
    step: PlannedStep


class LineInputs(BaseModel):
    """Inputs of the steps that catalog brings."""

    line_id: int
