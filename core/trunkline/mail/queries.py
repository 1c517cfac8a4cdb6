"""Reading the e-mail log."""

from typing import Any

from sqlalchemy import Select, select
from sqlmodel import col

from trunkline.mail.models import Email
from trunkline.operation import Context


def get(ctx: Context, number: str) -> Email:
    """The visible message with this number. Raises NotFound."""
    return ctx.load_by(Email, Email.number, number)


def list_emails(ctx: Context) -> Select[*tuple[Any, ...]]:
    """The columns that the log shows."""
    return select(
        col(Email.id).label("id"),
        col(Email.number).label("number"),
        col(Email.sender).label("sender"),
        col(Email.recipient).label("recipient"),
        col(Email.subject).label("subject"),
        col(Email.queued_at).label("queued_at"),
        col(Email.sent_at).label("sent_at"),
        col(Email.status).label("status"),
        col(Email.template).label("template"),
        col(Email.customer_id).label("customer_id"),
    ).where(*ctx.visible_conditions(Email))
