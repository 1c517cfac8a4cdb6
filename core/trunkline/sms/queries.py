"""Reading the log of text messages."""

from typing import Any

from sqlalchemy import Select, select
from sqlmodel import col

from trunkline.operation import Context
from trunkline.sms.models import Sms


def get(ctx: Context, number: str) -> Sms:
    """The visible message with this number. Raises NotFound."""
    return ctx.load_by(Sms, Sms.number, number)


def list_messages(ctx: Context) -> Select[*tuple[Any, ...]]:
    """The columns that the log shows."""
    return select(
        col(Sms.id).label("id"),
        col(Sms.number).label("number"),
        col(Sms.recipient).label("recipient"),
        col(Sms.text).label("text"),
        col(Sms.queued_at).label("queued_at"),
        col(Sms.status).label("status"),
        col(Sms.transport).label("transport"),
        col(Sms.customer_id).label("customer_id"),
    ).where(*ctx.visible_conditions(Sms))
