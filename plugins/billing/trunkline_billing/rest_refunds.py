"""REST: giving money of payments back."""

from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, field_validator

from trunkline.money import Money
from trunkline.operation import Context
from trunkline.rest.paging import Listing, ListParams, list_params, read_list
from trunkline.rest.routing import RestRoutes
from trunkline_billing import operations, queries
from trunkline_billing.refund_schemas import FailRefund, RefundPayment
from trunkline_billing.rest_schemas.amounts import AmountOut, MoneyRow
from trunkline_billing.tables import refund_table

REST = RestRoutes("/billing", "billing")


class RefundRow(MoneyRow):
    """A refund as lists show it."""

    number: str
    payment_number: str
    account_number: str
    customer_number: str
    customer_name: str
    made_at: datetime
    made_by: str
    method: str
    reference: str
    reason: str
    state: str
    amount: str
    currency: str


class RefundOut(BaseModel):
    """Money of a payment that was given back; `failure` says why it did not arrive."""

    model_config = ConfigDict(from_attributes=True)

    number: str
    payment_number: str
    account_number: str
    amount: AmountOut
    method: str
    provider: str
    reference: str
    reason: str
    state: str
    made_at: datetime
    made_by: str
    settled_at: datetime | None
    failure: str

    @field_validator("amount", mode="before")
    @classmethod
    def _text(cls, amount: Any) -> Any:
        return AmountOut.of(amount) if isinstance(amount, Money) else amount


@REST.get("/refunds", permission="billing.refund.list", table=lambda ctx: refund_table())
def list_refunds(ctx: Context, params: ListParams = list_params) -> Listing[RefundRow]:
    """Money that was given back, newest first."""
    return read_list(ctx, refund_table(), queries.refund_select(ctx), params, RefundRow)


@REST.get("/refunds/{number}", permission="billing.refund.view")
def read_refund(ctx: Context, number: str) -> RefundOut:
    """One refund."""
    return RefundOut.model_validate(queries.refund(ctx, number))


@REST.post("/payments/{number}/refunds", permission="billing.refund.create")
def refund_payment(ctx: Context, number: str, body: RefundPayment) -> RefundOut:
    """Give money of a payment back: at most what is left of it, and no more than the account's credit."""
    made = operations.refund_payment(ctx, number, body)
    return RefundOut.model_validate(queries.refund(ctx, made.number))


@REST.post("/refunds/{number}/settle", permission="billing.refund.change", status=200)
def settle_refund(ctx: Context, number: str) -> RefundOut:
    """Take note that a refund under way has arrived."""
    operations.settle_refund(ctx, number)
    return RefundOut.model_validate(queries.refund(ctx, number))


@REST.post("/refunds/{number}/fail", permission="billing.refund.change", status=200)
def fail_refund(ctx: Context, number: str, body: FailRefund) -> RefundOut:
    """Take note that a refund did not arrive: the money is the account's credit again."""
    operations.fail_refund(ctx, number, body)
    return RefundOut.model_validate(queries.refund(ctx, number))
