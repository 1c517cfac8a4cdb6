"""Issuing one invoice now, and voiding one."""

from sqlalchemy import delete, func, update
from sqlmodel import col, select

from trunkline.errors import Refused
from trunkline.i18n import gettext as _
from trunkline.operation import Context, operation
from trunkline.search.marking import mark
from trunkline_billing.events import InvoiceIssued, InvoiceVoided
from trunkline_billing.models.accounts import BillingCharge, BillingEntry, ChargeState
from trunkline_billing.models.invoices import BillingInvoice, InvoiceState
from trunkline_billing.models.payments import BillingAllocation
from trunkline_billing.operations.accounts import account_by_number, lock_accounts
from trunkline_billing.operations.credit import use_credit
from trunkline_billing.operations.invoicing import issue_for
from trunkline_billing.operations.ledger import reverse
from trunkline_billing.operations.second_person import VOIDING
from trunkline_billing.periods import Period, local_day
from trunkline_billing.schemas import VoidInvoice


@operation("billing.invoice.issue")
def issue_invoice(ctx: Context, account_number: str) -> BillingInvoice:
    """Invoice everything that is open on an account now. Raises Refused when that amounts to nothing."""
    account = account_by_number(ctx, account_number, lock=True)
    today = local_day(ctx.now(), ctx.app.config.zone)
    before = ctx.session.scalars(
        select(func.count()).select_from(BillingInvoice).where(col(BillingInvoice.account_id) == account.key)
    ).one()
    key = f"now:{account.key}:{before + 1}"
    issued = issue_for(ctx, {account.key: key}, Period.of(today), until=today)
    if not issued:
        raise Refused(
            _("Account {number} has nothing to invoice.", number=account.number),
            field="account_number",
            remedy=_("Charges and usage appear on its customer's Billing tab before they are invoiced."),
        )
    invoice_id, number, _account = issued[0]
    invoice = ctx.session.get_one(BillingInvoice, invoice_id)
    mark(ctx, "invoice", invoice_id)
    ctx.note(invoice, label=number)
    ctx.emit(
        InvoiceIssued(
            entity_id=invoice_id, customer_id=account.customer_id, number=number, account_id=account.key
        )
    )
    return invoice


@operation("billing.invoice.cancel", approval=VOIDING)
def void_invoice(ctx: Context, number: str, command: VoidInvoice) -> BillingInvoice:
    """Void an invoice: its number stays used, its charges wait for the next one, what had paid it is credit again.

    Raises Refused when it is void already.
    """
    invoice = ctx.load_by(BillingInvoice, col(BillingInvoice.number), number, lock=True)
    if invoice.state == InvoiceState.VOID:
        raise Refused(_("Invoice {number} is void already.", number=number))
    lock_accounts(ctx, [invoice.account_id])
    entry = ctx.session.scalars(
        select(col(BillingEntry.id)).where(col(BillingEntry.unique_key) == f"invoice:{invoice.key}")
    ).one()
    reverse(ctx, entry or 0, command.reason)
    ctx.session.execute(delete(BillingAllocation).where(col(BillingAllocation.invoice_id) == invoice.key))
    ctx.session.execute(
        update(BillingCharge)
        .where(col(BillingCharge.invoice_id) == invoice.key)
        .values(state=ChargeState.OPEN, invoice_id=None)
    )
    invoice.state, invoice.paid_micros, invoice.void_reason = InvoiceState.VOID, 0, command.reason
    # The key is set free, so that a run of the same month can invoice the account anew.
    invoice.unique_key = f"{invoice.unique_key}:void:{invoice.key}"
    ctx.session.flush()
    use_credit(ctx, [invoice.account_id])
    ctx.note(invoice, label=number, reason=command.reason)
    ctx.emit(
        InvoiceVoided(
            entity_id=invoice.key,
            customer_id=invoice.customer_id,
            number=number,
            account_id=invoice.account_id,
        )
    )
    return invoice
