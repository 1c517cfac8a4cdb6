"""Invoices: the list, one invoice, its PDF, voiding, and invoicing one account now."""

from collections.abc import Mapping
from typing import Any

from starlette.responses import Response

from trunkline.activity import viewed
from trunkline.customers import queries as customers
from trunkline.i18n import gettext as _
from trunkline.web.pages import Page, Pages
from trunkline.web.stretches import stretch
from trunkline.web.table_export import Format
from trunkline_billing import operations, queries
from trunkline_billing.schemas import InvoiceView, VoidInvoice
from trunkline_billing.tables import invoice_table

PAGES = Pages()
LIST = "/billing/invoices"


@PAGES.get(LIST, permission="billing.invoice.list")
def invoices(page: Page) -> Response:
    page.title = str(_("Invoices"))
    page.crumbs((page.title, ""))
    return page.table(
        "billing/list.html", invoice_table(page.ctx), queries.invoice_select(page.ctx), actions=()
    )


@PAGES.get(LIST + "/{number}", permission="billing.invoice.view")
def invoice(page: Page, number: str) -> Response:
    view = queries.invoice(page.ctx, number)
    viewed(page.ctx, view, "billing.invoice")
    page.title = view.number
    page.crumbs((str(_("Invoices")), LIST), (view.number, ""))
    return page.render(
        "billing/invoice.html",
        invoice=view,
        lines=stretch(page, view.lines, lambda line: line.told, f"{LIST}/{view.number}"),
        customer=customers.by_id(page.ctx, view.customer_id),
        payments=queries.payments_for(page.ctx, view.id),
    )


@PAGES.get(LIST + "/{number}/pdf", permission="billing.invoice.view")
def pdf(page: Page, number: str) -> Response:
    viewed(page.ctx, queries.invoice(page.ctx, number), "billing.invoice")
    content = queries.invoice_pdf(page.ctx, number)
    headers = {
        "Content-Disposition": f'inline; filename="{number}.pdf"',
        "Cache-Control": "private, no-cache",
    }
    return Response(content, media_type="application/pdf", headers=headers)


@PAGES.get(LIST + "/{number}/lines.csv", permission="billing.invoice.view")
def lines_csv(page: Page, number: str) -> Response:
    return _lines(page, number, "csv")


@PAGES.get(LIST + "/{number}/lines.xlsx", permission="billing.invoice.view")
def lines_xlsx(page: Page, number: str) -> Response:
    return _lines(page, number, "xlsx")


def _lines(page: Page, number: str, wanted: Format) -> Response:
    viewed(page.ctx, queries.invoice(page.ctx, number), "billing.invoice")
    return queries.invoice_lines(page.ctx, number, wanted).response()


def _void_initial(page: Page, number: str) -> Mapping[str, Any]:
    view: InvoiceView = queries.invoice(page.ctx, number)
    page.title = str(_("Void {number}", number=number))
    page.crumbs((str(_("Invoices")), LIST), (number, f"{LIST}/{number}"), (str(_("Void")), ""))
    return {
        "form_options": {"cancel": f"{LIST}/{number}", "submit": str(_("Void invoice")), "danger": True},
        "_": view.id,
    }


@PAGES.form(
    LIST + "/{number}/void",
    permission="billing.invoice.cancel",
    schema=VoidInvoice,
    template="billing/form.html",
    title=_("Void invoice"),
    initial=_void_initial,
    extra=lambda page, number: {
        "text": _(
            "The number stays used, the charges wait for the next invoice, and what was paid becomes credit."
        )
    },
)
def void(page: Page, command: VoidInvoice, number: str) -> Response:
    operations.void_invoice(page.ctx, number, command)
    return page.redirect(f"{LIST}/{number}", str(_("{number} is void.", number=number)))


@PAGES.post("/billing/accounts/{number}/invoice", permission="billing.invoice.issue")
def invoice_now(page: Page, number: str) -> Response:
    issued = operations.issue_invoice(page.ctx, number)
    return page.redirect(f"{LIST}/{issued.number}", str(_("{number} was issued.", number=issued.number)))
