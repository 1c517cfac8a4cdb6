"""The page of the figures of customers, and their files."""

from collections.abc import Callable
from typing import TypeVar

from starlette.responses import Response

from trunkline.customers import figures
from trunkline.db.haste import within
from trunkline.i18n import gettext as _
from trunkline.web.drawing import as_csv
from trunkline.web.pages import Page, Pages

pages = Pages()
R = TypeVar("R")
_LIST = "core.customer.list"
#: Seconds that counting may take of a page before somebody has asked for it.
_PATIENCE = 1.0


@pages.get("/customers/figures", permission=_LIST)
def show(page: Page) -> Response:
    """Who came and left by month, the churn rate, and how many stand where."""
    page.title = str(_("Figures of customers"))
    page.crumbs((str(_("Customers")), "/customers"), (page.title, ""))
    found = _in_time(page, lambda: figures.movements(page.ctx))
    return page.render(
        "customers/figures.html",
        found=found,
        by_month=figures.by_month(found) if found else None,
        churn=figures.churn(found) if found else None,
        by_status=_in_time(page, lambda: figures.by_status(page.ctx)),
    )


def _in_time(page: Page, look: Callable[[], R]) -> R | None:
    """What was counted; None where that takes long and nobody has asked for it."""
    if page.query.get("counts") == "all":
        return look()
    return within(page.ctx.session, _PATIENCE, look)


@pages.get("/customers/figures/by-month.csv", permission=_LIST)
def by_month_file(page: Page) -> Response:
    return as_csv(figures.by_month(figures.movements(page.ctx)), "customers-by-month")


@pages.get("/customers/figures/churn.csv", permission=_LIST)
def churn_file(page: Page) -> Response:
    return as_csv(figures.churn(figures.movements(page.ctx)), "customers-churn")


@pages.get("/customers/figures/by-status.csv", permission=_LIST)
def by_status_file(page: Page) -> Response:
    return as_csv(figures.by_status(page.ctx), "customers-by-status")
