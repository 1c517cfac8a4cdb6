"""What billing does when something happened elsewhere."""

from sqlmodel import col, select

from trunkline.branding.spoken import address_for, brand_for, language_for
from trunkline.customers import queries as customers
from trunkline.customers.events import CustomerRegistered
from trunkline.customers.models import Customer
from trunkline.i18n import format_date, format_money
from trunkline.mail.operations import queue
from trunkline.operation import Context
from trunkline_billing.events import BillingRunAdvanced, InvoiceIssued, RefundPaid
from trunkline_billing.models.accounts import BillingAccount
from trunkline_billing.models.invoices import BillingInvoice
from trunkline_billing.models.payments import BillingRefund
from trunkline_billing.operations.accounts import default_account
from trunkline_billing.operations.charges import (
    ChargeService,
    charge_anew_since,
    charge_service,
    is_charged,
    stop_charging,
)
from trunkline_billing.settings import BillingSettings
from trunkline_catalog import queries as catalog
from trunkline_catalog.schemas import ServiceActivated, ServicePriceChanged, ServiceTerminated


def customer_registered(ctx: Context, event: CustomerRegistered) -> None:
    """Every customer has an account to begin with."""
    default_account(ctx, event.entity_id)


def service_activated(ctx: Context, event: ServiceActivated) -> None:
    """A service that worked before it was recorded here is charged from its first day, without set-up."""
    if event.imported and not is_charged(ctx, event.entity_id):
        service = catalog.service_by_id(ctx, event.entity_id)
        charge_service(ctx, ChargeService(service.id, service.activated_at or ctx.now(), setup=False))


def service_price_changed(ctx: Context, event: ServicePriceChanged) -> None:
    """Months that are charged already are charged anew from that moment on: what is invoiced is given back with the next one."""
    charge_anew_since(ctx, event.entity_id, event.effective_from)


def service_terminated(ctx: Context, event: ServiceTerminated) -> None:
    """A service that ended by another way than an order line is charged no longer."""
    service = catalog.service_by_id(ctx, event.entity_id)
    stop_charging(ctx, service.id, service.ended_at or ctx.now())


def invoice_issued(ctx: Context, event: InvoiceIssued) -> None:
    """Tell the customer of the new invoice."""
    _tell(ctx, (event.entity_id,))


def run_advanced(ctx: Context, event: BillingRunAdvanced) -> None:
    """Tell everybody who got an invoice."""
    _tell(ctx, event.invoice_ids)


def _tell(ctx: Context, invoice_ids: tuple[int, ...]) -> None:
    if not ctx.settings(BillingSettings).mail_invoices:
        return
    rows = ctx.session.execute(
        select(BillingInvoice, col(BillingAccount.number), col(Customer.reseller_id))
        .join(BillingAccount, col(BillingAccount.id) == col(BillingInvoice.account_id))
        .join(Customer, col(Customer.id) == col(BillingInvoice.customer_id))
        .where(col(BillingInvoice.id).in_(invoice_ids))
        .order_by(col(BillingInvoice.id))
    ).all()
    for invoice, account_number, reseller_id in rows:
        address = str(invoice.customer.get("email") or "")
        language = str(invoice.customer.get("language") or ctx.app.config.language)
        if address:
            queue(
                ctx,
                template="billing/mail/invoice_issued",
                to=address,
                language=language,
                context={
                    "customer_name": invoice.customer["name"],
                    "operator_name": brand_for(ctx, reseller_id).name,
                    "number": invoice.number,
                    "account": account_number,
                    "total": format_money(invoice.total_micros, invoice.currency, language),
                    "due_date": format_date(invoice.due_date, language),
                    "address": f"{address_for(ctx, reseller_id)}/portal/invoices/{invoice.number}",
                },
                customer_id=invoice.customer_id,
                key=f"invoice:{invoice.id}",
            )


def refund_paid(ctx: Context, event: RefundPaid) -> None:
    """Tell the customer that money is on its way to them."""
    refund = ctx.session.get_one(BillingRefund, event.entity_id)
    customer = customers.by_id(ctx, refund.customer_id)
    if not customer.email:
        return
    language = language_for(ctx, customer.language, customer.reseller_id)
    queue(
        ctx,
        template="billing/mail/refund_paid",
        to=customer.email,
        language=language,
        context={
            "customer_name": customer.name,
            "operator_name": brand_for(ctx, customer.reseller_id).name,
            "number": refund.number,
            "payment": event.payment_number,
            "amount": format_money(refund.amount_micros, refund.currency, language),
            "method": refund.method,
            "reason": refund.reason,
            "address": f"{address_for(ctx, customer.reseller_id)}/portal/payments",
        },
        customer_id=customer.key,
        key=f"refund:{refund.key}",
    )
