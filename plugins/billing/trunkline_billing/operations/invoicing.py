"""Turning open charges into invoices, for one account or a thousand: the same rules, in a few statements each."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from sqlalchemy import bindparam, insert, select, update
from sqlmodel import col

from trunkline.branding.spoken import brand_for, language_for
from trunkline.countries import country_name
from trunkline.customers.identity import shown_tax_id
from trunkline.customers.models import Customer, Site
from trunkline.db.numbers import take_for
from trunkline.i18n import use_locale
from trunkline.operation import Context
from trunkline_billing.models.accounts import (
    BillingCharge,
    ChargeState,
    Ledger,
)
from trunkline_billing.models.invoices import (
    BillingInvoice,
    BillingInvoiceLine,
    BillingInvoiceTax,
    InvoiceState,
)
from trunkline_billing.operations.accounts import lock_accounts
from trunkline_billing.operations.credit import use_credit
from trunkline_billing.operations.drafting import Draft, drafts_of
from trunkline_billing.operations.ledger import NewEntry, post
from trunkline_billing.periods import Period, local_day
from trunkline_billing.settings import BillingSettings


def issue_for(
    ctx: Context, keys: Mapping[int, str], period: Period, *, until: date, run_id: int | None = None
) -> list[tuple[int, str, int]]:
    """Invoice what is open for these accounts (id → unique key of the invoice) up to and including day `until`.

    Accounts with nothing open, or whose invoice exists, are left out. Returns (invoice key, number, account key) of each issued.
    Net amounts are rounded half away from zero to minor units per line; the residue goes to the rounding book.
    """
    lock_accounts(ctx, keys)
    taken = set(
        ctx.session.scalars(
            select(col(BillingInvoice.unique_key)).where(col(BillingInvoice.unique_key).in_(keys.values()))
        )
    )
    wanted = [account_id for account_id, key in keys.items() if key not in taken]
    drafts = drafts_of(ctx, wanted, until)
    if not drafts:
        return []
    resellers = _resellers(ctx, [draft.customer_id for draft in drafts])
    numbers = take_for(ctx.session, "invoice", [resellers[draft.customer_id] for draft in drafts])
    issued_on = local_day(ctx.now(), ctx.app.config.zone)
    settings = ctx.settings(BillingSettings)
    issuers = _issuers(ctx, settings, resellers)
    customers = snapshots(ctx, [draft.customer_id for draft in drafts])
    rows = [
        {
            "number": number,
            "unique_key": keys[draft.account_id],
            "account_id": draft.account_id,
            "customer_id": draft.customer_id,
            "run_id": run_id,
            "period": str(period),
            "issued_on": issued_on,
            "due_date": issued_on + timedelta(days=settings.due_days),
            "state": InvoiceState.OPEN,
            "currency": draft.currency,
            "net_micros": draft.net,
            "tax_micros": draft.tax,
            "total_micros": draft.net + draft.tax,
            "paid_micros": 0,
            "customer": customers[draft.customer_id],
            "operator": issuers[draft.customer_id],
            "void_reason": "",
            "created_at": ctx.now(),
            "updated_at": ctx.now(),
            "version": 1,
        }
        for number, draft in zip(numbers, drafts, strict=True)
    ]
    statement = insert(BillingInvoice).returning(col(BillingInvoice.id), sort_by_parameter_order=True)
    invoice_ids = [key or 0 for key in ctx.session.scalars(statement, rows)]
    _store_lines(ctx, invoice_ids, drafts)
    _post(ctx, invoice_ids, numbers, drafts)
    _mark_invoiced(ctx, invoice_ids, drafts, until)
    use_credit(ctx, [draft.account_id for draft in drafts])
    return [
        (i, number, draft.account_id) for i, number, draft in zip(invoice_ids, numbers, drafts, strict=True)
    ]


def _resellers(ctx: Context, customer_ids: Sequence[int]) -> dict[int, int | None]:
    """By customer, whose they are."""
    found = ctx.session.execute(
        select(col(Customer.id), col(Customer.reseller_id)).where(col(Customer.id).in_(set(customer_ids)))
    )
    return {row.id: row.reseller_id for row in found}


def _issuers(
    ctx: Context, settings: BillingSettings, resellers: Mapping[int, int | None]
) -> dict[int, dict[str, Any]]:
    """By customer, who issues the invoice, and the brand that the customer knows."""
    operator = _operator(ctx, settings)
    branded = {reseller: operator | _brand(ctx, reseller) for reseller in set(resellers.values())}
    return {customer: branded[reseller] for customer, reseller in resellers.items()}


def _brand(ctx: Context, reseller_id: int | None) -> dict[str, Any]:
    brand = brand_for(ctx, reseller_id)
    shown = {"colour": brand.ink, "logo": brand.logo_digest}
    if brand.of_reseller:
        shown |= {"name": brand.name, "support": brand.support}
    return {"brand": {key: value for key, value in shown.items() if value}} if any(shown.values()) else {}


def _operator(ctx: Context, settings: BillingSettings) -> dict[str, Any]:
    return {
        "name": ctx.app.config.operator_name,
        "tax_id": settings.operator_tax_id,
        "address": settings.operator_address,
        "contact": settings.operator_contact,
        "fiscal_notice": settings.fiscal_notice,
        "language": ctx.app.config.language,
    }


def snapshots(ctx: Context, customer_ids: Sequence[int]) -> dict[int, dict[str, Any]]:
    """Customers as an invoice keeps them: name, tax number, language, e-mail and first site's address."""
    found: dict[int, dict[str, Any]] = {}
    for row in ctx.session.execute(
        select(
            col(Customer.id),
            col(Customer.number),
            col(Customer.name),
            col(Customer.legal_name),
            col(Customer.tax_id),
            col(Customer.country),
            col(Customer.email),
            col(Customer.language),
            col(Customer.reseller_id),
        ).where(col(Customer.id).in_(customer_ids))
    ):
        found[row.id] = {
            "number": row.number,
            "name": row.legal_name or row.name,
            "tax_id": shown_tax_id(row.tax_id, row.country),
            "email": row.email,
            "language": language_for(ctx, row.language, row.reseller_id),
            "address": [],
        }
    for site in ctx.session.execute(
        select(
            col(Site.customer_id),
            col(Site.street),
            col(Site.city),
            col(Site.state),
            col(Site.postal_code),
            col(Site.country),
        )
        .where(col(Site.customer_id).in_(customer_ids))
        .order_by(col(Site.id).desc())
    ):
        town = " – ".join(part for part in (site.city, site.state) if part)
        customer = found[site.customer_id]
        lines = [site.street, " ".join(part for part in (site.postal_code, town) if part)]
        if site.country and site.country != ctx.app.config.country:
            # Post within the country names none; abroad it goes by the name, not by the code.
            with use_locale(customer["language"]):
                lines.append(country_name(site.country))
        customer["address"] = [line for line in lines if line]
    return found


