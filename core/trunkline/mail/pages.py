"""The e-mail log."""

from starlette.responses import Response

from trunkline.activity import viewed
from trunkline.customers import queries as customers
from trunkline.i18n import gettext as _
from trunkline.mail import operations, queries
from trunkline.mail.message import compose
from trunkline.mail.rendering import RenderedMail
from trunkline.mail.tables import EMAILS
from trunkline.web.pages import Page, Pages

pages = Pages()


@pages.get("/emails", permission="core.email.list")
def emails(page: Page) -> Response:
    page.title = str(_("E-mails"))
    page.crumbs((page.title, ""))
    return page.table("mail/list.html", EMAILS, queries.list_emails(page.ctx))


@pages.get("/emails/{number}", permission="core.email.view")
def email(page: Page, number: str) -> Response:
    message = queries.get(page.ctx, number)
    viewed(page.ctx, message, "core.email")
    customer = customers.by_id(page.ctx, message.customer_id) if message.customer_id else None
    page.title = message.subject or message.number
    page.crumbs((str(_("E-mails")), "/emails"), (message.number, ""))
    return page.render("mail/email.html", email=message, customer=customer)


@pages.get("/emails/{number}/message.eml", permission="core.email.view")
def download(page: Page, number: str) -> Response:
    message = queries.get(page.ctx, number)
    viewed(page.ctx, message, "core.email")
    shown = compose(message, RenderedMail(message.subject, message.text, message.html))
    headers = {"Content-Disposition": f'attachment; filename="{message.number}.eml"'}
    return Response(shown.as_bytes(), media_type="message/rfc822", headers=headers)


@pages.post("/emails/{number}/send-again", permission="core.email.retry")
def send_again(page: Page, number: str) -> Response:
    operations.send_again(page.ctx, number)
    return page.redirect(f"/emails/{number}", str(_("It will be sent again.")))
