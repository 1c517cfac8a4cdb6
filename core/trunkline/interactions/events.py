"""What contacts with customers tell the rest."""

from typing import ClassVar

from trunkline.events.event import Event


class InteractionRecorded(Event):
    """A contact with a customer got its protocol `number`; what was said stays on its page."""

    name: ClassVar[str] = "interaction.recorded"

    number: str
    channel: str
    told_by: str
