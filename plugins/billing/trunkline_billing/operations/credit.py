"""Money that came in and pays no invoice yet, and how it finds open ones: oldest first."""

from collections.abc import Iterable, Sequence

from sqlalchemy import func, insert, select, update
from sqlmodel import col

from trunkline.operation import Context
from trunkline_billing.models.invoices import BillingInvoice, InvoiceState
from trunkline_billing.models.payments import BillingAllocation, BillingPayment, PaymentState


def use_credit(
    ctx: Context, account_ids: Sequence[int], first: Iterable[int] = ()
) -> list[tuple[int, int, int]]:
    """Let the free money of these accounts pay their open invoices, those in `first` before the oldest.

    Returns the allocations made as (payment key, invoice key, micro-units).
    """
    free = _free_money(ctx, account_ids)
    if not free:
        return []
    preferred = list(first)
    made: list[tuple[int, int, int]] = []
    for account_id, invoices in _open_invoices(ctx, list(free)).items():
        invoices.sort(key=lambda item: preferred.index(item[0]) if item[0] in preferred else len(preferred))
        made += _match(free[account_id], invoices)
    if not made:
        return []
    _store(ctx, made)
    return made


def _free_money(ctx: Context, account_ids: Sequence[int]) -> dict[int, list[list[int]]]:
    """By account: [payment key, micro-units not yet allocated], oldest first."""
    used = func.coalesce(func.sum(col(BillingAllocation.amount_micros)), 0)
    kept = col(BillingPayment.amount_micros) - col(BillingPayment.refunded_micros)
    rows = ctx.session.execute(
        select(col(BillingPayment.account_id), col(BillingPayment.id), kept - used)
        .join(BillingAllocation, col(BillingAllocation.payment_id) == col(BillingPayment.id), isouter=True)
        .where(
            col(BillingPayment.account_id).in_(account_ids),
            col(BillingPayment.state) == PaymentState.RECEIVED,
        )
        .group_by(
            col(BillingPayment.account_id),
            col(BillingPayment.id),
            col(BillingPayment.amount_micros),
            col(BillingPayment.refunded_micros),
        )
        .having(kept > used)
        .order_by(col(BillingPayment.id))
    )
    free: dict[int, list[list[int]]] = {}
    for account_id, payment_id, left in rows:
        free.setdefault(account_id, []).append([payment_id, int(left)])
    return free


def _open_invoices(ctx: Context, account_ids: Sequence[int]) -> dict[int, list[list[int]]]:
    """By account: [invoice key, micro-units due], oldest due date first."""
    rows = ctx.session.execute(
        select(
            col(BillingInvoice.account_id),
            col(BillingInvoice.id),
            col(BillingInvoice.total_micros) - col(BillingInvoice.paid_micros),
        )
        .where(
            col(BillingInvoice.account_id).in_(account_ids), col(BillingInvoice.state) == InvoiceState.OPEN
        )
        .order_by(col(BillingInvoice.due_date), col(BillingInvoice.id))
    )
    found: dict[int, list[list[int]]] = {}
    for account_id, invoice_id, due in rows:
        found.setdefault(account_id, []).append([invoice_id, due])
    return found


def _match(payments: list[list[int]], invoices: list[list[int]]) -> list[tuple[int, int, int]]:
    made = []
    for invoice in invoices:
        for payment in payments:
            amount = min(payment[1], invoice[1])
            if amount > 0:
                made.append((payment[0], invoice[0], amount))
                payment[1] -= amount
                invoice[1] -= amount
    return made


def _store(ctx: Context, made: Sequence[tuple[int, int, int]]) -> None:
    """A payment may pay the same invoice again, after a void freed money: that adds to the row."""
    known = {
        (row.payment_id, row.invoice_id)
        for row in ctx.session.execute(
            select(col(BillingAllocation.payment_id), col(BillingAllocation.invoice_id)).where(
                col(BillingAllocation.payment_id).in_({payment for payment, _invoice, _amount in made})
            )
        )
    }
    fresh = [item for item in made if item[:2] not in known]
    if fresh:
        ctx.session.execute(
            insert(BillingAllocation),
            [{"payment_id": p, "invoice_id": i, "amount_micros": amount} for p, i, amount in fresh],
        )
    for payment_id, invoice_id, amount in made:
        if (payment_id, invoice_id) in known:
            ctx.session.execute(
                update(BillingAllocation)
                .where(
                    col(BillingAllocation.payment_id) == payment_id,
                    col(BillingAllocation.invoice_id) == invoice_id,
                )
                .values(amount_micros=col(BillingAllocation.amount_micros) + amount)
            )
    settle(ctx, {invoice for _payment, invoice, _amount in made})


def release(ctx: Context, payment: BillingPayment) -> None:
    """Let a payment of which money was given back pay no more than is left of it: the newest invoices lose it first.

    The account's other free money pays them, as far as there is any.
    """
    rows = ctx.session.scalars(
        select(BillingAllocation)
        .where(col(BillingAllocation.payment_id) == payment.key)
        .order_by(col(BillingAllocation.invoice_id).desc())
    ).all()
    short = sum(row.amount_micros for row in rows) - (payment.amount_micros - payment.refunded_micros)
    opened = []
    for row in rows:
        part = min(short, row.amount_micros)
        if part <= 0:
            break
        short -= part
        opened.append(row.invoice_id)
        row.amount_micros -= part
        if not row.amount_micros:
            ctx.session.delete(row)
    ctx.session.flush()
    if opened:
        settle(ctx, opened)
        use_credit(ctx, [payment.account_id])


def settle(ctx: Context, invoice_ids: Iterable[int]) -> None:
    """Bring `paid_micros` and the state of invoices in line with what is allocated to them."""
    ids = list(invoice_ids)
    paid = {
        row[0]: int(row[1])
        for row in ctx.session.execute(
            select(col(BillingAllocation.invoice_id), func.sum(col(BillingAllocation.amount_micros)))
            .where(col(BillingAllocation.invoice_id).in_(ids))
            .group_by(col(BillingAllocation.invoice_id))
        )
    }
    for invoice in ctx.session.scalars(
        select(BillingInvoice).where(col(BillingInvoice.id).in_(ids)).with_for_update()
    ):
        invoice.paid_micros = paid.get(invoice.key, 0)
        if invoice.state != InvoiceState.VOID:
            invoice.state = (
                InvoiceState.PAID if invoice.paid_micros >= invoice.total_micros else InvoiceState.OPEN
            )
    ctx.session.flush()