def _store_lines(ctx: Context, invoice_ids: Sequence[int], drafts: Sequence[Draft]) -> None:
    lines, taxes = [], []
    for invoice_id, draft in zip(invoice_ids, drafts, strict=True):
        for seq, line in enumerate(draft.sorted_lines, start=1):
            lines.append(
                {
                    "invoice_id": invoice_id,
                    "seq": seq,
                    "kind": line.kind,
                    "usage_type": line.usage_type,
                    "service_id": line.service_id,
                    "service_number": line.service_number,
                    "description": line.description,
                    "contract_number": line.contract_number,
                    "adjusted": line.adjusted,
                    "first_day": line.first_day,
                    "last_day": line.last_day,
                    "quantity": line.quantity,
                    "count": line.count,
                    "net_micros": line.net_micros,
                    "tax_micros": sum(line.taxes),
                }
            )
        taxes += [
            {
                "invoice_id": invoice_id,
                "name": rate.name,
                "rate_millionths": rate.rate_millionths,
                "base_micros": draft.net,
                "tax_micros": sum(line.taxes[position] for line in draft.lines.values()),
            }
            for position, rate in enumerate(draft.rates)
        ]
    ctx.session.execute(insert(BillingInvoiceLine), lines)
    if taxes:
        ctx.session.execute(insert(BillingInvoiceTax), taxes)


def _post(ctx: Context, invoice_ids: Sequence[int], numbers: Sequence[str], drafts: Sequence[Draft]) -> None:
    entries = [
        NewEntry(
            f"invoice:{invoice_id}",
            draft.account_id,
            draft.customer_id,
            draft.currency,
            "invoice",
            number,
            [
                (Ledger.RECEIVABLE, draft.net + draft.tax),
                (Ledger.UNBILLED, -draft.exact),
                (Ledger.TAX_PAYABLE, -draft.tax),
                (Ledger.ROUNDING, draft.exact - draft.net),
            ],
        )
        for invoice_id, number, draft in zip(invoice_ids, numbers, drafts, strict=True)
    ]
    post(ctx, entries, ctx.now())


def _mark_invoiced(ctx: Context, invoice_ids: Sequence[int], drafts: Sequence[Draft], until: date) -> None:
    table = BillingCharge.__table__  # type: ignore[attr-defined]  # SQLModel's types hide it
    statement = (
        update(table)
        .where(
            table.c.account_id == bindparam("of_account"),
            table.c.state == ChargeState.OPEN,
            table.c.first_day <= until,
        )
        .values(state=ChargeState.INVOICED.value, invoice_id=bindparam("on_invoice"))
    )
    ctx.session.connection().execute(
        statement,
        [
            {"of_account": draft.account_id, "on_invoice": invoice_id}
            for invoice_id, draft in zip(invoice_ids, drafts, strict=True)
        ],
    )
