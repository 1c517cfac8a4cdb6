"""Contacts of the sample operator's customers, so that the newest of them have something to look up."""

from typing import TYPE_CHECKING

from sqlmodel import col, select

from trunkline.customers.models import Customer, CustomerStatus
from trunkline.interactions.models import Channel
from trunkline.interactions.operations import record
from trunkline.interactions.schemas import RecordInteraction
from trunkline.operation import Actor, ActorKind

if TYPE_CHECKING:
    from trunkline.app import App

_SAID = (
    (Channel.PHONE, "Internet slow in the evening", "Line tested from here, within limits. Asked to restart the router."),
    (Channel.CHAT, "Question about the invoice", "Explained the part of a month charged for the new service."),
    (Channel.EMAIL, "Wants another due date", "Moved to the 15th, from the next invoice on."),
    (Channel.PHONE, "Asks for a second SIM", "Order prepared; wants it sent to the office."),
    (Channel.VISIT, "Brought the old router back", "Complete, with its power supply."),
    (Channel.MESSAGE, "When does the technician come?", "Tomorrow between 8 and 12."),
)  # fmt: skip
_CUSTOMERS = 12


def leave_contacts(app: "App") -> None:
    """Two contacts for each of the newest customers. Nobody is written to."""
    agent = Actor(ActorKind.STAFF, None, "Juliana Martins", permissions=None)
    with app.unit_of_work(agent) as ctx:
        newest = ctx.session.scalars(
            select(col(Customer.number))
            .where(col(Customer.status) != CustomerStatus.ARCHIVED)
            .order_by(col(Customer.id).desc())
            .limit(_CUSTOMERS)
        ).all()
        for place, number in enumerate(sorted(newest)):
            for turn in (0, 1):
                channel, subject, text = _SAID[(place + turn * 2) % len(_SAID)]
                record(
                    ctx, number, RecordInteraction(channel=channel, subject=subject, text=text, tell=False)
                )
