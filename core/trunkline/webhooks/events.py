"""What happens to endpoints, as others hear of it."""

from typing import ClassVar

from trunkline.events import Event


class WebhookTested(Event):
    """Somebody asked for a test message; only the endpoint that is tested hears of it."""

    name: ClassVar[str] = "webhook.tested"

    number: str


class WebhookStopped(Event):
    """An endpoint answered nothing for too long, or said that it is gone, and was switched off."""

    name: ClassVar[str] = "webhook.stopped"

    number: str
    reason: str
