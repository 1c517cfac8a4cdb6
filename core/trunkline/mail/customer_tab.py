"""What was written to a customer: e-mails and text messages, the newest first, on a tab of the customer's page."""

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import select
from sqlmodel import col

from trunkline.customers.models import Customer
from trunkline.mail.models import Email
from trunkline.sms.models import Sms
from trunkline.web.pages import Page

#: Of each kind; the lists have the rest.
_SHOWN = 50


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
    found = _emails(page, customer)
    if page.can("core.sms.list"):
        found += _texts(page, customer)
    shown = sorted(found, reverse=True)[:_SHOWN]
    return page.fragment("mail/customer_tab.html", messages=shown)


def _emails(page: Page, customer: Customer) -> list[Written]:
    rows = page.ctx.session.execute(
        select(
            col(Email.queued_at),
            col(Email.number),
            col(Email.recipient),
            col(Email.subject),
            col(Email.status),
        )
        .where(col(Email.customer_id) == customer.key, *page.ctx.visible_conditions(Email))
        .order_by(col(Email.queued_at).desc())
        .limit(_SHOWN)
    )
    opens = page.can("core.email.view")
    return [
        Written(at, number, f"/emails/{number}" if opens else "", False, to, subject, status)
        for at, number, to, subject, status in rows
    ]


def _texts(page: Page, customer: Customer) -> list[Written]:
    rows = page.ctx.session.execute(
        select(col(Sms.queued_at), col(Sms.number), col(Sms.recipient), col(Sms.text), col(Sms.status))
        .where(col(Sms.customer_id) == customer.key, *page.ctx.visible_conditions(Sms))
        .order_by(col(Sms.queued_at).desc())
        .limit(_SHOWN)
    )
    opens = page.can("core.sms.view")
    return [
        Written(at, number, f"/text-messages/{number}" if opens else "", True, to, text, status)
        for at, number, to, text, status in rows
    ]
