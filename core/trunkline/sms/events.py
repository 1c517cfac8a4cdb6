"""What happens to text messages, as others hear of it."""

from typing import ClassVar

from trunkline.events import Event


class SmsSent(Event):
    """A message was handed to the carrier, who accepted it."""

    name: ClassVar[str] = "sms.sent"

    number: str


class SmsFailed(Event):
    """A message was refused for good, or nobody took it in time."""

    name: ClassVar[str] = "sms.failed"

    number: str
    reason: str


class SmsRetried(Event):
    """A message that had failed goes out once more."""

    name: ClassVar[str] = "sms.retried"

    number: str
