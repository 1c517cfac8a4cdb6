"""What was written to a customer: e-mails and text messages, the newest first, on a tab of the customer's page."""

from datetime import datetime
from operator import attrgetter
from typing import Any, NamedTuple

from sqlalchemy import select
from sqlmodel import col

from trunkline.customers.models import Customer
from trunkline.mail.models import Email
from trunkline.sms.models import Sms
from trunkline.web.pages import Page
from trunkline.web.stretches import stretch

#: Of each kind; the lists have the rest.
_MOST = 500


class Written(NamedTuple):
    """One message. `text` is an e-mail's subject, and what a text message says."""

    at: datetime
    number: str
    href: str
    by_text: bool
    recipient: str
    text: str
    status: str


def tab(page: Page, customer: Customer) -> str:
    """E-mails, and text messages if the reader may list them."""
    found = _written(
        page, customer, Email, col(Email.subject), "/emails" if page.can("core.email.view") else ""
    )
    if page.can("core.sms.list"):
        opens = "/text-messages" if page.can("core.sms.view") else ""
        found += _written(page, customer, Sms, col(Sms.text), opens)
    shown = stretch(
        page,
        sorted(found, key=attrgetter("at"), reverse=True),
        lambda one: (one.text, one.recipient, one.number),
        f"/customers/{customer.number}/messages",
    )
    return page.fragment("mail/customer_tab.html", messages=shown)


def _written(
    page: Page, customer: Customer, model: type[Email] | type[Sms], text: Any, opens: str
) -> list[Written]:
    """The newest of one kind; each has its page below `opens`, where the reader may see it."""
    rows = page.ctx.session.execute(
        select(col(model.queued_at), col(model.number), col(model.recipient), text, col(model.status))
        .where(col(model.customer_id) == customer.key, *page.ctx.visible_conditions(model))
        .order_by(col(model.queued_at).desc(), col(model.id).desc())
        .limit(_MOST)
    )
    return [
        Written(at, number, f"{opens}/{number}" if opens else "", model is Sms, to, said, status)
        for at, number, to, said, status in rows
    ]
