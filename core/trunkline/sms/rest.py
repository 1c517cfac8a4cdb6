"""REST: the log of text messages."""

from datetime import datetime

from pydantic import BaseModel, ConfigDict

from trunkline.activity import viewed
from trunkline.operation import Context
from trunkline.rest.paging import Listing, ListParams, list_params, read_list
from trunkline.rest.routing import RestRoutes
from trunkline.sms import operations, queries
from trunkline.sms.models import SmsStatus
from trunkline.sms.tables import MESSAGES

rest = RestRoutes("/text-messages", "text messages")


class TextMessageRow(BaseModel):
    """A text message as the log lists it; secrets in its text are masked."""

    model_config = ConfigDict(from_attributes=True)

    number: str
    recipient: str
    text: str
    status: SmsStatus
    transport: str
    queued_at: datetime


class TextMessageOut(TextMessageRow):
    """A text message whole."""

    sent_at: datetime | None
    useless_at: datetime | None
    tries: int
    answer: str


@rest.get("", permission="core.sms.list", table=MESSAGES)
def messages(ctx: Context, params: ListParams = list_params) -> Listing[TextMessageRow]:
    """Text messages, newest first."""
    return read_list(ctx, MESSAGES, queries.list_messages(ctx), params, TextMessageRow)


@rest.get("/{number}", permission="core.sms.view")
def message(ctx: Context, number: str) -> TextMessageOut:
    """One text message."""
    sms = queries.get(ctx, number)
    viewed(ctx, sms, "core.sms")
    return TextMessageOut.model_validate(sms)


@rest.post("/{number}/send-again", permission="core.sms.retry", status=202)
def send_again(ctx: Context, number: str) -> TextMessageOut:
    """Send one that did not get out once more."""
    operations.send_again(ctx, number)
    return TextMessageOut.model_validate(queries.get(ctx, number))
