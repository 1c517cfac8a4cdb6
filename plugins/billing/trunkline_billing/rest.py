"""REST: accounts, balances, charges, usage, invoices with their PDF, payments, runs, tariffs."""

from typing import Annotated

from fastapi import Query
from starlette.responses import Response

from trunkline.activity import viewed
from trunkline.charts import ChartOut
from trunkline.customers import queries as customers
from trunkline.money import Money
from trunkline.operation import Context
from trunkline.rest.paging import Listing, ListParams, list_of, list_params, read_list
from trunkline.rest.routing import RestRoutes
from trunkline_billing import operations, queries
from trunkline_billing.paying import ways_to_pay
from trunkline_billing.queries.charts import UsageType
from trunkline_billing.quoting import quote
from trunkline_billing.rest_schemas.accounts import (
    AccountOut,
    AccountRow,
    AllowanceOut,
    BalancesOut,
    ChargeRow,
    CreditOut,
    EntryRow,
    OpenAccountIn,
)
from trunkline_billing.rest_schemas.invoices import (
    BillingRunOut,
    InvoiceOut,
    InvoiceRow,
    IssueInvoiceIn,
    RunQueued,
)
from trunkline_billing.rest_schemas.payments import PaymentBegun, PaymentOut, PaymentRow, WayOut
from trunkline_billing.rest_schemas.tariffs import QuoteOut, RateRow, SegmentOut, TariffOut, UsageRow
from trunkline_billing.run_list import RUNS
from trunkline_billing.schemas import (
    GiveCredit,
    OpenAccount,
    QuoteUsage,
    ReversePayment,
    RunBilling,
    TakePayment,
    VoidInvoice,
)
from trunkline_billing.steps import enqueue_run
from trunkline_billing.tables import (
    ACCOUNTS,
    CHARGES,
    ENTRIES,
    invoice_table,
    payment_table,
    rate_table,
    usage_table,
)
from trunkline_billing.tariff_list import TARIFFS

REST = RestRoutes("/billing", "billing")


@REST.get("/accounts", permission="billing.account.list", table=ACCOUNTS)
def list_accounts(ctx: Context, params: ListParams = list_params) -> Listing[AccountRow]:
    """Billing accounts with what each owes."""
    return read_list(ctx, ACCOUNTS, queries.account_select(ctx), params, AccountRow)


@REST.post("/accounts", permission="billing.account.create")
def open_account(ctx: Context, body: OpenAccountIn) -> AccountOut:
    """Open an account for a customer."""
    customer = customers.get(ctx, body.customer_number)
    values = body.model_dump(exclude={"customer_number"})
    opened = operations.open_account(ctx, OpenAccount(customer_id=customer.key, **values))
    return AccountOut.of(queries.account(ctx, opened.number))


@REST.get("/accounts/{number}", permission="billing.account.view")
def read_account(ctx: Context, number: str) -> AccountOut:
    """One account with its balance, what is not invoiced yet and what is overdue."""
    return AccountOut.of(queries.account(ctx, number))


@REST.post("/accounts/{number}/credits", permission="billing.credit.create")
def give_credit(ctx: Context, number: str, body: GiveCredit) -> CreditOut:
    """Take an amount, net of tax, off the next invoices of an account."""
    queries.account(ctx, number)
    given = operations.give_credit(ctx, number, body)
    amount = str(Money(given.amount_micros, given.currency))
    return CreditOut(id=given.id or 0, account_number=number, amount=amount, currency=given.currency)


@REST.get("/balances", permission="billing.account.view")
def read_balances(ctx: Context, customer: str = Query(description="Customer number.")) -> BalancesOut:
    """What a customer owes on each account, and what is left of the allowances of this month."""
    owner = customers.get(ctx, customer)
    running = {
        one.service_id: one.service_number for one in queries.subscriptions_of(ctx, owner.key) if one.monthly
    }
    allowances = [
        AllowanceOut(
            service_number=running[view.service_id],
            type=view.type,
            unit=view.unit,
            period=view.period,
            quantity=view.quantity,
            used=view.used,
            left=view.left,
        )
        for views in queries.allowances_of_many(ctx, list(running)).values()
        for view in views
    ]
    accounts = [AccountOut.of(view) for view in queries.accounts_of(ctx, owner.key)]
    return BalancesOut(accounts=accounts, allowances=allowances)


