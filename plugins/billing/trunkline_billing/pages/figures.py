"""Charts of billing: a page of its own, which the start page shows as a part, and their files."""

from collections.abc import Callable, Sequence

from starlette.responses import Response

from trunkline.activity import viewed
from trunkline.charts import Chart
from trunkline.customers import queries as customers
from trunkline.db.haste import within
from trunkline.errors import NotFound
from trunkline.i18n import gettext as _
from trunkline.operation import Context
from trunkline.web.drawing import as_csv
from trunkline.web.pages import Page, Pages
from trunkline_billing import queries
from trunkline_billing.queries.charts import USAGE_TYPES

PAGES = Pages()
#: Seconds that each chart may take of a start page that is about other things.
_PATIENCE = 0.4


@PAGES.get("/billing/figures", permission="billing.ledger.view")
def figures(page: Page) -> Response:
    """What was invoiced and paid, and what is overdue."""
    page.title = str(_("Figures of billing"))
    page.crumbs((page.title, ""))
    asked = page.query.get("sums") == "all"
    return page.render(
        "billing/figures.html",
        by_month=_in_time(page, queries.billed_by_month, asked),
        by_age=_in_time(page, queries.overdue_by_age, asked),
    )


def _in_time(page: Page, look: Callable[[Context], list[Chart]], asked: bool) -> list[Chart] | None:
    """The charts; None where adding up millions of invoices takes long and nobody has asked for it."""
    return look(page.ctx) if asked else within(page.ctx.session, _PATIENCE, lambda: look(page.ctx))


@PAGES.get("/billing/figures/by-month.csv", permission="billing.ledger.view")
def by_month_file(page: Page) -> Response:
    return as_csv(_of_currency(page, queries.billed_by_month(page.ctx)), "billed-by-month")


@PAGES.get("/billing/figures/overdue.csv", permission="billing.ledger.view")
def overdue_file(page: Page) -> Response:
    return as_csv(_of_currency(page, queries.overdue_by_age(page.ctx)), "overdue-by-age")


@PAGES.get("/billing/customers/{number}/by-month.csv", permission="billing.payment.list")
def customer_file(page: Page, number: str) -> Response:
    customer = customers.get(page.ctx, number)
    charts = queries.billed_by_month(page.ctx, customer.key)
    return as_csv(_of_currency(page, charts), f"{number}-by-month")


@PAGES.get("/billing/customers/{number}/usage-by-day.csv", permission="billing.usage.list")
def usage_file(page: Page, number: str) -> Response:
    customer = customers.get(page.ctx, number)
    kind = next((one for one in USAGE_TYPES if one == page.query.get("type", "data")), None)
    if kind is None:
        raise NotFound(_("There is no usage of that type."))
    viewed(page.ctx, customer, "billing.usage")
    return as_csv(queries.usage_by_day(page.ctx, customer.key, kind), f"{number}-{kind}-by-day")


def _of_currency(page: Page, charts: Sequence[Chart]) -> Chart:
    """The chart of the currency that is asked for, of the first one when none is. Raises NotFound."""
    wanted = page.query.get("currency", "")
    found = next((chart for chart in charts if wanted in ("", chart.currency)), None)
    if found is None:
        raise NotFound(_("There is nothing in that currency."))
    return found
