"""What waits for those who keep the books, for their start page."""

from datetime import timedelta

from sqlalchemy import func, select
from sqlmodel import col

from trunkline.home.pages import waiting
from trunkline.i18n import gettext as _
from trunkline.operation import Context
from trunkline.web.pages import Page
from trunkline_billing.models import BillingRefund, BillingRun
from trunkline_billing.models.payments import RefundState
from trunkline_billing.periods import Period

#: A transfer takes no longer; then somebody asks where it is.
_ARRIVES_WITHIN = timedelta(days=3)
#: A failed refund is credit again: who has not looked by then is not told of it for ever.
_TOLD_FOR = timedelta(days=7)


def months_to_run(ctx: Context) -> int:
    """Months that are over and come after the last one that was run to its end; 0 before the first run."""
    last_done = ctx.session.scalar(
        select(func.max(col(BillingRun.period))).where(col(BillingRun.state) == "done")
    )
    if last_done is None:
        return 0
    now = Period.at(ctx.now(), ctx.app.config.zone)
    done = Period.parse(last_done)
    return max(0, (now.year - done.year) * 12 + now.month - done.month - 1)


def months(page: Page, subject: object) -> str | None:
    """Months whose billing run is due, or began and did not end."""
    return waiting(page, _("Months to be invoiced"), months_to_run(page.ctx), "/billing/runs", "file-invoice")


def refunds_on_their_way(page: Page, subject: object) -> str | None:
    """Refunds of which nobody has said for days whether they arrived."""
    count = page.ctx.session.scalar(
        select(func.count(col(BillingRefund.id))).where(
            col(BillingRefund.state) == RefundState.UNDER_WAY,
            col(BillingRefund.made_at) < page.ctx.now() - _ARRIVES_WITHIN,
            *page.ctx.visible_conditions(BillingRefund),
        )
    )
    label = _("Refunds that have not arrived for days")
    return waiting(page, label, count or 0, "/billing/refunds?state=under_way", "receipt-refund")


def refunds_that_failed(page: Page, subject: object) -> str | None:
    """Refunds that came back lately: the money is the account's credit again."""
    count = page.ctx.session.scalar(
        select(func.count(col(BillingRefund.id))).where(
            col(BillingRefund.state) == RefundState.FAILED,
            col(BillingRefund.settled_at) > page.ctx.now() - _TOLD_FOR,
            *page.ctx.visible_conditions(BillingRefund),
        )
    )
    label = _("Refunds that failed in the last seven days")
    return waiting(page, label, count or 0, "/billing/refunds?state=failed", "receipt-refund", bad=True)
