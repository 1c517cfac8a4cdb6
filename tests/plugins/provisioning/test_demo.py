"""The sample operator's fibre works, but for one terminal that its stock names: a newcomer takes no example for a fault."""

from datetime import timedelta

import pytest

from trunkline.app import App
from trunkline.customers import operations as customers
from trunkline.customers.models import CustomerKind
from trunkline.customers.schemas import RegisterCustomer
from trunkline.demo.month import DemoClock, DemoMonth, NewCustomer
from trunkline.testing import work_until_idle
from trunkline_catalog import demo as catalog_demo
from trunkline_catalog import operations, queries
from trunkline_catalog.schemas import LineState, OrderState, OrderView, PlaceOrder
from trunkline_inventory import demo as inventory_demo
from trunkline_inventory import queries as stock
from trunkline_provisioning.demo import SILENT_TERMINAL, leave_work, write_playbooks

pytestmark = [
    pytest.mark.plugins("inventory", "catalog", "provisioning"),
    pytest.mark.usefixtures("warm_runs"),
]


@pytest.fixture
def operator(app: App) -> App:
    """The sample operator on the day of its demo, with two customers whose services wait for a worker."""
    now = app.clock()
    with app.unit_of_work() as ctx:
        people = [
            customers.register(ctx, RegisterCustomer(kind=CustomerKind.INDIVIDUAL, name=name))
            for name in ("Ana Prates", "Bento Lima")
        ]
        arrived = tuple(NewCustomer(one.key, one.number, "individual", 1, now) for one in people)
    month = DemoMonth(
        number=0,
        begins=now,
        ends=now + timedelta(days=1),
        is_current=True,
        scale=0.04,
        seed=65,
        clock=DemoClock(now),
        work=lambda: None,
        new_customers=arrived,
    )
    inventory_demo.live(app, month)
    catalog_demo.live(app, month)
    write_playbooks(app)
    leave_work(app, month)
    work_until_idle(app)
    return app


def read(app: App, number: str) -> OrderView:
    with app.reading() as ctx:
        return queries.order(ctx, number)


def test_the_bundle_works_and_only_the_terminal_fails_that_its_stock_names(operator: App) -> None:
    with operator.reading() as ctx:
        bench = next(one for one in stock.stocks(ctx) if one.name == "Bancada de testes")
    assert SILENT_TERMINAL in bench.note
    failed = read(operator, "O000002")
    assert failed.state is OrderState.FAILED
    assert failed.lines[0].picks["ont"].label == SILENT_TERMINAL
    assert f"The terminal {SILENT_TERMINAL} does not answer" in failed.lines[0].error
    wish = {
        "customer_number": "C000001",
        "lines": [
            {"product_code": "combo_casa"},
            {"product_code": "fibra_600", "part_of": 1, "parameters": {"wifi_name": "Casa"}},
        ],
    }
    with operator.unit_of_work() as ctx:
        placed = operations.place_order(ctx, PlaceOrder.model_validate(wish))
    work_until_idle(operator)
    done = read(operator, placed.number)
    assert done.state is OrderState.COMPLETED, [line.error for line in done.lines]
    assert {line.state for line in done.lines} == {LineState.COMPLETED}
