"""The log of text messages."""

from starlette.responses import Response

from trunkline.activity import viewed
from trunkline.customers import queries as customers
from trunkline.i18n import gettext as _
from trunkline.sms import operations, queries
from trunkline.sms.tables import MESSAGES
from trunkline.web.pages import Page, Pages

pages = Pages()


@pages.get("/text-messages", permission="core.sms.list")
def messages(page: Page) -> Response:
    page.title = str(_("Text messages"))
    page.crumbs((page.title, ""))
    return page.table("sms/list.html", MESSAGES, queries.list_messages(page.ctx))


@pages.get("/text-messages/{number}", permission="core.sms.view")
def message(page: Page, number: str) -> Response:
    sms = queries.get(page.ctx, number)
    viewed(page.ctx, sms, "core.sms")
    customer = customers.by_id(page.ctx, sms.customer_id) if sms.customer_id else None
    page.title = str(_("Text message {number}", number=sms.number))
    page.crumbs((str(_("Text messages")), "/text-messages"), (sms.number, ""))
    return page.render("sms/sms.html", sms=sms, customer=customer)


@pages.post("/text-messages/{number}/send-again", permission="core.sms.retry")
def send_again(page: Page, number: str) -> Response:
    operations.send_again(page.ctx, number)
    return page.redirect(f"/text-messages/{number}", str(_("It will be sent again.")))
