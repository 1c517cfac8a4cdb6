"""The billing run: every account, month by month, in chunks that each commit by themselves.

What has been done is known from the data alone (the unique keys of monthly charges and invoices), so a run that was killed
anywhere goes on where it stopped and invoices nobody twice.
"""

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from sqlmodel import col, select

from trunkline.errors import Refused
from trunkline.i18n import gettext as _
from trunkline.operation import SYSTEM, Actor, Context, operation
from trunkline.search.marking import mark
from trunkline_billing.events import BillingRunAdvanced
from trunkline_billing.models.accounts import BillingAccount, BillingCharge, BillingSubscription, ChargeState
from trunkline_billing.models.invoices import BillingRun
from trunkline_billing.operations.invoicing import issue_for
from trunkline_billing.operations.monthly import charge_month
from trunkline_billing.operations.suspended import credit_month
from trunkline_billing.periods import Period, local_day

if TYPE_CHECKING:
    from trunkline.app import App

#: Accounts per transaction: well under a second, so that nobody waits long behind a run.
CHUNK = 500


@dataclass(frozen=True)
class RunProgress:
    """What one chunk did, and whether it was the last."""

    run: BillingRun
    issued: int
    done: bool


@operation("billing.run.run")
def run_billing(ctx: Context, period: str) -> BillingRun:
    """Invoice a whole month in this one transaction. For real amounts of accounts use `run_period`, which commits in chunks.

    Running a month again invoices only what is new. Raises Refused while the month is not over.
    """
    while True:
        progress = advance(ctx, period)
        if progress.done:
            return progress.run


def check_over(ctx: Context, period: str) -> Period:
    """The month, when it can be run. Raises Refused while it is not over."""
    month = Period.parse(period)
    if ctx.now() < month.end(ctx.app.config.zone):
        raise Refused(
            _("{period} is not over yet.", period=period),
            field="period",
            remedy=_("Run it from the first day of the next month, or use “Invoice now” for one account."),
        )
    return month


@operation("billing.run.run")
def advance(ctx: Context, period: str, chunk: int = CHUNK) -> RunProgress:
    """Invoice the next accounts of a month and say how far that is. Raises Refused while the month is not over."""
    month = check_over(ctx, period)
    run = ctx.session.scalars(
        select(BillingRun).where(col(BillingRun.period) == str(month)).with_for_update()
    ).one_or_none()
    if run is None:
        run = BillingRun(period=str(month), started_at=ctx.now(), created_at=ctx.now())
        ctx.session.add(run)
    elif run.state == "done":
        run.state, run.last_account_id, run.finished_at = "running", 0, None
    ctx.session.flush()
    accounts = list(
        ctx.session.scalars(
            select(col(BillingAccount.id))
            .where(col(BillingAccount.id) > run.last_account_id)
            .order_by(col(BillingAccount.id))
            .limit(chunk)
        )
    )
    ids = [key for key in accounts if key is not None]
    charge_month(ctx, ids, month, ctx.now())
    credit_month(ctx, ids, month)
    keys = {key: f"run:{key}:{month}" for key in ids}
    issued = issue_for(ctx, keys, month, until=month.last_day, run_id=run.key)
    run.invoices += len(issued)
    for invoice_id, _number, _account in issued:
        mark(ctx, "invoice", invoice_id)
    if issued:
        invoice_ids = tuple(invoice_id for invoice_id, _number, _account in issued)
        ctx.emit(BillingRunAdvanced(entity_id=run.key, period=str(month), invoice_ids=invoice_ids))
    if len(ids) < chunk:
        run.state, run.finished_at = "done", ctx.now()
    else:
        run.last_account_id = ids[-1]
    ctx.note(run, label=str(month), invoices=len(issued))
    return RunProgress(run, len(issued), run.state == "done")


def run_period(app: "App", period: str, actor: Actor = SYSTEM) -> int:
    """Invoice a month for everybody, committing every chunk; returns how many invoices were issued now."""
    total = 0
    while True:
        with app.unit_of_work(actor) as ctx:
            progress = advance(ctx, period)
        total += progress.issued
        if progress.done:
            return total


def due_periods(ctx: Context, until: date | None = None) -> list[str]:
    """Months that are over before the day `until` (today unless given) and were not run to their end, oldest first."""
    zone = ctx.app.config.zone
    last = Period.of(until or local_day(ctx.now(), zone)).previous
    first = _first_open(ctx)
    periods = []
    while first is not None and first <= last:
        periods.append(str(first))
        first = first.next
    return periods


def _first_open(ctx: Context) -> Period | None:
    zone = ctx.app.config.zone
    last_done = ctx.session.scalars(
        select(col(BillingRun.period))
        .where(col(BillingRun.state) == "done")
        .order_by(col(BillingRun.period).desc())
    ).first()
    if last_done is not None:
        return Period.parse(last_done).next
    starts = ctx.session.scalars(
        select(col(BillingSubscription.starts_at)).order_by(col(BillingSubscription.starts_at))
    ).first()
    days = [local_day(starts, zone)] if starts else []
    charged = ctx.session.scalars(
        select(col(BillingCharge.first_day))
        .where(col(BillingCharge.state) == ChargeState.OPEN)
        .order_by(col(BillingCharge.first_day))
    ).first()
    days += [charged] if charged else []
    return Period.of(min(days)) if days else None
