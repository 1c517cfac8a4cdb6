"""The page of provisioning's times and success, and the same as a file."""

import csv
import io
from collections.abc import Sequence

from starlette.responses import Response

from trunkline import i18n
from trunkline.i18n import gettext as _
from trunkline.jobs import performance, performance_charts
from trunkline.jobs.performance import Figures
from trunkline.web.drawing import as_csv
from trunkline.web.pages import Page, Pages
from trunkline.web.table_export import safe_text

pages = Pages()

#: The page shows so many steps; the file has all.
_SHOWN = 200


@pages.get("/jobs/performance", permission="core.job.list")
def show(page: Page) -> Response:
    """Times and success per product and per step."""
    product = page.query.get("product", "")
    found = performance.performance(page.ctx, product=product)
    codes = performance.products(page.ctx)
    names = performance.product_names(page.ctx, [*codes, *(one.product for one in found.jobs), product])
    page.title = str(_("Provisioning performance"))
    page.crumbs((str(_("Jobs")), "/jobs"), (page.title, ""))
    return page.render(
        "jobs/performance.html",
        found=found,
        steps=found.steps[:_SHOWN],
        product=product,
        products=sorted(codes, key=lambda code: names[code].casefold()),
        names=names,
        days=performance.DAYS,
        most=performance.MOST,
        runs=sum(one.runs for one in found.jobs),
        succeeded=sum(one.succeeded for one in found.jobs),
        outcomes=performance_charts.outcomes(page.ctx, found),
        times=performance_charts.times(page.ctx, found),
    )


@pages.get("/jobs/performance.csv", permission="core.job.list")
def as_file(page: Page) -> Response:
    """The same figures, those of whole jobs with an empty step. Times in seconds, the rate as a share of one."""
    found = performance.performance(page.ctx, product=page.query.get("product", ""))
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(["kind", "product", "action", "step", "runs", "succeeded", "rate", "median_s", "p95_s"])
    writer.writerows(_row(one) for one in [*found.jobs, *found.steps])
    headers = {"Content-Disposition": 'attachment; filename="provisioning-performance.csv"'}
    return Response("\ufeff" + text.getvalue(), media_type="text/csv; charset=utf-8", headers=headers)


@pages.get("/jobs/performance/outcomes.csv", permission="core.job.list")
def outcomes_file(page: Page) -> Response:
    """How many jobs went well and failed on each day, as the chart shows it."""
    found = performance.performance(page.ctx, product=page.query.get("product", ""))
    return as_csv(performance_charts.outcomes(page.ctx, found), "provisioning-outcomes")


@pages.get("/jobs/performance/times.csv", permission="core.job.list")
def times_file(page: Page) -> Response:
    """How long jobs took on each day, in seconds, as the chart shows it."""
    found = performance.performance(page.ctx, product=page.query.get("product", ""))
    return as_csv(performance_charts.times(page.ctx, found), "provisioning-times")


def _row(one: Figures) -> Sequence[object]:
    words = (one.kind, one.product, one.action, i18n.translate(one.step) if one.step else "")
    times = ("" if value is None else f"{value:.3f}" for value in (one.median, one.p95))
    return [*(safe_text(word) for word in words), one.runs, one.succeeded, f"{one.rate:.4f}", *times]
