"""Taking payments, allocating them and taking them back."""

from collections.abc import Sequence

from sqlalchemy import delete, insert
from sqlmodel import col, select

from trunkline.db.numbers import next_number, take_numbers
from trunkline.errors import Refused
from trunkline.i18n import gettext as _
from trunkline.operation import Context, Subject, operation
from trunkline.search.marking import mark
from trunkline_billing.events import PaymentReceived, PaymentReversed, PaymentsReceived
from trunkline_billing.models.accounts import BillingAccount, BillingEntry, Ledger
from trunkline_billing.models.invoices import BillingInvoice, InvoiceState
from trunkline_billing.models.payments import BillingAllocation, BillingPayment, PaymentState
from trunkline_billing.operations.accounts import account_by_number, lock_accounts
from trunkline_billing.operations.credit import settle, use_credit
from trunkline_billing.operations.ledger import NewEntry, post, post_one, reverse
from trunkline_billing.operations.second_person import REVERSAL, check_reversible
from trunkline_billing.schemas import RecordPayment, ReversePayment, micros


@operation("billing.payment.record")
def record_payment(ctx: Context, command: RecordPayment, *, provider: str = "") -> BillingPayment:
    """Record money that came in; it pays the chosen invoices, then the oldest open ones, and the rest stays as credit.

    The same `key` gives the payment that exists already. `provider` is the name of the `PaymentProvider` that took it, which may
    be asked to give it back. Raises Refused for an unknown or closed account, an amount below the
    currency's minor unit, or a chosen invoice that is not an open one of the account.
    """
    account = account_by_number(ctx, command.account_number, lock=True)
    key = f"{account.number}:{command.key}" if command.key else ""
    if key:
        known = ctx.session.scalars(
            select(BillingPayment).where(col(BillingPayment.unique_key) == key)
        ).one_or_none()
        if known is not None:
            return known
    amount = micros(command.amount)
    chosen = _chosen(ctx, account, command.invoices)
    number = next_number(ctx.session, "payment")
    payment = BillingPayment(
        number=number,
        unique_key=key or number,
        account_id=account.key,
        customer_id=account.customer_id,
        amount_micros=amount,
        currency=account.currency,
        method=command.method,
        provider=provider,
        desk=command.desk,
        reference=command.reference,
        note=command.note,
        received_at=ctx.now(),
        created_at=ctx.now(),
        taken_by=ctx.actor.name,
    )
    ctx.session.add(payment)
    ctx.session.flush()
    post_one(ctx, account, "payment", f"payment:{payment.key}", number, _sides(amount))
    use_credit(ctx, [account.key], chosen)
    mark(ctx, "payment", payment.key)
    ctx.note(payment, label=number)
    ctx.emit(
        PaymentReceived(
            entity_id=payment.key,
            customer_id=account.customer_id,
            number=number,
            account_id=account.key,
            amount_micros=amount,
            currency=account.currency,
        )
    )
    return payment


def _sides(amount: int) -> list[tuple[Ledger, int]]:
    return [(Ledger.CASH, amount), (Ledger.RECEIVABLE, -amount)]


def _chosen(ctx: Context, account: BillingAccount, numbers: Sequence[str]) -> list[int]:
    if not numbers:
        return []
    rows = {
        row.number: row.key
        for row in ctx.session.scalars(
            select(BillingInvoice).where(
                col(BillingInvoice.account_id) == account.key,
                col(BillingInvoice.number).in_(numbers),
                col(BillingInvoice.state) == InvoiceState.OPEN,
            )
        )
    }
    for number in numbers:
        if number not in rows:
            raise Refused(
                _("{number} is no open invoice of account {account}.", number=number, account=account.number),
                field="invoices",
                remedy=_("Choose among its open invoices."),
            )
    return [rows[number] for number in numbers]


