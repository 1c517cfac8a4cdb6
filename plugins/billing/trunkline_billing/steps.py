"""What billing adds to an order line's job, and the job of a billing run."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from pydantic import BaseModel
from sqlmodel import col, select

from trunkline.errors import NotFound
from trunkline.i18n import format_date, format_money
from trunkline.i18n import gettext as _
from trunkline.jobs.operations import PlannedStep, enqueue
from trunkline.jobs.steps import StepContext
from trunkline.operation import Context
from trunkline.plugin import StepKind
from trunkline_billing.engines import charging_engine
from trunkline_billing.models.accounts import (
    AccountKind,
    BillingAccount,
    BillingChargingAccount,
    BillingSubscription,
)
from trunkline_billing.operations.accounts import default_account
from trunkline_billing.operations.charges import (
    ChargeService,
    charge_service,
    continue_charging,
    stop_charging,
    undo_charging,
)
from trunkline_billing.operations.product_changes import change_product, month_foreseen, undo_product_change
from trunkline_billing.operations.runs import advance
from trunkline_billing.periods import Period
from trunkline_catalog import queries as catalog
from trunkline_catalog.schemas import LineAction, LineInputs, LineStep, OrderLineView, ProductView

#: Before the network, so that playbooks know the account.
OPEN_ACCOUNT, START_CHARGES = 40, 70


class RunInputs(BaseModel):
    """Which month a run is for."""

    period: str


def line_steps(ctx: Context, line: OrderLineView, product: ProductView) -> Sequence[LineStep]:
    """What billing adds to the plan of an order line."""
    inputs = {"line_id": line.id}
    if line.action is LineAction.NEW:
        return (
            LineStep(
                OPEN_ACCOUNT,
                PlannedStep(
                    "billing.open_charging_account",
                    inputs=inputs,
                    changes=[_("A charging account is opened, unless there is one")],
                ),
            ),
            LineStep(
                START_CHARGES, PlannedStep("billing.start_charges", inputs=inputs, changes=_charged(line))
            ),
        )
    if line.action is LineAction.TERMINATE:
        ends = [_("Monthly charges of {service} end", service=line.service_number)]
        return (LineStep(START_CHARGES, PlannedStep("billing.stop_charges", inputs=inputs, changes=ends)),)
    if line.changes_product:
        shares = _shares(ctx, line, product)
        return (
            LineStep(START_CHARGES, PlannedStep("billing.change_charges", inputs=inputs, changes=shares)),
        )
    return ()


def _shares(ctx: Context, line: OrderLineView, product: ProductView) -> list[str]:
    """What the month of the change comes to, as far as can be said before."""
    if line.service_id is None:
        return []
    at = line.start_after or ctx.now()
    before = catalog.product(ctx, line.previous.product)
    foreseen = month_foreseen(ctx, line.service_id, before, product, at)
    if foreseen is None:
        return [_("It is not charged, and will not be")]
    words: list[str] = [
        _(
            "{product} from {day} on: {monthly} a month",
            day=format_date(foreseen.day),
            product=product.name,
            monthly=format_money(product.monthly_price_micros, product.currency),
        )
    ]
    for name, share, days in (
        (before.name, foreseen.before, foreseen.before_days),
        (product.name, foreseen.after, foreseen.after_days),
    ):
        if days and foreseen.before_days:
            words.append(
                _(
                    "That month: {share} for {n} days of {product}",
                    share=format_money(share.micros, share.currency),
                    n=days,
                    product=name,
                )
            )
    return words


def _charged(line: OrderLineView) -> list[str]:
    if not line.currency:
        return []
    setup, monthly = (
        format_money(micros, line.currency) for micros in (line.setup_micros, line.monthly_micros)
    )
    return [_("{setup} once and {monthly} a month are charged", setup=setup, monthly=monthly)]


def _open_account(step: StepContext) -> Mapping[str, Any]:
    with step.unit_of_work() as ctx:
        line = catalog.line(ctx, step.inputs.line_id)
        account = default_account(ctx, line.customer_id)
        # Kept, so that the embedded engine need not read it again.
        opened = ctx.session.get(BillingChargingAccount, account.key)
        number, currency, prepaid = account.number, account.currency, account.kind == AccountKind.PREPAID
        engine = charging_engine(ctx)
        engine.open_account(ctx, number, currency, prepaid=prepaid, key=step.idempotency_key)
        step.log(
            f"Account {number} is known to the charging engine."
            if opened is not None
            else f"Account {number} opened in the charging engine “{engine.name}”."
        )
    return {"account": number, "engine": engine.name}


@dataclass(frozen=True)
class _Account:
    """The account that a line is charged to, in the charging engine that is used."""

    number: str
    engine: str
    known: bool


def _look_up_account(ctx: Context, step: StepContext) -> _Account:
    try:
        account = default_account(ctx, catalog.line(ctx, step.inputs.line_id).customer_id)
    except NotFound:
        # Only a unit of work that writes opens one.
        return _Account("", charging_engine(ctx).name, known=False)
    known = ctx.session.get(BillingChargingAccount, account.key) is not None
    return _Account(account.number, charging_engine(ctx).name, known)


def _rehearse_account(step: StepContext) -> None:
    account: _Account = step.gathered
    step.log(
        f"Account {account.number} is known to the charging engine."
        if account.known
        else f"{account.number or 'A new account'} would be opened in the charging engine “{account.engine}”."
    )


def _close_account(step: StepContext) -> None:
    """Close the charging account only if this very step opened it and no other service is charged to it."""
    with step.unit_of_work() as ctx:
        line = catalog.line(ctx, step.inputs.line_id)
        opened = ctx.session.execute(
            select(col(BillingAccount.number), col(BillingAccount.id))
            .join(BillingChargingAccount, col(BillingChargingAccount.account_id) == col(BillingAccount.id))
            .where(
                col(BillingAccount.customer_id) == line.customer_id,
                col(BillingChargingAccount.opened_by) == f"{step.job_number}:{step.name}:do",
            )
        ).one_or_none()
        if opened is None:
            step.log("Nothing to close.")
            return
        charged = ctx.session.scalars(
            select(col(BillingSubscription.id))
            .where(col(BillingSubscription.account_id) == opened.id)
            .limit(1)
        ).first()
        if charged is not None:
            step.log(f"Account {opened.number} stays: another service is charged to it.")
            return
        charging_engine(ctx).close_account(ctx, opened.number, key=step.idempotency_key)
    step.log(f"Account {opened.number} closed in the charging engine.")


def _start_charges(step: StepContext) -> Mapping[str, Any]:
    ctx = step.ctx
    line = catalog.line(ctx, step.inputs.line_id)
    if line.service_id is None:
        return {}
    subscription = charge_service(ctx, ChargeService(line.service_id, ctx.now()))
    charged = "would be charged" if step.only_tried else "is charged"
    step.log(f"{subscription.product_name} {charged} from {subscription.starts_at:%Y-%m-%d} on.")
    return {"service_id": line.service_id}


def _undo_charges(step: StepContext) -> None:
    line = catalog.line(step.ctx, step.inputs.line_id)
    if line.service_id is not None:
        count = undo_charging(step.ctx, line.service_id)
        step.log(f"{count} charges taken back." if count else "Nothing was charged.")


def _stop_charges(step: StepContext) -> Mapping[str, Any]:
    ctx = step.ctx
    line = catalog.line(ctx, step.inputs.line_id)
    if line.service_id is not None:
        stop_charging(ctx, line.service_id, ctx.now())
    return {}


def _charge_on(step: StepContext) -> None:
    line = catalog.line(step.ctx, step.inputs.line_id)
    if line.service_id is not None:
        continue_charging(step.ctx, line.service_id)


def _change_charges(step: StepContext) -> Mapping[str, Any]:
    ctx = step.ctx
    line = catalog.line(ctx, step.inputs.line_id)
    if line.service_id is not None:
        charged = change_product(ctx, line.service_id, line.id, line.product_code, ctx.now())
        would = "Would be charged" if step.only_tried else "Charged"
        step.log(f"{would} as {line.product_name} from today on." if charged else "It is not charged.")
    return {}


def _charge_as_before(step: StepContext) -> None:
    line = catalog.line(step.ctx, step.inputs.line_id)
    if line.service_id is not None:
        undone = undo_product_change(step.ctx, line.service_id, line.id)
        step.log("Charged as before." if undone else "Nothing was changed.")


def _run(step: StepContext) -> Mapping[str, Any]:
    period, issued = step.inputs.period, 0
    while True:
        with step.unit_of_work() as ctx:
            progress = advance(ctx, period)
            total = progress.run.invoices
        issued += progress.issued
        step.log(f"{issued} invoices issued.")
        if progress.done:
            return {"issued": issued, "invoices": total}
        if step.cancelled():
            step.log("Stopped; run the month again to go on.", "warn")
            return {"issued": issued, "invoices": total}


STEP_KINDS = (
    StepKind(
        "billing.open_charging_account",
        _("Open the charging account"),
        _open_account,
        _close_account,
        rehearse=_rehearse_account,
        gather=_look_up_account,
        inputs=LineInputs,
    ),
    StepKind(
        "billing.start_charges",
        _("Charge set-up and first month"),
        _start_charges,
        _undo_charges,
        inputs=LineInputs,
        transactional=True,
    ),
    StepKind(
        "billing.stop_charges",
        _("Stop charging"),
        _stop_charges,
        _charge_on,
        inputs=LineInputs,
        transactional=True,
    ),
    StepKind(
        "billing.change_charges",
        _("Charge as the new product"),
        _change_charges,
        _charge_as_before,
        inputs=LineInputs,
        transactional=True,
    ),
    StepKind(
        "billing.run",
        _("Invoice every account"),
        _run,
        inputs=RunInputs,
        irreversible=True,
        timeout=timedelta(hours=12),
    ),
)


def enqueue_run(ctx: Context, period: str) -> str:
    """Queue the job that runs a month, and return its number. While one is at work on the month, a second finds nothing to do."""
    month = Period.parse(period)
    job = enqueue(
        ctx,
        kind="billing.run",
        title=_("Billing of {period}", period=str(month)).translated(),
        steps=[PlannedStep("billing.run", inputs={"period": str(month)})],
        key=f"billing-run:{month}:{ctx.now():%Y%m%dT%H%M%S%f}",
    )
    return job.number
