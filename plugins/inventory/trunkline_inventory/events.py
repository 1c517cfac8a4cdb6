"""What inventory tells the rest of the system."""

from typing import ClassVar

from trunkline.events.event import Event


class ItemAssigned(Event):
    """An item came into use by a service; `entity_id` is the item."""

    name: ClassVar[str] = "inventory_item.assigned"
    number: str
    template: str
    label: str
    holder_kind: str
    holder_id: int


class ItemReleased(Event):
    """An item's holder gave it back; `state` is what it became."""

    name: ClassVar[str] = "inventory_item.released"
    number: str
    template: str
    label: str
    state: str


class ItemsAdded(Event):
    """Items of one kind were put on the shelf together; `entity_id` is the first one's key."""

    name: ClassVar[str] = "inventory_items.added"
    number: str
    template: str
    count: int


class ItemsChanged(Event):
    """Items got another state (`what` is `state`), went to another `stock`, or one was corrected (`fields`).

    `entity_id` is the first one's key; `numbers` names at most the first 200 of `count`.
    """

    name: ClassVar[str] = "inventory_items.changed"
    what: str
    count: int
    numbers: tuple[str, ...]


class StockEvent(Event):
    """Base of what happens to a stock; `entity_id` is the stock, `stock` its name."""

    stock: str


class StockCreated(StockEvent):
    """A stock was opened."""

    name: ClassVar[str] = "stock.created"


class StockChanged(StockEvent):
    """A stock has another name or note."""

    name: ClassVar[str] = "stock.changed"


class StockArchived(StockEvent):
    """An empty stock was closed."""

    name: ClassVar[str] = "stock.archived"


class TemplateEvent(Event):
    """Base of what happens to a kind of things; `entity_id` is the template, `template` its name."""

    template: str


class TemplateCreated(TemplateEvent):
    """A kind of things was added."""

    name: ClassVar[str] = "inventory_template.created"


class TemplateChanged(TemplateEvent):
    """A kind of things has another label, other fields, or another minimum in stock."""

    name: ClassVar[str] = "inventory_template.changed"


EVENTS: tuple[type[Event], ...] = (
    ItemAssigned,
    ItemReleased,
    ItemsAdded,
    ItemsChanged,
    StockCreated,
    StockChanged,
    StockArchived,
    TemplateCreated,
    TemplateChanged,
)
