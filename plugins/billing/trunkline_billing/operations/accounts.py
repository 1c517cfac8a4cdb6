"""Opening accounts."""

from collections.abc import Iterable

from sqlmodel import col, select

from trunkline.customers.archived import refuse_archived
from trunkline.customers.models import Customer
from trunkline.db.numbers import next_number
from trunkline.errors import NotFound, Refused
from trunkline.i18n import gettext as _
from trunkline.operation import Context, operation
from trunkline_billing.events import AccountOpened
from trunkline_billing.models.accounts import AccountState, BillingAccount
from trunkline_billing.models.invoices import BillingTaxScheme
from trunkline_billing.schemas import OpenAccount


@operation("billing.account.create")
def open_account(ctx: Context, command: OpenAccount) -> BillingAccount:
    """Open an account; the customer's first is the default one.

    Raises NotFound for a customer out of sight, Refused for an archived one or an unknown tax scheme.
    """
    customer = ctx.load(Customer, command.customer_id, lock=True)
    refuse_archived(ctx, customer, field="customer_id")
    first = ctx.session.scalars(
        select(col(BillingAccount.id)).where(
            col(BillingAccount.customer_id) == customer.key, col(BillingAccount.is_default)
        )
    ).first()
    account = BillingAccount(
        number=next_number(ctx.session, "account", customer.reseller_id),
        customer_id=customer.key,
        name=command.name,
        kind=command.kind,
        currency=command.currency or ctx.app.config.currency,
        is_default=first is None,
        tax_scheme_id=_scheme(ctx, command.tax_scheme),
        created_at=ctx.now(),
    )
    ctx.session.add(account)
    ctx.session.flush()
    ctx.note(account, label=account.number)
    ctx.emit(AccountOpened(entity_id=account.key, customer_id=customer.key, number=account.number))
    return account


def _scheme(ctx: Context, name: str) -> int | None:
    if not name:
        return None
    found = ctx.session.scalars(
        select(col(BillingTaxScheme.id)).where(col(BillingTaxScheme.name) == name)
    ).one_or_none()
    if found is None:
        raise Refused(
            _("There is no tax scheme “{name}”.", name=name),
            field="tax_scheme",
            remedy=_("Choose one of the list."),
        )
    return found


def default_account(ctx: Context, customer_id: int) -> BillingAccount:
    """The customer's default account, opened now when there is none yet. Raises NotFound in a unit of work that only reads."""
    found = ctx.session.scalars(
        select(BillingAccount).where(
            col(BillingAccount.customer_id) == customer_id, col(BillingAccount.is_default)
        )
    ).one_or_none()
    if found is not None:
        return found
    if not ctx.writing:
        raise NotFound(_("This customer has no account yet."))
    return open_account(ctx, OpenAccount(customer_id=customer_id))


def account_by_number(ctx: Context, number: str, *, lock: bool = False) -> BillingAccount:
    """One visible account. Raises Refused naming the field when there is none or it is closed."""
    try:
        account = ctx.load_by(BillingAccount, col(BillingAccount.number), number, lock=lock)
    except NotFound:
        raise Refused(
            _("There is no account {number}.", number=number),
            field="account_number",
            remedy=_("Look it up on the customer's Billing tab."),
        ) from None
    if account.state != AccountState.OPEN:
        raise Refused(_("Account {number} is closed.", number=number), field="account_number")
    return account


def lock_accounts(ctx: Context, account_ids: Iterable[int]) -> None:
    """Hold these accounts until the end of the unit of work, always in one order: money of an account moves one at a time."""
    ids = sorted(account_ids)
    ctx.session.execute(
        select(col(BillingAccount.id))
        .where(col(BillingAccount.id).in_(ids))
        .order_by(col(BillingAccount.id))
        .with_for_update()
    )
