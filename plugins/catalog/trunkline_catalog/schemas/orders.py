"""Orders and their lines, and the steps that carry a line out."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from trunkline.i18n import gettext as _
from trunkline.jobs.operations import PlannedStep
from trunkline_catalog.schemas.changes import Previous
from trunkline_catalog.schemas.products import ProductKind

#: How many lines an order may have.
MAX_LINES = 100


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
    #: Of a bundle's product: position (from 1) of the bundle's own line, which comes before.
    part_of: int | None = Field(default=None, ge=1, le=MAX_LINES)
    #: Of an add-on: number of the service to which it is added.
    added_to: str = Field(default="", max_length=20)
    #: Number of another contract than that of the order; none for what is added to a service or part of a bundle.
    contract: str = Field(default="", max_length=20)


class PlaceOrder(BaseModel):
    """An order for one customer. The same `idempotency_key` gives the order that exists already."""

    customer_number: str
    lines: list[OrderLineInput] = Field(min_length=1, max_length=MAX_LINES)
    note: str = Field(default="", max_length=500)
    idempotency_key: str = Field(default="", max_length=120)
    #: Nothing is done before that moment; items are held at once.
    start_after: AwareDatetime | None = None
    #: Number of the customer's contract under which the new services stand; empty for none. What is added to a service or part of
    #: a bundle stands under theirs.
    contract: str = Field(default="", max_length=20)


class RescheduleLine(BaseModel):
    """Another date for a line that has not begun."""

    start_after: AwareDatetime | None = Field(
        default=None, title=_("Not before"), description=_("Empty begins at once.")
    )


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
    product_kind: ProductKind = ProductKind.STANDALONE
    #: Number of the service that its service is a part of or was added to.
    parent_service: str = ""
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
    #: Number of the contract that it was ordered under.
    contract: str = ""
    #: Names of its secret parameters; their values are for playbooks alone.
    secret_names: tuple[str, ...] = ()
    #: While it is planned: the moment before which nothing is done.
    start_after: datetime | None = None

    @property
    def changes_product(self) -> bool:
        """Whether its service becomes another product."""
        return self.action is LineAction.CHANGE and self.previous.product not in ("", self.product_code)


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


@dataclass(frozen=True, slots=True)
class LineStep:
    """A step that a plugin contributes to an order line's job. Lower `order` runs first, and is undone last."""

    order: int
    step: PlannedStep
    #: Outputs of the step that identify the service once the line is done: names of outputs by kind of identifier.
    identifiers: Mapping[str, str] = field(default_factory=dict)


class LineInputs(BaseModel):
    """Inputs of the steps that catalog brings."""

    line_id: int
    #: Where steps before hand over identifiers of the service: step and output by kind.
    identifiers: dict[str, tuple[str, str]] = {}
