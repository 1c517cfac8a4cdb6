"""What a contract that ends before its term costs: charged once, with the next invoice."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlmodel import col, select

from trunkline.errors import Refused
from trunkline.i18n import gettext as _
from trunkline.operation import Context, Subject, operation
from trunkline_billing.models.accounts import (
    AccountState,
    BillingAccount,
    BillingCharge,
    BillingSubscription,
    ChargeKind,
    ChargeState,
    Ledger,
)
from trunkline_billing.operations.accounts import default_account, lock_accounts
from trunkline_billing.operations.ledger import post_one


@dataclass(frozen=True)
class ChargePenalty:
    """The penalty of one contract, net of tax, in micro-units; `service_ids` are what it covers."""

    contract_id: int
    contract_number: str
    customer_id: int
    amount_micros: int
    currency: str
    reason: str
    #: The day for which it is charged.
    day: date
    service_ids: Sequence[int] = ()


@operation("billing.charge.create")
def charge_penalty(ctx: Context, command: ChargePenalty) -> BillingCharge:
    """Charge a contract's penalty to the account of what it covers, else to the customer's default one. A contract has one.

    Charging it again gives the charge that exists. Raises Refused when no open account is kept in the currency.
    """
    account = _account(ctx, command)
    lock_accounts(ctx, [account.key])
    key = f"contract:{command.contract_id}:penalty"
    known = ctx.session.scalars(
        select(BillingCharge).where(col(BillingCharge.unique_key) == key)
    ).one_or_none()
    if known is not None:
        return known
    sides = [
        (ChargeKind.PENALTY.ledger, -command.amount_micros),
        (Ledger.UNBILLED, command.amount_micros),
    ]
    text = f"{command.contract_number} · {command.reason}"
    charge = BillingCharge(
        unique_key=key,
        account_id=account.key,
        customer_id=account.customer_id,
        entry_id=post_one(ctx, account, ChargeKind.PENALTY, f"charge:{key}", text, sides),
        kind=ChargeKind.PENALTY,
        state=ChargeState.OPEN,
        description=command.reason[:200],
        contract_number=command.contract_number,
        first_day=command.day,
        last_day=command.day,
        quantity=1,
        count=1,
        amount_micros=command.amount_micros,
        currency=account.currency,
        at=ctx.now(),
    )
    ctx.session.add(charge)
    ctx.session.flush()
    # A charge's row is none that the log reads by itself, and a penalty is called by its contract.
    ctx.note(
        Subject("billing_penalty", charge.id, command.contract_number, account.customer_id),
        reason=command.reason,
        amount_micros=command.amount_micros,
        currency=account.currency,
    )
    return charge


def _account(ctx: Context, command: ChargePenalty) -> BillingAccount:
    usable = (
        col(BillingAccount.state) == AccountState.OPEN,
        col(BillingAccount.currency) == command.currency,
    )
    charged = (
        select(BillingAccount)
        .join(BillingSubscription, col(BillingSubscription.account_id) == col(BillingAccount.id))
        .where(col(BillingSubscription.service_id).in_(command.service_ids), *usable)
        .order_by(col(BillingSubscription.service_id))
        .limit(1)
    )
    own = (
        select(BillingAccount)
        .where(col(BillingAccount.customer_id) == command.customer_id, *usable)
        .order_by(col(BillingAccount.is_default).desc(), col(BillingAccount.id))
        .limit(1)
    )
    default_account(ctx, command.customer_id)
    for statement in (charged, own):
        if (account := ctx.session.scalars(statement).one_or_none()) is not None:
            return account
    raise Refused(
        _("The penalty is in {currency}, and no open account is kept in that.", currency=command.currency),
        field="penalty",
        remedy=_("Open an account in that currency, or waive the penalty."),
    )
