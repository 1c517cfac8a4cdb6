"""Giving a customer money off: a charge below zero that the next invoice takes in."""

from secrets import token_hex

from sqlmodel import col, select

from trunkline.operation import Context, Subject, operation
from trunkline_billing.events import CreditGiven
from trunkline_billing.models.accounts import BillingCharge, ChargeKind, ChargeState, Ledger
from trunkline_billing.operations.accounts import account_by_number
from trunkline_billing.operations.ledger import post_one
from trunkline_billing.operations.second_person import CREDIT
from trunkline_billing.periods import local_day
from trunkline_billing.schemas import GiveCredit, micros


@operation("billing.credit.create", approval=CREDIT)
def give_credit(ctx: Context, account_number: str, command: GiveCredit) -> BillingCharge:
    """Take an amount, net of tax, off the account's next invoices. The same `key` gives the credit that exists already.

    What is more than an invoice's other charges waits for the next one. Raises Refused for an unknown or closed account.
    """
    account = account_by_number(ctx, account_number, lock=True)
    key = f"account:{account.key}:credit:{command.key or token_hex(12)}"
    known = ctx.session.scalars(
        select(BillingCharge).where(col(BillingCharge.unique_key) == key)
    ).one_or_none()
    if known is not None:
        return known
    amount, day = micros(command.amount), local_day(ctx.now(), ctx.app.config.zone)
    sides = [(Ledger.UNBILLED, -amount), (Ledger.REVENUE_CREDITS, amount)]
    credit = BillingCharge(
        unique_key=key,
        account_id=account.key,
        customer_id=account.customer_id,
        entry_id=post_one(ctx, account, ChargeKind.CREDIT, f"charge:{key}", command.reason, sides),
        kind=ChargeKind.CREDIT,
        state=ChargeState.OPEN,
        description=command.reason,
        first_day=day,
        last_day=day,
        quantity=1,
        count=1,
        amount_micros=-amount,
        currency=account.currency,
        at=ctx.now(),
    )
    ctx.session.add(credit)
    ctx.session.flush()
    # A charge's row is none that the log reads by itself, and a credit is not called a charge.
    subject = Subject("billing_credit", credit.id, account.number, account.customer_id)
    ctx.note(subject, reason=command.reason, amount_micros=amount, currency=account.currency)
    ctx.emit(
        CreditGiven(
            entity_id=credit.id or 0,
            customer_id=account.customer_id,
            account_id=account.key,
            amount_micros=amount,
            currency=account.currency,
        )
    )
    return credit
