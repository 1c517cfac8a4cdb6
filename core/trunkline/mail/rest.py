"""REST: the e-mail log."""

from datetime import datetime

from pydantic import BaseModel, ConfigDict

from trunkline.activity import viewed
from trunkline.mail import operations, queries
from trunkline.mail.tables import EMAILS
from trunkline.operation import Context
from trunkline.rest.paging import Listing, ListParams, list_params, read_list
from trunkline.rest.routing import RestRoutes

rest = RestRoutes("/emails", "emails")


class EmailSummary(BaseModel):
    """A message as the log lists it."""

    model_config = ConfigDict(from_attributes=True)

    number: str
    sender: str
    recipient: str
    subject: str
    status: str
    template: str
    queued_at: datetime
    sent_at: datetime | None


class EmailOut(EmailSummary):
    """A message whole; secrets in its text are masked."""

    message_id: str
    language: str
    text: str
    html: str
    tries: int
    transport: str
    answer: str


@rest.get("", permission="core.email.list", table=EMAILS)
def emails(ctx: Context, params: ListParams = list_params) -> Listing[EmailSummary]:
    """The e-mail log, newest first."""
    return read_list(ctx, EMAILS, queries.list_emails(ctx), params, EmailSummary)


@rest.get("/{number}", permission="core.email.view")
def email(ctx: Context, number: str) -> EmailOut:
    """One message."""
    message = queries.get(ctx, number)
    viewed(ctx, message, "core.email")
    return EmailOut.model_validate(message)


@rest.post("/{number}/send-again", permission="core.email.retry", status=202)
def send_again(ctx: Context, number: str) -> EmailOut:
    """Send a failed or parked message once more, under its own Message-ID."""
    operations.send_again(ctx, number)
    return EmailOut.model_validate(queries.get(ctx, number))
