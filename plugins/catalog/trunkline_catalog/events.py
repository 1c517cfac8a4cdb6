"""What the catalogue tells the rest of the system."""

from datetime import datetime
from typing import ClassVar

from trunkline.events.event import Event


class OrderPlaced(Event):
    """A customer asked for something; `entity_id` is the order."""

    name: ClassVar[str] = "order.placed"
    number: str
    lines: int


class OrderLineCompleted(Event):
    """A line is done; `entity_id` is the line."""

    name: ClassVar[str] = "order_line.completed"
    number: str
    action: str
    service_id: int


class OrderLineFailed(Event):
    """A line could not be done and was undone; `entity_id` is the line."""

    name: ClassVar[str] = "order_line.failed"
    number: str
    action: str
    service_id: int
    error: str = ""


class OrderLineRetried(Event):
    """A line that had failed is tried again with a new job; `entity_id` is the line."""

    name: ClassVar[str] = "order_line.retried"
    number: str
    action: str
    service_id: int


class OrderLineCancelled(Event):
    """A line is not wanted any more; what it held is given back. `entity_id` is the line."""

    name: ClassVar[str] = "order_line.cancelled"
    number: str
    action: str
    service_id: int


class ProductEvent(Event):
    """Base of what happens to a product; `entity_id` is the product."""

    code: str


class ProductCreated(ProductEvent):
    """A product was made, with its first price."""

    name: ClassVar[str] = "product.created"


class ProductChanged(ProductEvent):
    """A product is another for orders to come; `fields` names what was given anew."""

    name: ClassVar[str] = "product.changed"
    fields: tuple[str, ...]


class ProductPriceChanged(ProductEvent):
    """A product costs something else from a moment on, or, `withdrawn`, a price that was to come does not."""

    name: ClassVar[str] = "product.price_changed"
    effective_from: datetime
    withdrawn: bool = False


class ProductRetired(ProductEvent):
    """A product is not sold any more; services of it live on."""

    name: ClassVar[str] = "product.retired"


class ProductReinstated(ProductEvent):
    """A product is sold again."""

    name: ClassVar[str] = "product.reinstated"


class ServiceEvent(Event):
    """Base of what happens to a service; `entity_id` is the service."""

    number: str
    product_code: str


class ServiceActivated(ServiceEvent):
    """A service works from now on; with `imported` it worked before it was recorded here."""

    name: ClassVar[str] = "service.activated"
    imported: bool = False


class ServiceSuspended(ServiceEvent):
    """A reason to suspend was added; `first` when the service stopped working by it."""

    name: ClassVar[str] = "service.suspended"
    reason: str
    first: bool


class ServiceResumed(ServiceEvent):
    """A reason was lifted; `working` when none is left."""

    name: ClassVar[str] = "service.resumed"
    reason: str
    working: bool


class ServiceChanged(ServiceEvent):
    """An active service got another item, other parameters, or a switch was turned; `change` is the word of the change."""

    name: ClassVar[str] = "service.changed"
    change: str
    turn: str = ""


class ServiceContractChanged(ServiceEvent):
    """A service stands under another contract from now on; numbers, empty for none."""

    name: ClassVar[str] = "service.contract_changed"
    contract: str
    before: str = ""


class ServicePriceChanged(ServiceEvent):
    """A service costs another monthly price from a moment on, which may lie ahead: an index adjusted it."""

    name: ClassVar[str] = "service.price_changed"
    effective_from: datetime
    index_name: str
    #: Hundredths of a per cent.
    basis_points: int


class ServiceReverted(ServiceEvent):
    """What an order line had done to a service was taken back, because a later step failed: it is as before.

    `action` is what was taken back, `line` the order line's number.
    """

    name: ClassVar[str] = "service.reverted"
    action: str
    line: str


class ServiceTerminated(ServiceEvent):
    """A service ended for good."""

    name: ClassVar[str] = "service.terminated"


EVENTS: tuple[type[Event], ...] = (
    OrderPlaced,
    OrderLineCompleted,
    OrderLineFailed,
    OrderLineRetried,
    OrderLineCancelled,
    ProductCreated,
    ProductChanged,
    ProductPriceChanged,
    ProductRetired,
    ProductReinstated,
    ServiceActivated,
    ServiceSuspended,
    ServiceResumed,
    ServiceChanged,
    ServiceContractChanged,
    ServicePriceChanged,
    ServiceReverted,
    ServiceTerminated,
)
