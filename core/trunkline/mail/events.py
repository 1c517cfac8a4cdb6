"""What happens to mail, as others hear of it."""

from typing import ClassVar

from trunkline.events import Event


class EmailSent(Event):
    """A message was handed to the carrier, who accepted it."""

    name: ClassVar[str] = "email.sent"

    number: str
    template: str


class EmailFailed(Event):
    """A message was refused for good, or nobody took it in time."""

    name: ClassVar[str] = "email.failed"

    number: str
    template: str
    reason: str


class EmailRetried(Event):
    """A message that had failed goes out once more."""

    name: ClassVar[str] = "email.retried"

    number: str
    template: str
