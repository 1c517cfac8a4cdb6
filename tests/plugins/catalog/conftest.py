"""A customer, a product that needs a SIM and a number, and stock enough to order it."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from decimal import Decimal
from types import SimpleNamespace

import pytest
from stdnum import luhn

from trunkline.app import App
from trunkline.customers import operations as customers
from trunkline.customers.models import CustomerKind
from trunkline.customers.schemas import RegisterCustomer
from trunkline.jobs.operations import PlannedStep
from trunkline.jobs.steps import StepContext, StepFailed
from trunkline.plugin import StepKind, hookimpl
from trunkline_catalog import operations
from trunkline_catalog.schemas import CreateProduct, LineStep, OrderLineView, OrderView, PlaceOrder
from trunkline_inventory import operations as stock

BEGAN = datetime(2025, 1, 1, tzinfo=UTC)


def sim(position: int) -> dict[str, str]:
    body = f"895599{position:012d}"
    return {
        "iccid": body + luhn.calc_check_digit(body),
        "imsi": f"72499{position:010d}",
        "ki": f"{position:032X}",
        "opc": f"{position:032X}",
    }


@pytest.fixture
def shop(app: App) -> App:
    """Customers C000001 and C000002, product `mobile_10`, five SIMs and five numbers."""
    with app.unit_of_work() as ctx:
        for name in ("Ana Prates", "Bento Lima"):
            customers.register(ctx, RegisterCustomer(kind=CustomerKind.INDIVIDUAL, name=name))
        stock.add_items(ctx, "sim", [sim(n) for n in range(1, 6)])
        stock.add_items(ctx, "number", [{"number": f"+555199123450{n}"} for n in range(1, 6)])
        operations.create_product(
            ctx,
            CreateProduct(
                code="mobile_10",
                name="Mobile 10 GB",
                needs=("sim", "number"),
                setup_price=Decimal(10),
                monthly_price=Decimal("49.90"),
                currency="BRL",
                effective_from=BEGAN,
            ),
        )
    return app


@pytest.fixture
def order(shop: App) -> Callable[..., OrderView]:
    """`order()` places an order of one Mobile 10 GB for C000001; keyword arguments change line or order."""

    def place(*, key: str = "", customer: str = "C000001", **line: object) -> OrderView:
        with shop.unit_of_work() as ctx:
            return operations.place_order(
                ctx,
                PlaceOrder.model_validate(
                    {
                        "customer_number": customer,
                        "lines": [{"product_code": "mobile_10", **line}],
                        "idempotency_key": key,
                    }
                ),
            )

    return place


@pytest.fixture
def network(shop: App) -> Iterator[SimpleNamespace]:
    """A network that every line with network work touches: `done` and `undone` list line keys, `fails` makes it fail,
    `sticks` makes undoing fail."""
    world = SimpleNamespace(done=[], undone=[], fails=False, sticks=False)

    def do(step: StepContext) -> None:
        if world.fails:
            raise StepFailed("The HLR does not answer.")
        world.done.append(step.inputs["line_id"])

    def undo(step: StepContext) -> None:
        if world.sticks:
            raise StepFailed("The HLR does not let go.")
        world.undone.append(step.inputs["line_id"])

    class Network:
        @staticmethod
        @hookimpl
        def catalog_line_steps(line: OrderLineView) -> list[LineStep]:
            if not line.needs_network:
                return []
            return [LineStep(50, PlannedStep("network.touch", inputs={"line_id": line.id}))]

    shop.step_kinds["network.touch"] = StepKind("network.touch", "Touch the network", do, undo)
    shop.hooks.manager.register(Network, "network")
    yield world
    shop.hooks.manager.unregister(name="network")
