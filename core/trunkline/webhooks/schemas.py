"""What comes in and goes out about endpoints and what was delivered to them."""

from datetime import datetime
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from trunkline.i18n import gettext

_ = gettext

_EVENTS: dict[str, Any] = {"widget": "checkboxes", "width": "wide"}


def _web_address(url: str) -> str:
    try:
        parts = urlsplit(url)
        _port = parts.port
    except ValueError as error:
        raise ValueError(_("This is no web address.")) from error
    if parts.scheme not in ("https", "http") or not parts.hostname:
        raise ValueError(_("Write a whole web address, as in https://crm.example/hooks."))
    if parts.username or parts.password:
        raise ValueError(_("Leave name and password out of the address: it is shown and logged."))
    return url


WebAddress = Annotated[
    str, StringConstraints(strip_whitespace=True, max_length=500), AfterValidator(_web_address)
]
WebhookName = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=120)]


class WebhookFields(BaseModel):
    """An endpoint of another system."""

    name: WebhookName = Field(title=_("Name"), description=_("Which system listens there."))
    url: WebAddress = Field(
        title=_("Address"),
        description=_("Events are posted here as JSON. Use https: they tell of customers."),
        json_schema_extra={"widget": "url", "placeholder": "https://"},
    )
    events: list[str] = Field(
        default_factory=list,
        title=_("Events"),
        description=_("What it hears of. Choose none to tell it everything."),
        json_schema_extra=_EVENTS,
    )


class EditWebhook(WebhookFields):
    """What may change about an endpoint."""

    version: int | None = None


class WebhookOut(BaseModel):
    """An endpoint as REST shows it, without its secret. `events` is empty when it hears of everything."""

    model_config = ConfigDict(from_attributes=True)

    number: str
    name: str
    url: str
    events: list[str]
    active: bool
    stopped_because: str
    pending: int
    parked: int
    last_delivered_at: datetime | None
    version: int


class MadeWebhookOut(WebhookOut):
    """An endpoint with its secret, for the only time."""

    secret: str


class WebhookDeliveryOut(BaseModel):
    """One event on its way to an endpoint, `webhook` by its number.

    `status` is the HTTP status of the last try, which was made `at` and took `took_ms` milliseconds; `tries` counts those of
    every sending.
    """

    model_config = ConfigDict(from_attributes=True)

    id: int
    webhook: str
    webhook_name: str
    event: str
    occurred_at: datetime
    state: str
    tries: int
    next_try_at: datetime | None
    status: int | None
    at: datetime | None
    took_ms: int | None
    error: str


class WebhookAttemptOut(BaseModel):
    """One try. `number` counts on when the delivery is sent again."""

    model_config = ConfigDict(from_attributes=True)

    number: int
    at: datetime
    took_ms: int
    status: int | None
    answer: str


class WebhookDeliveryDetail(WebhookDeliveryOut):
    """One event on its way, with its body and every try."""

    body: dict[str, Any]
    attempts: list[WebhookAttemptOut]


class RetryDeliveries(BaseModel):
    """Which deliveries of an endpoint are sent again."""

    model_config = ConfigDict(extra="forbid")

    ids: list[Annotated[int, Field(ge=1, le=2**63 - 1)]] = Field(min_length=1, max_length=20_000)


class RetriedOut(BaseModel):
    """How many deliveries are sent again."""

    retried: int
