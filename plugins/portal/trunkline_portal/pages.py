"""The customer's own pages."""

from starlette.responses import Response

from trunkline.customers import queries as customers
from trunkline.i18n import gettext as _
from trunkline.web.pages import Page, Pages
from trunkline.web.stretches import stretch
from trunkline_billing import queries as billing
from trunkline_portal import account, contracts, queries
from trunkline_portal.tables import invoice_table, line_name, payment_table, refund_table, told, usage_table

pages = Pages(audience="portal")
#: Who has more services looks for one among all of them.
_ON_HOME = 12


@pages.get("/portal", permission="portal.home.view")
def home(page: Page) -> Response:
    customer = queries.own_customer(page.ctx)
    sees_money, sees_lines = page.can("portal.invoice.list"), page.can("portal.service.view")
    accepts = page.can("portal.contract_acceptance.record")
    own = queries.services(page.ctx, customer.key) if sees_lines else []
    return page.render(
        "portal/home.html",
        customer=customer,
        first_name=(page.user.name if page.user else customer.name).partition(" ")[0],
        due=queries.money_due(page.ctx, customer.key) if sees_money else None,
        accounts=billing.accounts_of(page.ctx, customer.key) if sees_money else [],
        cards=queries.cards(page.ctx, own[:_ON_HOME], own),
        count=len(own),
        sees_lines=sees_lines,
        to_accept=contracts.waiting(page.ctx, customer) if accepts else [],
    )


@pages.get("/portal/services", permission="portal.service.view")
def service_list(page: Page) -> Response:
    customer = queries.own_customer(page.ctx)
    page.title = _("Services")
    own = queries.services(page.ctx, customer.key, ended=True)
    found = stretch(page, own, told, "/portal/services")
    cards = queries.cards(page.ctx, found.rows, own)
    return page.render("portal/services.html", customer=customer, services=found, cards=cards)


@pages.get("/portal/services/{number}", permission="portal.service.view")
def service_page(page: Page, number: str) -> Response:
    card = queries.service(page.ctx, number)
    customer = queries.own_customer(page.ctx)
    page.title = card.service.product_name
    places = {site.id: site for site in customers.sites_of(page.ctx, customer.key)}
    people = {contact.id: contact for contact in customers.contacts_of(page.ctx, customer.key)}
    return page.render(
        "portal/service.html",
        customer=customer,
        line_name=line_name(card.service),
        card=card,
        site=places.get(card.service.site_id),
        contact=people.get(card.service.contact_id),
    )


@pages.get("/portal/usage", permission="portal.usage.list")
def usage(page: Page) -> Response:
    customer = queries.own_customer(page.ctx)
    page.title = _("Usage")
    own = queries.services(page.ctx, customer.key, ended=True)
    statement = billing.usage_select(page.ctx, customer.key)
    return page.table("portal/usage.html", usage_table(own), statement, customer=customer)


@pages.get("/portal/invoices", permission="portal.invoice.list")
def invoices(page: Page) -> Response:
    customer = queries.own_customer(page.ctx)
    page.title = _("Invoices")
    statement = billing.invoice_select(page.ctx, customer.key)
    due = queries.money_due(page.ctx, customer.key)
    return page.table("portal/invoices.html", invoice_table(), statement, customer=customer, due=due)


@pages.get("/portal/invoices/{number}", permission="portal.invoice.view")
def invoice_page(page: Page, number: str) -> Response:
    found = queries.invoice(page.ctx, number)
    page.title = _("Invoice {number}", number=found.number)
    lines = stretch(page, found.lines, lambda line: line.told, f"/portal/invoices/{found.number}")
    return page.render(
        "portal/invoice.html", invoice=found, lines=lines, customer=queries.own_customer(page.ctx)
    )


@pages.get("/portal/invoices/{number}/pdf", permission="portal.invoice.view")
def invoice_pdf(page: Page, number: str) -> Response:
    found = queries.invoice(page.ctx, number)
    pdf = billing.invoice_pdf(page.ctx, found.number)
    name = f'attachment; filename="{found.number}.pdf"'
    return Response(pdf, media_type="application/pdf", headers={"Content-Disposition": name})


@pages.get("/portal/invoices/{number}/lines.csv", permission="portal.invoice.view")
def invoice_lines_csv(page: Page, number: str) -> Response:
    found = queries.invoice(page.ctx, number)
    return billing.invoice_lines(page.ctx, found.number, "csv").response()


@pages.get("/portal/invoices/{number}/lines.xlsx", permission="portal.invoice.view")
def invoice_lines_xlsx(page: Page, number: str) -> Response:
    found = queries.invoice(page.ctx, number)
    return billing.invoice_lines(page.ctx, found.number, "xlsx").response()


@pages.get("/portal/payments", permission="portal.payment.list")
def payments(page: Page) -> Response:
    customer = queries.own_customer(page.ctx)
    page.title = _("Payments")
    refunds = refund_table().load(
        page.ctx.session, billing.refund_select(page.ctx, customer.key), {}, path="/portal/payments"
    )
    statement = billing.payment_select(page.ctx, customer.key)
    return page.table("portal/payments.html", payment_table(), statement, customer=customer, refunds=refunds)


@pages.get("/portal/account", permission="portal.home.view")
def account_page(page: Page) -> Response:
    return account.show(page)


@pages.post("/portal/account/profile", permission="portal.home.view")
def save_profile(page: Page) -> Response:
    return account.save_profile(page)


@pages.post("/portal/account/password", permission="portal.home.view", reads=True, hashes=True)
def save_password(page: Page) -> Response:
    return account.save_password(page)
