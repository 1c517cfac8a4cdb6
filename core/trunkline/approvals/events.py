"""What becomes of requests that need a second person, as others hear of it."""

from typing import ClassVar

from trunkline.events.event import Event


class ApprovalEvent(Event):
    """Base of what happens to a request; `entity_id` is the request, `operation` the permission of what was asked for."""

    number: str
    operation: str


class ApprovalAsked(ApprovalEvent):
    """Something waits for a second person."""

    name: ClassVar[str] = "approval.asked"


class ApprovalApproved(ApprovalEvent):
    """A second person agreed, and it is done."""

    name: ClassVar[str] = "approval.approved"


class ApprovalRefused(ApprovalEvent):
    """A second person said no; nothing is done."""

    name: ClassVar[str] = "approval.refused"


class ApprovalWithdrawn(ApprovalEvent):
    """Who asked does not want it any more."""

    name: ClassVar[str] = "approval.withdrawn"


class ApprovalExpired(ApprovalEvent):
    """Nobody decided in time."""

    name: ClassVar[str] = "approval.expired"


EVENTS: tuple[type[Event], ...] = (
    ApprovalAsked,
    ApprovalApproved,
    ApprovalRefused,
    ApprovalWithdrawn,
    ApprovalExpired,
)