@REST.get("/ledger", permission="billing.ledger.view", table=ENTRIES)
def list_entries(ctx: Context, params: ListParams = list_params) -> Listing[EntryRow]:
    """Entries of the books, newest first. `amount` is the sum of an entry's debits."""
    return read_list(ctx, ENTRIES, queries.entry_select(ctx), params, EntryRow)


@REST.get("/figures/by-month", permission="billing.ledger.view")
def billed_by_month(ctx: Context) -> list[ChartOut]:
    """What was invoiced and paid in each of the last twelve months, one chart for each currency."""
    return [ChartOut.of(chart) for chart in queries.billed_by_month(ctx)]


@REST.get("/figures/overdue", permission="billing.ledger.view")
def overdue_by_age(ctx: Context) -> list[ChartOut]:
    """What is still to be paid of overdue invoices, by how many days they have been so, one chart for each currency."""
    return [ChartOut.of(chart) for chart in queries.overdue_by_age(ctx)]


@REST.get("/customers/{number}/by-month", permission="billing.payment.list")
def customer_by_month(ctx: Context, number: str) -> list[ChartOut]:
    """What a customer was invoiced and paid in each of the last twelve months, one chart for each currency."""
    customer = customers.get(ctx, number)
    return [ChartOut.of(chart) for chart in queries.billed_by_month(ctx, customer.key)]


@REST.get("/customers/{number}/usage-by-day", permission="billing.usage.list")
def customer_usage_by_day(
    ctx: Context, number: str, usage_type: Annotated[UsageType, Query(alias="type")] = "data"
) -> ChartOut:
    """What a customer used on each of the last thirty days: bytes, seconds, or how many."""
    customer = customers.get(ctx, number)
    viewed(ctx, customer, "billing.usage")
    return ChartOut.of(queries.usage_by_day(ctx, customer.key, usage_type))


@REST.get("/charges", permission="billing.charge.list", table=CHARGES)
def list_charges(ctx: Context, params: ListParams = list_params) -> Listing[ChargeRow]:
    """Charges, invoiced or not."""
    return read_list(ctx, CHARGES, queries.charge_select(ctx), params, ChargeRow)


@REST.get("/usage", permission="billing.usage.list", table=lambda ctx: usage_table([]))
def list_usage(ctx: Context, params: ListParams = list_params) -> Listing[UsageRow]:
    """Rated use. Reading it is put on record."""
    viewed(ctx, None, "billing.usage")
    return read_list(ctx, usage_table([]), queries.usage_select(ctx), params, UsageRow)


@REST.get("/invoices", permission="billing.invoice.list", table=invoice_table)
def list_invoices(ctx: Context, params: ListParams = list_params) -> Listing[InvoiceRow]:
    """Invoices, newest first."""
    return read_list(ctx, invoice_table(ctx), queries.invoice_select(ctx), params, InvoiceRow)


@REST.post("/invoices", permission="billing.invoice.issue")
def issue_invoice(ctx: Context, body: IssueInvoiceIn) -> InvoiceOut:
    """Invoice everything that is open on an account now."""
    issued = operations.issue_invoice(ctx, body.account_number)
    return InvoiceOut.of(queries.invoice(ctx, issued.number))


@REST.get("/invoices/{number}", permission="billing.invoice.view")
def read_invoice(ctx: Context, number: str) -> InvoiceOut:
    """One invoice with its lines and taxes. Reading it is put on record."""
    found = queries.invoice(ctx, number)
    viewed(ctx, found, "billing.invoice")
    return InvoiceOut.of(found)


class Pdf(Response):
    """A document to keep."""

    media_type = "application/pdf"


@REST.get("/invoices/{number}/pdf", permission="billing.invoice.view", response_class=Pdf)
def read_invoice_pdf(ctx: Context, number: str) -> Pdf:
    """The document of an invoice. Reading it is put on record."""
    viewed(ctx, queries.invoice(ctx, number), "billing.invoice")
    headers = {"Content-Disposition": f'attachment; filename="{number}.pdf"'}
    return Pdf(queries.invoice_pdf(ctx, number), headers=headers)


