"""What happens to resellers, as others hear of it. Whose a customer is, `customer.changed` says."""

from typing import ClassVar

from trunkline.events.event import Event


class ResellerEvent(Event):
    """Base of what happens to a reseller; `entity_id` is the reseller."""

    code: str


class ResellerCreated(ResellerEvent):
    """A reseller was added."""

    name: ClassVar[str] = "reseller.created"


class ResellerChanged(ResellerEvent):
    """A reseller is called otherwise."""

    name: ClassVar[str] = "reseller.changed"


class ResellerArchived(ResellerEvent):
    """A reseller gets no more customers; those it has stay its own."""

    name: ClassVar[str] = "reseller.archived"


class ResellerRestored(ResellerEvent):
    """A reseller may have new customers again."""

    name: ClassVar[str] = "reseller.restored"


EVENTS: tuple[type[Event], ...] = (ResellerCreated, ResellerChanged, ResellerArchived, ResellerRestored)
