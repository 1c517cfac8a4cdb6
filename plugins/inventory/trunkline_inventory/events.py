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


EVENTS: tuple[type[Event], ...] = (ItemAssigned, ItemReleased)
