"""Orders and their lines: what is at work, what failed, what can be done about it."""

from typing import Any

from starlette.responses import Response

from trunkline.customers import queries as customers
from trunkline.i18n import gettext as _
from trunkline.web.pages import Page, Pages
from trunkline_catalog import operations, queries
from trunkline_catalog.schemas import OrderState
from trunkline_catalog.tables import ACTION_LABELS, ORDERS, REASON_LABELS, list_orders
from trunkline_inventory import queries as inventory

pages = Pages()
#: What tells htmx to stop asking (its own status code).
STOP_POLLING = 286


@pages.get("/catalog/orders", permission="catalog.order.list")
def index(page: Page) -> Response:
    page.title = str(_("Orders"))
    page.crumbs((page.title, ""))
    return page.table("catalog/orders.html", ORDERS, list_orders(page.ctx))


def _facts(page: Page, number: str) -> dict[str, Any]:
    order = queries.order(page.ctx, number)
    return {
        "order": order,
        "customer": customers.by_id(page.ctx, order.customer_id),
        "actions": ACTION_LABELS,
        "reasons": REASON_LABELS,
        "labels": {one.name: one.label for one in inventory.templates(page.ctx)},
        "at_work": order.state is OrderState.IN_PROGRESS,
    }


@pages.get("/catalog/orders/{number}", permission="catalog.order.view")
def show(page: Page, number: str) -> Response:
    facts = _facts(page, number)
    page.title = number
    page.crumbs((str(_("Orders")), "/catalog/orders"), (number, ""))
    return page.render("catalog/order.html", **facts)


@pages.get("/catalog/orders/{number}/status", permission="catalog.order.view")
def status(page: Page, number: str) -> Response:
    """Head and lines by themselves, for the page to renew while work goes on."""
    facts = _facts(page, number)
    return page.part("catalog/order_status.html", status=200 if facts["at_work"] else STOP_POLLING, **facts)


@pages.post("/catalog/orders/{number}/lines/{position:int}/cancel", permission="catalog.order.cancel")
def cancel(page: Page, number: str, position: int) -> Response:
    line = operations.cancel_order_line(page.ctx, f"{number}/{position}")
    words = (
        _("Line {number} is being cancelled.") if line.state.is_open else _("Line {number} was cancelled.")
    )
    return page.redirect(f"/catalog/orders/{number}", str(words).format(number=line.number))


@pages.post("/catalog/orders/{number}/lines/{position:int}/retry", permission="catalog.order.retry")
def retry(page: Page, number: str, position: int) -> Response:
    line = operations.retry_order_line(page.ctx, f"{number}/{position}")
    return page.redirect(
        f"/catalog/orders/{number}", str(_("Line {number} is tried again.", number=line.number))
    )
