"""How invoices, payments, refunds, tariffs and accounts are found; accounts by their number alone, which each customer has."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlmodel import col

from trunkline.customers import queries as customers
from trunkline.customers.models import Customer
from trunkline.db.numbers import count_in
from trunkline.i18n import format_date, format_money
from trunkline.i18n import gettext as _
from trunkline.operation import Context
from trunkline.plugin import SearchDocument, SearchKind, SearchLookup
from trunkline.search.lookups import numbered
from trunkline.search.marking import follow
from trunkline_billing.models.accounts import BillingAccount
from trunkline_billing.models.invoices import BillingInvoice
from trunkline_billing.models.payments import BillingPayment, BillingRefund
from trunkline_billing.models.tariffs import BillingTariff


def _invoices(ctx: Context, ids: Sequence[int]) -> list[SearchDocument]:
    rows = ctx.session.execute(
        select(BillingInvoice, col(Customer.name), col(Customer.reseller_id))
        .join(Customer, col(Customer.id) == col(BillingInvoice.customer_id))
        .where(col(BillingInvoice.id).in_(ids))
    )
    return [
        SearchDocument(
            kind="invoice",
            id=invoice.key,
            title=invoice.number,
            subtitle=f"{name} · {invoice.period} · {format_money(invoice.total_micros, invoice.currency)}",
            path=f"/billing/invoices/{invoice.number}",
            permission="billing.invoice.view",
            terms=(invoice.number,),
            digits=(count_in(invoice.number),),
            customer_id=invoice.customer_id,
            reseller_id=reseller_id,
            icon="file-invoice",
        )
        for invoice, name, reseller_id in rows
    ]


def _payments(ctx: Context, ids: Sequence[int]) -> list[SearchDocument]:
    rows = ctx.session.execute(
        select(BillingPayment, col(Customer.name), col(Customer.reseller_id))
        .join(Customer, col(Customer.id) == col(BillingPayment.customer_id))
        .where(col(BillingPayment.id).in_(ids))
    )
    return [
        SearchDocument(
            kind="payment",
            id=payment.key,
            title=payment.number,
            subtitle=f"{name} · {format_date(payment.received_at)} · {format_money(payment.amount_micros, payment.currency)}",
            path=f"/billing/payments/{payment.number}",
            permission="billing.payment.view",
            terms=(payment.number, payment.reference) if payment.reference else (payment.number,),
            customer_id=payment.customer_id,
            reseller_id=reseller_id,
            icon="cash",
        )
        for payment, name, reseller_id in rows
    ]


def _refunds(ctx: Context, ids: Sequence[int]) -> list[SearchDocument]:
    rows = ctx.session.execute(
        select(BillingRefund, col(Customer.name), col(Customer.reseller_id))
        .join(Customer, col(Customer.id) == col(BillingRefund.customer_id))
        .where(col(BillingRefund.id).in_(ids))
    )
    return [
        SearchDocument(
            kind="refund",
            id=refund.key,
            title=refund.number,
            subtitle=f"{name} · {format_date(refund.made_at)} · {format_money(refund.amount_micros, refund.currency)}",
            path=f"/billing/refunds/{refund.number}",
            permission="billing.refund.view",
            terms=(refund.number, refund.reference) if refund.reference else (refund.number,),
            customer_id=refund.customer_id,
            reseller_id=reseller_id,
            icon="receipt-refund",
        )
        for refund, name, reseller_id in rows
    ]


def _all_invoices(ctx: Context) -> Sequence[int]:
    return [key for key in ctx.session.scalars(select(col(BillingInvoice.id))) if key is not None]


def _all_payments(ctx: Context) -> Sequence[int]:
    return [key for key in ctx.session.scalars(select(col(BillingPayment.id))) if key is not None]


def _all_refunds(ctx: Context) -> Sequence[int]:
    return [key for key in ctx.session.scalars(select(col(BillingRefund.id))) if key is not None]


def _tariffs(ctx: Context, ids: Sequence[int]) -> list[SearchDocument]:
    rows = ctx.session.scalars(select(BillingTariff).where(col(BillingTariff.id).in_(ids)))
    return [
        SearchDocument(
            kind="tariff",
            id=row.key,
            title=row.name,
            subtitle=row.currency,
            path=f"/billing/tariffs/{row.name}",
            permission="billing.tariff.view",
            icon="list-numbers",
        )
        for row in rows
    ]


def _all_tariffs(ctx: Context) -> Sequence[int]:
    return [key for key in ctx.session.scalars(select(col(BillingTariff.id))) if key is not None]


def _account(ctx: Context, number: str) -> BillingAccount:
    return ctx.load_by(BillingAccount, BillingAccount.number, number)


def _account_shown(ctx: Context, account: BillingAccount) -> SearchDocument:
    customer = customers.by_id(ctx, account.customer_id)
    return SearchDocument(
        kind="account",
        id=account.key,
        title=account.number,
        subtitle=" · ".join(filter(None, (customer.name, account.name))),
        path=f"/customers/{customer.number}/billing",
        permission="billing.account.view",
        customer_id=account.customer_id,
        icon="report-money",
    )


SEARCH_KINDS = (
    SearchKind(
        "invoice",
        _("Invoices"),
        _invoices,
        _all_invoices,
        "billing.invoice.view",
        page="/billing/invoices/{number}",
    ),
    SearchKind(
        "payment",
        _("Payments"),
        _payments,
        _all_payments,
        "billing.payment.view",
        page="/billing/payments/{number}",
    ),
    SearchKind(
        "refund",
        _("Refunds"),
        _refunds,
        _all_refunds,
        "billing.refund.view",
        page="/billing/refunds/{number}",
    ),
    SearchKind(
        "tariff",
        _("Tariffs"),
        _tariffs,
        _all_tariffs,
        "billing.tariff.view",
        page="/billing/tariffs/{name}",
        order=400,
    ),
)
SEARCH_LOOKUPS = (
    SearchLookup(
        "account",
        _("Accounts"),
        numbered(_account, _account_shown),
        "billing.account.view",
        numbers="account",
    ),
)
follow(BillingTariff, "tariff", "name", "currency")
