"""What happens to endpoints, as others hear of it."""

from typing import ClassVar

from trunkline.events import Event


class WebhookTested(Event):
    """Somebody asked for a test message; only the endpoint that is tested hears of it."""

    name: ClassVar[str] = "webhook.tested"

    number: str


class WebhookStopped(Event):
    """An endpoint was switched off; the `reason` is empty where somebody did it, and says otherwise what was wrong with it."""

    name: ClassVar[str] = "webhook.stopped"

    number: str
    reason: str


class WebhookEvent(Event):
    """Base of what somebody does to an endpoint. Address and secret are not told."""

    number: str


class WebhookCreated(WebhookEvent):
    """An endpoint was made."""

    name: ClassVar[str] = "webhook.created"


class WebhookChanged(WebhookEvent):
    """An endpoint has another name, address, choice of events, or secret."""

    name: ClassVar[str] = "webhook.changed"


class WebhookStarted(WebhookEvent):
    """An endpoint was switched on again."""

    name: ClassVar[str] = "webhook.started"


class WebhookRemoved(WebhookEvent):
    """An endpoint is gone with its deliveries."""

    name: ClassVar[str] = "webhook.removed"


EVENTS: tuple[type[Event], ...] = (
    WebhookTested,
    WebhookCreated,
    WebhookChanged,
    WebhookStarted,
    WebhookStopped,
    WebhookRemoved,
)