@REST.post("/invoices/{number}/void", permission="billing.invoice.cancel", status=200)
def void_invoice(ctx: Context, number: str, body: VoidInvoice) -> InvoiceOut:
    """Void an invoice: what it charged is undone in the books."""
    operations.void_invoice(ctx, number, body)
    return InvoiceOut.of(queries.invoice(ctx, number))


@REST.get("/payments", permission="billing.payment.list", table=lambda ctx: payment_table())
def list_payments(ctx: Context, params: ListParams = list_params) -> Listing[PaymentRow]:
    """Payments, newest first."""
    return read_list(ctx, payment_table(), queries.payment_select(ctx), params, PaymentRow)


@REST.post("/payments", permission="billing.payment.record")
def take_payment(ctx: Context, body: TakePayment) -> PaymentOut | PaymentBegun:
    """Take money by a provider. The answer is the payment, or, while the money has not arrived, where it stands."""
    taken = operations.take_payment(ctx, body)
    if taken.number:
        return PaymentOut.of(queries.payment(ctx, taken.number))
    return PaymentBegun.model_validate(taken, from_attributes=True)


@REST.get("/payment-providers", permission="billing.payment.list")
def list_payment_providers(ctx: Context) -> Listing[WayOut]:
    """The ways to take money, the cash desk first; customers may choose those of self-service."""
    return list_of([WayOut.model_validate(way, from_attributes=True) for way in ways_to_pay(ctx).values()])


@REST.get("/payments/{number}", permission="billing.payment.view")
def read_payment(ctx: Context, number: str) -> PaymentOut:
    """One payment and the invoices that it paid."""
    return PaymentOut.of(queries.payment(ctx, number))


@REST.post("/payments/{number}/reverse", permission="billing.payment.reverse", status=200)
def reverse_payment(ctx: Context, number: str, body: ReversePayment) -> PaymentOut:
    """Take note that a payment was wrong or bounced: what it paid is owed again."""
    operations.reverse_payment(ctx, number, body)
    return PaymentOut.of(queries.payment(ctx, number))


@REST.get("/runs", permission="billing.run.list", table=RUNS)
def list_runs(ctx: Context, params: ListParams = list_params) -> Listing[BillingRunOut]:
    """Billing runs, one a month, the newest month first."""
    return read_list(ctx, RUNS, queries.run_select(ctx), params, BillingRunOut)


@REST.post("/runs", permission="billing.run.run", status=202)
def start_run(ctx: Context, body: RunBilling) -> RunQueued:
    """Queue the job that invoices a month that is over."""
    operations.check_over(ctx, body.period)
    return RunQueued(period=body.period, job_number=enqueue_run(ctx, body.period))


@REST.get("/tariffs", permission="billing.tariff.list", table=TARIFFS)
def list_tariffs(ctx: Context, params: ListParams = list_params) -> Listing[TariffOut]:
    """Tariffs by name."""
    return read_list(ctx, TARIFFS, queries.tariff_select(ctx), params, TariffOut)


@REST.get("/tariffs/{name}/rates", permission="billing.tariff.view", table=lambda ctx: rate_table(""))
def list_rates(ctx: Context, name: str, params: ListParams = list_params) -> Listing[RateRow]:
    """The rates of a tariff, by prefix."""
    view = queries.tariff(ctx, name)
    return read_list(ctx, rate_table(view.currency), queries.rate_select(ctx, view.id), params, RateRow)


@REST.get("/tariffs/{name}/quote", permission="billing.tariff.view")
def quote_use(ctx: Context, name: str, asked: Annotated[QuoteUsage, Query()]) -> QuoteOut:
    """What a use would cost by this tariff, and by which rates."""
    found = quote(ctx, name, asked)
    return QuoteOut(
        cost=str(found.cost),
        currency=found.cost.currency,
        segments=[
            SegmentOut(
                prefix=segment.prefix,
                destination=segment.destination,
                quantity=segment.quantity,
                charged_quantity=segment.charged_quantity,
                rate_nanos=segment.rate_nanos,
                rate_unit=segment.rate_unit,
                cost=str(Money(segment.cost_micros, found.cost.currency)),
            )
            for segment in found.segments
        ],
    )
