"""What the REST routes of invoices and runs take and give."""

from datetime import date, datetime
from typing import Any

from pydantic import BaseModel

from trunkline_billing.rest_schemas.amounts import MoneyRow
from trunkline_billing.schemas import InvoiceView
from trunkline_billing.tax import percent_text


class InvoiceRow(MoneyRow):
    """An invoice as lists show it."""

    number: str
    customer_number: str
    customer_name: str
    account_number: str
    period: str
    issued_on: date
    due_date: date
    status: str
    total: str
    due: str
    currency: str


class AdjustmentOut(BaseModel):
    """By which index a price was adjusted: hundredths of a per cent, and the first day of it."""

    index: str
    basis_points: int
    since: date


class InvoiceLineOut(BaseModel):
    """One line of an invoice."""

    kind: str
    usage_type: str
    service_number: str
    description: str
    first_day: date
    last_day: date
    quantity: int
    net: str
    tax: str
    contract_number: str
    adjusted: AdjustmentOut | None


class InvoiceTaxOut(BaseModel):
    """One tax of an invoice; the rate in per cent, a decimal text."""

    name: str
    percent: str
    tax: str


class InvoiceOut(BaseModel):
    """An invoice with its lines; amounts are decimal texts of its currency."""

    number: str
    account_number: str
    period: str
    issued_on: date
    due_date: date
    status: str
    currency: str
    net: str
    tax: str
    total: str
    paid: str
    due: str
    customer: dict[str, Any]
    lines: list[InvoiceLineOut]
    taxes: list[InvoiceTaxOut]

    @classmethod
    def of(cls, view: InvoiceView) -> "InvoiceOut":
        return cls(
            number=view.number,
            account_number=view.account_number,
            period=view.period,
            issued_on=view.issued_on,
            due_date=view.due_date,
            status=view.status,
            currency=view.total.currency,
            net=str(view.net),
            tax=str(view.tax),
            total=str(view.total),
            paid=str(view.paid),
            due=str(view.due),
            customer=view.customer,
            lines=[
                InvoiceLineOut(
                    kind=line.kind,
                    usage_type=line.usage_type,
                    service_number=line.service_number,
                    description=line.description,
                    first_day=line.first_day,
                    last_day=line.last_day,
                    quantity=line.quantity,
                    net=str(line.net),
                    tax=str(line.tax),
                    contract_number=line.contract_number,
                    adjusted=AdjustmentOut.model_validate(line.adjusted) if line.adjusted else None,
                )
                for line in view.lines
            ],
            taxes=[
                InvoiceTaxOut(name=tax.name, percent=percent_text(tax.rate_millionths), tax=str(tax.tax))
                for tax in view.taxes
            ],
        )


class IssueInvoiceIn(BaseModel):
    """Invoice everything that is open on an account now."""

    account_number: str


class BillingRunOut(BaseModel):
    """A billing run."""

    period: str
    state: str
    invoices: int
    started_at: datetime
    finished_at: datetime | None


class RunQueued(BaseModel):
    """The job that does a run."""

    period: str
    job_number: str
