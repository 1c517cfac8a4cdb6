"""What may be done to many invoices, payments and accounts at once; a second person where one of them needs one."""

from trunkline.i18n import gettext as _
from trunkline.lists import NoValues, RowAction
from trunkline.operation import Context
from trunkline_billing import operations
from trunkline_billing.models.accounts import BillingAccount
from trunkline_billing.models.invoices import BillingInvoice
from trunkline_billing.models.payments import BillingPayment
from trunkline_billing.schemas import ReversePayment, VoidInvoice


def _void(ctx: Context, key: int, command: VoidInvoice) -> None:
    operations.void_invoice(ctx, ctx.load(BillingInvoice, key).number, command)


def _reverse(ctx: Context, key: int, command: ReversePayment) -> None:
    operations.reverse_payment(ctx, ctx.load(BillingPayment, key).number, command)


def _invoice(ctx: Context, key: int, command: NoValues) -> None:
    operations.issue_invoice(ctx, ctx.load(BillingAccount, key).number)


ROW_ACTIONS = (
    RowAction(
        "billing.invoice_void",
        "invoices",
        _("Void"),
        "billing.invoice.cancel",
        _void,
        VoidInvoice,
        icon="ban",
        tone="danger",
        effect=_(
            "The numbers stay used, the charges wait for the next invoice, and what was paid becomes credit. Above the amount "
            "of the settings, a second person is asked for each."
        ),
        order=10,
    ),
    RowAction(
        "billing.payment_reverse",
        "payments",
        _("Reverse"),
        "billing.payment.reverse",
        _reverse,
        ReversePayment,
        icon="arrow-back-up",
        tone="danger",
        effect=_(
            "What each payment paid is open again. Above the amount of the settings, a second person is asked for each."
        ),
        order=10,
    ),
    RowAction(
        "billing.account_invoice",
        "accounts",
        _("Invoice now"),
        "billing.invoice.issue",
        _invoice,
        icon="file-invoice",
        effect=_("Everything that is open is invoiced. Accounts with nothing to invoice are listed."),
        order=10,
    ),
)
