"""REST: orders, their plans and their dry runs."""

from datetime import datetime

from pydantic import BaseModel

from trunkline.operation import Context
from trunkline.rest.paging import Listing, ListParams, list_params, read_list
from trunkline.rest.routing import RestRoutes
from trunkline_catalog import operations, queries
from trunkline_catalog.operations.previewing import LinePlan, preview
from trunkline_catalog.schemas import OrderLineView, OrderView, PlaceOrder, RescheduleLine
from trunkline_catalog.tables import ORDERS, list_orders

rest = RestRoutes("/catalog", "catalog")


class DryRunOut(BaseModel):
    """The number of the job that looks."""

    job: str


class OrderRow(BaseModel):
    """An order as lists show it."""

    number: str
    state: str
    customer: str
    action: str
    product: str
    service: str
    lines: int
    placed_at: datetime
    placed_by: str


@rest.get("/orders", permission="catalog.order.list", table=ORDERS)
def orders(ctx: Context, params: ListParams = list_params) -> Listing[OrderRow]:
    """Orders, newest first. Filters: `action`, `placed_at_from`, `placed_at_to`."""
    return read_list(ctx, ORDERS, list_orders(ctx), params, OrderRow)


@rest.post("/orders", permission="catalog.order.create", status=202)
def place_order(ctx: Context, command: PlaceOrder) -> OrderView:
    """Place an order. The answer names its lines and their jobs, which go on by themselves."""
    if ctx.idempotency_key and not command.idempotency_key:
        command = command.model_copy(update={"idempotency_key": ctx.idempotency_key})
    return operations.place_order(ctx, command)


@rest.post("/orders/plan", permission="catalog.order.create", status=200, reads=True)
def plan_order(ctx: Context, command: PlaceOrder) -> list[LinePlan]:
    """What an order would do, line by line and step by step. Nothing is kept; what would be refused is refused."""
    return preview(ctx, command)


@rest.post("/orders/dry-run", permission="catalog.dry_run.create", status=202, reads=True)
def try_order(ctx: Context, command: PlaceOrder) -> DryRunOut:
    """Queue a job that looks what an order would change, line by line, and changes and holds nothing itself; its log answers.

    What would be refused is refused.
    """
    return DryRunOut(job=operations.try_order(ctx, command))


@rest.get("/orders/{number}", permission="catalog.order.view")
def order(ctx: Context, number: str) -> OrderView:
    """One order with its lines."""
    return queries.order(ctx, number)


@rest.post("/orders/{number}/lines/{position}/cancel", permission="catalog.order.cancel", status=202)
def cancel_line(ctx: Context, number: str, position: int) -> OrderLineView:
    """Cancel a line before it is completed."""
    return operations.cancel_order_line(ctx, f"{number}/{position}")


@rest.post("/orders/{number}/lines/{position}/reschedule", permission="catalog.order.move", status=200)
def reschedule_line(ctx: Context, number: str, position: int, command: RescheduleLine) -> OrderLineView:
    """Give a line that has not begun another date; at once without one."""
    return operations.reschedule_order_line(ctx, f"{number}/{position}", command)


@rest.post("/orders/{number}/lines/{position}/retry", permission="catalog.order.retry", status=202)
def retry_line(ctx: Context, number: str, position: int) -> OrderLineView:
    """Try a failed line again with a new job."""
    return operations.retry_order_line(ctx, f"{number}/{position}")
