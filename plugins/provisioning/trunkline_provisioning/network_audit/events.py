"""What becomes of comparisons of network and system, and of what they found, as others hear of it."""

from typing import ClassVar

from trunkline.events.event import Event


class AuditEvent(Event):
    """Base of what happens to a comparison; `entity_id` is the audit."""

    number: str


class AuditStarted(AuditEvent):
    """A comparison was queued."""

    name: ClassVar[str] = "network_audit.started"


class AuditFinished(AuditEvent):
    """A comparison is over: how many services it looked at, and how many differences there are of each kind."""

    name: ClassVar[str] = "network_audit.finished"
    services: int
    missing: int
    unknown: int
    differs: int


class FindingEvent(Event):
    """Base of what somebody does about a difference; `entity_id` is the finding."""

    number: str
    kind: str


class FindingIgnored(FindingEvent):
    """A difference is left as it is."""

    name: ClassVar[str] = "network_finding.ignored"


class FindingReopened(FindingEvent):
    """A difference counts again that was left as it is."""

    name: ClassVar[str] = "network_finding.reopened"


class FindingRepairStarted(FindingEvent):
    """The repair of a difference was queued; the end of `job` is told as that of any other."""

    name: ClassVar[str] = "network_finding.repair_started"
    job: str


EVENTS: tuple[type[Event], ...] = (
    AuditStarted,
    AuditFinished,
    FindingIgnored,
    FindingReopened,
    FindingRepairStarted,
)
