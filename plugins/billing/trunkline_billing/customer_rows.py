"""Tables of billing whose rows belong to customers: accounts, and all that follows them."""

from collections.abc import Mapping
from typing import Any

from sqlmodel import col, select

from trunkline.customers.merging.rows import CustomerRows
from trunkline.i18n import gettext as _
from trunkline.operation import Context
from trunkline_billing.models import (
    BillingAccount,
    BillingAllowance,
    BillingCharge,
    BillingEntry,
    BillingInvoice,
    BillingPayment,
    BillingRefund,
    BillingSubscription,
    BillingUsage,
)

_WITH_ACCOUNT = ("account_id", BillingAccount)


def _one_default(ctx: Context, source: int, target: int) -> Mapping[int, Mapping[str, Any]]:
    """A customer has one default account: that of the customer who stays, if there is one."""
    default = select(BillingAccount.id).where(col(BillingAccount.is_default))
    of_both = {
        key: ctx.session.scalars(default.where(col(BillingAccount.customer_id) == key)).first()
        for key in (source, target)
    }
    had, stays = of_both[source], of_both[target]
    return {had: {"is_default": False}} if had is not None and stays is not None else {}


CUSTOMER_ROWS = (
    CustomerRows(BillingAccount, _("Accounts"), settle=_one_default),
    CustomerRows(BillingInvoice, _("Invoices"), follows=_WITH_ACCOUNT),
    CustomerRows(BillingPayment, _("Payments"), follows=_WITH_ACCOUNT),
    CustomerRows(BillingRefund, "", follows=_WITH_ACCOUNT),
    CustomerRows(BillingEntry, "", follows=_WITH_ACCOUNT),
    CustomerRows(BillingCharge, "", follows=_WITH_ACCOUNT),
    CustomerRows(BillingSubscription, "", follows=_WITH_ACCOUNT),
    CustomerRows(BillingAllowance, "", follows=_WITH_ACCOUNT),
    CustomerRows(BillingUsage, "", follows=_WITH_ACCOUNT),
)
