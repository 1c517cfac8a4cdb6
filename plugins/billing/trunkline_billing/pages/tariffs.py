"""Tariffs: the list, the rates of one, and what a use would cost."""

from starlette.responses import Response

from trunkline.errors import Refused
from trunkline.i18n import gettext as _
from trunkline.web.forms import Form
from trunkline.web.pages import Page, Pages
from trunkline_billing import queries
from trunkline_billing.quoting import quote
from trunkline_billing.schemas import QuoteUsage
from trunkline_billing.tables import nanos_text, rate_table
from trunkline_billing.tariff_list import TARIFFS
from trunkline_billing.words import quantity_text

PAGES = Pages()
LIST = "/billing/tariffs"


@PAGES.get(LIST, permission="billing.tariff.list")
def tariffs(page: Page) -> Response:
    page.title = str(_("Tariffs"))
    page.crumbs((page.title, ""))
    return page.table("billing/tariffs.html", TARIFFS, queries.tariff_select(page.ctx))


@PAGES.get(LIST + "/{name}", permission="billing.tariff.view")
def tariff(page: Page, name: str) -> Response:
    view = queries.tariff(page.ctx, name)
    page.title = view.name
    page.crumbs((str(_("Tariffs")), LIST), (view.name, ""))
    form = _form(page, name)
    statement = queries.rate_select(page.ctx, view.id)
    return page.table(
        "billing/tariff.html", rate_table(view.currency), statement, tariff=view, form=form, quote=None
    )


def _form(page: Page, name: str) -> Form[QuoteUsage]:
    return page.form(QuoteUsage, action=f"{LIST}/{name}/quote", submit=str(_("Quote")), id="quote-form")


@PAGES.post(LIST + "/{name}/quote", permission="billing.tariff.view", reads=True)
def ask(page: Page, name: str) -> Response:
    view = queries.tariff(page.ctx, name)
    page.title = view.name
    page.crumbs((str(_("Tariffs")), LIST), (view.name, f"{LIST}/{name}"), (str(_("Quote")), ""))
    form, found = _form(page, name).parse(page.form_data), None
    if form.valid:
        try:
            found = quote(page.ctx, name, form.command)
        except Refused as refused:
            form.refuse(refused.field, str(refused))
    rows = [
        (
            segment.prefix or "*",
            segment.destination,
            quantity_text(form.command.type, segment.charged_quantity),
            nanos_text(segment.rate_nanos, view.currency),
            segment.cost_micros,
        )
        for segment in (found.segments if found else ())
    ]
    status = 200 if found else 422
    return page.render("billing/quote.html", status=status, tariff=view, form=form, quote=found, rows=rows)