@operation("billing.payment.record")
def record_payments(ctx: Context, commands: Sequence[RecordPayment]) -> int:
    """Record many payments at once, as a bank's file brings them; each pays the oldest open invoices. Returns how many are new.

    Every command needs a `key`; those recorded before are left out. Raises Refused for an unknown account.
    """
    if any(not command.key for command in commands):
        raise Refused(
            _("Each payment of a batch needs a key."), field="key", remedy=_("Use the bank's own reference.")
        )
    numbers = {command.account_number for command in commands}
    accounts = {
        account.number: account
        for account in ctx.session.scalars(
            ctx.visible(BillingAccount).where(col(BillingAccount.number).in_(numbers))
        )
    }
    for number in numbers - set(accounts):
        raise Refused(_("There is no account {number}.", number=number), field="account_number")
    lock_accounts(ctx, [account.key for account in accounts.values()])
    keyed = {f"{command.account_number}:{command.key}": command for command in commands}
    known = set(
        ctx.session.scalars(
            select(col(BillingPayment.unique_key)).where(col(BillingPayment.unique_key).in_(list(keyed)))
        )
    )
    fresh = [
        (key, command, accounts[command.account_number]) for key, command in keyed.items() if key not in known
    ]
    if not fresh:
        return 0
    shown = take_numbers(ctx.session, "payment", len(fresh))
    ids = [
        key or 0
        for key in ctx.session.scalars(
            insert(BillingPayment).returning(col(BillingPayment.id), sort_by_parameter_order=True),
            [
                {
                    "number": number,
                    "unique_key": key,
                    "account_id": account.key,
                    "customer_id": account.customer_id,
                    "amount_micros": micros(command.amount),
                    "currency": account.currency,
                    "refunded_micros": 0,
                    "method": command.method,
                    "provider": "",
                    "desk": command.desk,
                    "reference": command.reference,
                    "note": command.note,
                    "state": PaymentState.RECEIVED,
                    "received_at": ctx.now(),
                    "taken_by": ctx.actor.name,
                    "reverse_reason": "",
                    "created_at": ctx.now(),
                    "updated_at": ctx.now(),
                    "version": 1,
                }
                for number, (key, command, account) in zip(shown, fresh, strict=True)
            ],
        )
    ]
    entries = [
        NewEntry(
            f"payment:{payment_id}",
            account.key,
            account.customer_id,
            account.currency,
            "payment",
            number,
            _sides(micros(command.amount)),
        )
        for payment_id, number, (_key, command, account) in zip(ids, shown, fresh, strict=True)
    ]
    post(ctx, entries, ctx.now())
    use_credit(ctx, [account.key for account in accounts.values()])
    for payment_id in ids:
        mark(ctx, "payment", payment_id)
    ctx.note_each(
        Subject("billing_payment", payment_id, number, account.customer_id)
        for payment_id, number, (_key, _command, account) in zip(ids, shown, fresh, strict=True)
    )
    ctx.emit(PaymentsReceived(entity_id=ids[-1], count=len(ids)))
    return len(ids)


@operation("billing.payment.reverse", approval=REVERSAL)
def reverse_payment(ctx: Context, number: str, command: ReversePayment) -> BillingPayment:
    """Take a payment back: its entry is reversed and what it paid is open again.

    Raises Refused when it was reversed before, or when money of it was given back.
    """
    payment = ctx.load_by(BillingPayment, col(BillingPayment.number), number, lock=True)
    check_reversible(payment)
    lock_accounts(ctx, [payment.account_id])
    entry = ctx.session.scalars(
        select(col(BillingEntry.id)).where(col(BillingEntry.unique_key) == f"payment:{payment.key}")
    ).one()
    reverse(ctx, entry or 0, command.reason)
    invoices = list(
        ctx.session.scalars(
            select(col(BillingAllocation.invoice_id)).where(col(BillingAllocation.payment_id) == payment.key)
        )
    )
    ctx.session.execute(delete(BillingAllocation).where(col(BillingAllocation.payment_id) == payment.key))
    payment.state, payment.reversed_at = PaymentState.REVERSED, ctx.now()
    payment.reverse_reason = command.reason
    ctx.session.flush()
    settle(ctx, invoices)
    use_credit(ctx, [payment.account_id])
    ctx.note(payment, label=number, reason=command.reason)
    ctx.emit(
        PaymentReversed(
            entity_id=payment.key,
            customer_id=payment.customer_id,
            number=number,
            account_id=payment.account_id,
        )
    )
    return payment
