"""What happens to brands, as others hear of it."""

from typing import ClassVar

from trunkline.events.event import Event


class BrandEvent(Event):
    """Base of what happens to a brand; `entity_id` is the brand, `host` the name that it is for, empty without one."""

    host: str = ""


class BrandCreated(BrandEvent):
    """A brand was made."""

    name: ClassVar[str] = "brand.created"


class BrandChanged(BrandEvent):
    """A brand shows itself otherwise; `picture` is `logo`, `favicon` or `picture` where that alone changed."""

    name: ClassVar[str] = "brand.changed"
    picture: str = ""


class BrandRemoved(BrandEvent):
    """A brand is gone; the operator's own is shown in its place."""

    name: ClassVar[str] = "brand.removed"


EVENTS: tuple[type[Event], ...] = (BrandCreated, BrandChanged, BrandRemoved)
