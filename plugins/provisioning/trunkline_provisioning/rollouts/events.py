"""What rollouts tell: that one has work to do, and that one waits for a person."""

from typing import ClassVar

from trunkline.events.event import Event


class RolloutDue(Event):
    """A rollout may go on; its worker hears it."""

    name: ClassVar[str] = "rollout.due"


class RolloutPaused(Event):
    """A rollout waits for a person: after its first services, or because too many failed."""

    name: ClassVar[str] = "rollout.paused"
    number: str
    why: str


EVENTS: tuple[type[Event], ...] = (RolloutDue, RolloutPaused)
