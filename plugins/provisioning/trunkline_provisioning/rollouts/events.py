"""What rollouts tell: what people do with one, that one has work to do, waits for a person, or is over."""

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


class RolloutEvent(Event):
    """Base of what becomes of a rollout; `entity_id` is the rollout."""

    number: str


class RolloutPrepared(RolloutEvent):
    """A list of services was kept and looked at; nothing has begun."""

    name: ClassVar[str] = "rollout.prepared"
    services: int


class RolloutStarted(RolloutEvent):
    """A rollout began, or went on after a pause."""

    name: ClassVar[str] = "rollout.started"


class RolloutStopped(RolloutEvent):
    """Somebody ended a rollout: services that had not begun stay as they are."""

    name: ClassVar[str] = "rollout.stopped"


class RolloutFinished(RolloutEvent):
    """A rollout came to its end; services that failed are counted."""

    name: ClassVar[str] = "rollout.finished"
    done: int
    failed: int


class RolloutDiscarded(RolloutEvent):
    """A list that had not begun was thrown away."""

    name: ClassVar[str] = "rollout.discarded"


EVENTS: tuple[type[Event], ...] = (
    RolloutPrepared,
    RolloutStarted,
    RolloutDue,
    RolloutPaused,
    RolloutStopped,
    RolloutFinished,
    RolloutDiscarded,
)
