"""What is written down of a contact with a customer, and what is told of it."""

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from pydantic.config import JsonValue

from trunkline.i18n import gettext as _
from trunkline.interactions.models import Channel, ToldBy

CHANNEL_LABELS = {
    Channel.PHONE: _("Phone"),
    Channel.EMAIL: _("E-mail"),
    Channel.MESSAGE: _("Message"),
    Channel.CHAT: _("Chat"),
    Channel.VISIT: _("Visit"),
    Channel.OTHER: _("Other"),
}
CHANNEL_ICONS = {
    Channel.PHONE: "phone",
    Channel.EMAIL: "mail",
    Channel.MESSAGE: "message",
    Channel.CHAT: "message",
    Channel.VISIT: "users",
    Channel.OTHER: "point",
}
_CHANNELS: list[JsonValue] = [[channel.value, label] for channel, label in CHANNEL_LABELS.items()]


class RecordInteraction(BaseModel):
    """A contact with a customer, as the colleague writes it down who had it."""

    model_config = ConfigDict(extra="forbid")

    channel: Channel = Field(
        default=Channel.PHONE, title=_("How"), json_schema_extra={"choices": _CHANNELS, "widget": "select"}
    )
    subject: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)] = Field(
        title=_("What it was about")
    )
    text: Annotated[str, StringConstraints(strip_whitespace=True, max_length=10_000)] = Field(
        default="", title=_("What was said and agreed"), json_schema_extra={"widget": "textarea", "rows": 4}
    )
    tell: bool = Field(
        default=True,
        title=_("Send the customer the protocol number"),
        description=_("By e-mail, or by text message to who has no address."),
    )


class InteractionOut(BaseModel):
    """A contact with a customer. `told_by` is how its number was sent: `email`, `sms`, or empty."""

    model_config = ConfigDict(from_attributes=True)

    number: str
    channel: Channel
    subject: str
    text: str
    agent: str
    at: datetime
    told_by: ToldBy
