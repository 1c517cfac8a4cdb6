"""Billing runs: what was run, what a run would do, and starting one."""

from collections.abc import Mapping
from typing import Any

from starlette.responses import Response

from trunkline.i18n import format_month
from trunkline.i18n import gettext as _
from trunkline.web.pages import Page, Pages
from trunkline_billing import operations, queries
from trunkline_billing.periods import Period
from trunkline_billing.run_list import RUNS
from trunkline_billing.schemas import RunBilling
from trunkline_billing.steps import enqueue_run

PAGES = Pages()
LIST = "/billing/runs"


@PAGES.get(LIST, permission="billing.run.list")
def runs(page: Page) -> Response:
    page.title = str(_("Billing runs"))
    page.crumbs((page.title, ""))
    due = operations.due_periods(page.ctx)
    return page.table("billing/runs.html", RUNS, queries.run_select(page.ctx), due=due)


def _last_month(page: Page) -> str:
    return str(Period.at(page.ctx.now(), page.app.config.zone).previous)


def _initial(page: Page) -> Mapping[str, Any]:
    page.crumbs((str(_("Billing runs")), LIST), (str(_("Run billing")), ""))
    due = operations.due_periods(page.ctx)
    period = page.query.get("period") or (due[0] if due else _last_month(page))
    offered = list(dict.fromkeys([*due, _last_month(page), period]))
    choices = {"period": [(name, format_month(str(Period.parse(name)))) for name in sorted(offered)]}
    return {"period": period, "form_options": {"cancel": LIST, "choices": choices}}


def _extra(page: Page) -> Mapping[str, Any]:
    periods = operations.due_periods(page.ctx) or [page.query.get("period") or _last_month(page)]
    return {"previews": [queries.preview(page.ctx, period) for period in periods[-6:]]}


@PAGES.form(
    LIST + "/new",
    permission="billing.run.run",
    schema=RunBilling,
    template="billing/run.html",
    title=_("Run billing"),
    initial=_initial,
    extra=_extra,
    submit=_("Run billing"),
)
def start(page: Page, command: RunBilling) -> Response:
    operations.check_over(page.ctx, command.period)
    number = enqueue_run(page.ctx, command.period)
    return page.redirect(
        f"/jobs/{number}" if page.can("core.job.view") else LIST, str(_("Billing is under way."))
    )
