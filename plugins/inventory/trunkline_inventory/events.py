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


EVENTS: tuple[type[Event], ...] = (ItemAssigned, ItemReleased, ItemsAdded, ItemsChanged)
