"""An order becomes a service, or leaves nothing behind."""

import threading
from collections.abc import Callable
from types import SimpleNamespace

import pytest
from sqlmodel import col, select

from trunkline.app import App
from trunkline.customers import operations as customers
from trunkline.customers.models import CustomerStatus
from trunkline.customers.schemas import SetStatus
from trunkline.errors import Conflict, NotFound, Refused
from trunkline.events.models import OutboxEvent
from trunkline.jobs.models import Job, JobState
from trunkline.testing import work_until_idle
from trunkline_catalog import operations, queries
from trunkline_catalog.operations import lines
from trunkline_catalog.schemas import LineState, OrderState, OrderView, PlaceOrder, ServiceState, ServiceView
from trunkline_inventory import queries as inventory
from trunkline_inventory.schemas import Holder, ItemState

pytestmark = [pytest.mark.plugins("inventory", "catalog"), pytest.mark.both_databases]

Order = Callable[..., OrderView]


def service_of(app: App, order: OrderView) -> ServiceView:
    with app.reading() as ctx:
        return queries.service(ctx, order.lines[0].service_number)


def read_order(app: App, number: str = "O000001") -> OrderView:
    with app.reading() as ctx:
        return queries.order(ctx, number)


def states_of_items(app: App) -> dict[str, dict[str, int]]:
    with app.reading() as ctx:
        return inventory.counts(ctx)


def test_a_placed_order_holds_items_and_queues_one_job_per_line(order: Order, shop: App) -> None:
    placed = order()
    line = placed.lines[0]
    assert (placed.number, placed.state, line.state) == ("O000001", OrderState.IN_PROGRESS, LineState.QUEUED)
    assert set(line.picks) == {"sim", "number"}
    assert line.job_number == "J000001"
    assert service_of(shop, placed).state is ServiceState.DRAFT
    assert states_of_items(shop) == {
        "sim": {"held": 1, "available": 4},
        "number": {"held": 1, "available": 4},
    }


def test_the_worker_makes_an_active_service_with_its_identifiers(
    order: Order, shop: App, network: SimpleNamespace
) -> None:
    placed = order()
    work_until_idle(shop)
    service = service_of(shop, placed)
    assert service.state is ServiceState.ACTIVE
    assert service.activated_at is not None
    assert service.identifiers["msisdn"] == "+5551991234501"
    assert service.identifiers["imsi"] == "724990000000001"
    assert network.done == [placed.lines[0].id]
    after = read_order(shop)
    assert (after.state, after.lines[0].state) == (OrderState.COMPLETED, LineState.COMPLETED)
    with shop.reading() as ctx:
        items = inventory.items_of(ctx, Holder("service", service.id))
    assert [item.state for item in items] == [ItemState.ASSIGNED, ItemState.ASSIGNED]


def test_items_are_picked_by_hand_when_named(order: Order, shop: App) -> None:
    placed = order(picks={"number": "I000008", "sim": "I000003"})
    picks = placed.lines[0].picks
    assert (picks["sim"].number, picks["number"].label) == ("I000003", "+5551991234503")


def test_sim_and_number_of_one_card_go_together(order: Order, shop: App) -> None:
    from trunkline_inventory import operations as stock

    with shop.unit_of_work() as ctx:
        card = {
            "iccid": "8955990000000000991",
            "imsi": "724990000000099",
            "ki": "A" * 32,
            "opc": "B" * 32,
            "msisdn": "+5551991234504",
        }
        from stdnum import luhn

        body = card["iccid"][:-1]
        number = stock.add_items(ctx, "sim", [{**card, "iccid": body + luhn.calc_check_digit(body)}])
        assert number == 1
    assert order(picks={"sim": "I000011"}).lines[0].picks["number"].label == "+5551991234504"
    assert order(picks={"number": "I000008"}).lines[0].picks["sim"].number == "I000001"


def test_the_same_key_places_one_order(order: Order, shop: App) -> None:
    first, again, other = order(key="x"), order(key="x"), order(key="x", customer="C000002")
    assert first.number == again.number == "O000001"
    assert other.number == "O000002"
    assert states_of_items(shop)["sim"] == {"held": 2, "available": 3}


def test_a_failed_step_undoes_everything_and_shows_why(
    order: Order, shop: App, network: SimpleNamespace
) -> None:
    network.fails = True
    placed = order()
    work_until_idle(shop)
    after = read_order(shop)
    assert (after.state, after.lines[0].state) == (OrderState.FAILED, LineState.FAILED)
    assert "The HLR does not answer." in after.lines[0].error
    assert service_of(shop, placed).state is ServiceState.FAILED
    assert states_of_items(shop) == {"sim": {"available": 5}, "number": {"available": 5}}


def test_a_failed_line_is_tried_again_with_a_new_job(
    order: Order, shop: App, network: SimpleNamespace
) -> None:
    network.fails = True
    placed = order()
    work_until_idle(shop)
    network.fails = False
    with shop.unit_of_work() as ctx:
        again = operations.retry_order_line(ctx, placed.lines[0].number)
    assert (again.attempt, again.job_number) == (2, "J000002")
    work_until_idle(shop)
    assert service_of(shop, placed).state is ServiceState.ACTIVE
    assert read_order(shop).state is OrderState.COMPLETED
    with shop.reading() as ctx:
        told = select(col(OutboxEvent.name)).where(col(OutboxEvent.entity) == "order_line")
        names = list(ctx.session.scalars(told.order_by(col(OutboxEvent.seq))))
    assert names == ["order_line.failed", "order_line.retried", "order_line.completed"]


def test_an_item_chosen_by_hand_is_taken_again_when_its_line_is_tried_again(
    order: Order, shop: App, network: SimpleNamespace
) -> None:
    network.fails = True
    placed = order(picks={"number": "I000008"})
    work_until_idle(shop)
    network.fails = False
    with shop.unit_of_work() as ctx:
        again = operations.retry_order_line(ctx, placed.lines[0].number)
    assert (again.picks["number"].number, again.picks["number"].by_hand) == ("I000008", True)
    assert not again.picks["sim"].by_hand


def test_a_queued_line_is_cancelled_at_once(order: Order, shop: App, network: SimpleNamespace) -> None:
    placed = order()
    with shop.unit_of_work() as ctx:
        line = operations.cancel_order_line(ctx, placed.lines[0].number)
    assert line.state is LineState.CANCELLED
    work_until_idle(shop)
    assert read_order(shop).state is OrderState.CANCELLED
    assert service_of(shop, placed).state is ServiceState.CANCELLED
    assert network.done == []
    assert states_of_items(shop) == {"sim": {"available": 5}, "number": {"available": 5}}
    with shop.reading() as ctx:
        told = select(col(OutboxEvent.payload)).where(col(OutboxEvent.name) == "order_line.cancelled")
        assert [event["number"] for event in ctx.session.scalars(told)] == [placed.lines[0].number]


def test_what_a_line_takes_back_of_a_service_is_told(order: Order, shop: App) -> None:
    placed = order()
    work_until_idle(shop)
    service = service_of(shop, placed)
    with shop.unit_of_work() as ctx:
        lines.undo_activate(ctx, placed.lines[0].id)
        told = select(OutboxEvent).where(
            col(OutboxEvent.entity) == "service", col(OutboxEvent.entity_id) == service.id
        )
        events = list(ctx.session.scalars(told.order_by(col(OutboxEvent.seq))))
    assert [event.name for event in events] == ["service.activated", "service.reverted"]
    assert (events[1].payload["action"], events[1].payload["line"]) == ("new", placed.lines[0].number)


def test_a_job_cancelled_on_its_own_page_cancels_its_line(order: Order, shop: App) -> None:
    from trunkline.jobs import operations as jobs

    placed = order()
    with shop.unit_of_work() as ctx:
        jobs.cancel(ctx, placed.lines[0].job_number)
    work_until_idle(shop)
    assert read_order(shop).lines[0].state is LineState.CANCELLED
    assert states_of_items(shop)["sim"] == {"available": 5}


def test_a_completed_line_cannot_be_cancelled(order: Order, shop: App) -> None:
    placed = order()
    work_until_idle(shop)
    with pytest.raises(Refused, match="completed"), shop.unit_of_work() as ctx:
        operations.cancel_order_line(ctx, placed.lines[0].number)


def test_an_order_that_cannot_be_served_leaves_nothing(order: Order, shop: App) -> None:
    for _turn in range(5):
        order()
    with pytest.raises(Refused, match="No SIM card is free") as refusal:
        order()
    assert refusal.value.field == "lines.0.picks.sim"
    with shop.reading() as ctx:
        assert ctx.session.get(Job, 6) is None
    assert states_of_items(shop)["number"] == {"held": 5}


@pytest.mark.parametrize(
    ("line", "field"),
    [
        ({"product_code": "nothing"}, "lines.0.product_code"),
        ({"picks": {"router": None}}, "lines.0.picks.router"),
        ({"parameters": {"apn": "x"}}, "lines.0.parameters.apn"),
        ({"site_id": 99}, "lines.0.site_id"),
    ],
)
def test_a_wrong_line_is_refused_naming_its_field(order: Order, line: dict[str, object], field: str) -> None:
    with pytest.raises((Refused, NotFound)) as refusal:
        order(**line)
    assert refusal.value.field == field


def test_a_customer_who_is_suspended_cannot_order(order: Order, shop: App) -> None:
    with shop.unit_of_work() as ctx:
        customers.set_status(ctx, "C000001", SetStatus(status=CustomerStatus.SUSPENDED, reason="debt"))
    with pytest.raises(Refused, match="suspended"):
        order()


def test_orders_placed_at_once_never_share_an_item(shop: App) -> None:
    taken: list[str] = []
    start = threading.Barrier(4)

    def place(number: int) -> None:
        start.wait()
        with shop.unit_of_work() as ctx:
            placed = operations.place_order(
                ctx,
                PlaceOrder.model_validate(
                    {"customer_number": f"C00000{number % 2 + 1}", "lines": [{"product_code": "mobile_10"}]}
                ),
            )
            taken.extend(pick.label for pick in placed.lines[0].picks.values())

    threads = [threading.Thread(target=place, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(taken) == len(set(taken)) == 8


def test_two_who_send_the_same_key_at_once_make_one_order(shop: App) -> None:
    numbers: list[str] = []
    start = threading.Barrier(4)

    def place() -> None:
        start.wait()
        command = PlaceOrder.model_validate(
            {
                "customer_number": "C000001",
                "lines": [{"product_code": "mobile_10"}],
                "idempotency_key": "once",
            }
        )
        try:
            with shop.unit_of_work() as ctx:
                placed = operations.place_order(ctx, command)
        except Conflict:
            with shop.unit_of_work() as ctx:
                placed = operations.place_order(ctx, command)
        numbers.append(placed.number)

    threads = [threading.Thread(target=place) for _turn in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(numbers) == 4
    assert len(set(numbers)) == 1
    assert states_of_items(shop)["sim"]["held"] == 1


def test_a_plugin_that_cannot_plan_refuses_the_order(order: Order, shop: App) -> None:
    from trunkline.plugin import hookimpl

    class Broken:
        @staticmethod
        @hookimpl
        def catalog_line_steps(line: object) -> list[object]:
            raise ValueError("broken")

    shop.hooks.strict = False
    shop.hooks.manager.register(Broken, "broken")
    with pytest.raises(Refused, match="broken"):
        order()
    assert states_of_items(shop)["sim"] == {"available": 5}


def test_all_lines_are_planned_before_a_number_that_others_wait_for_is_taken(shop: App) -> None:
    from trunkline.operation import Context
    from trunkline.plugin import hookimpl

    numbered: list[int] = []

    class Watching:
        @staticmethod
        @hookimpl
        def catalog_line_steps(ctx: Context) -> list[object]:
            numbered.append(len(ctx.session.scalars(select(Job.number)).all()))
            return []

    shop.hooks.manager.register(Watching, "watching")
    wanted = {"customer_number": "C000001", "lines": [{"product_code": "mobile_10"}] * 3}
    with shop.unit_of_work() as ctx:
        placed = operations.place_order(ctx, PlaceOrder.model_validate(wanted))
    assert numbered == [0, 0, 0]
    assert [line.job_number for line in placed.lines] == ["J000001", "J000002", "J000003"]


def test_a_job_ends_before_its_order_does_nothing_twice(order: Order, shop: App) -> None:
    from trunkline_catalog.operations import lines

    placed = order()
    work_until_idle(shop)
    with shop.unit_of_work() as ctx:
        lines.activate(ctx, placed.lines[0].id)
        assert ctx.session.get_one(Job, placed.lines[0].job_id).state == JobState.SUCCEEDED
    with shop.reading() as ctx:
        assert len(queries.service_history(ctx, service_of(shop, placed).id)) == 3


def test_what_cannot_be_undone_waits_for_a_person_and_keeps_its_items(
    order: Order, shop: App, network: SimpleNamespace
) -> None:
    from trunkline.jobs import operations as jobs

    network.fails = network.sticks = True
    placed = order()
    work_until_idle(shop)
    line = read_order(shop).lines[0]
    assert (line.state, "does not let go" in line.error) == (LineState.IN_PROGRESS, True)
    assert states_of_items(shop)["sim"] == {"held": 1, "available": 4}
    with pytest.raises(Refused, match="has not been undone"), shop.unit_of_work() as ctx:
        operations.cancel_order_line(ctx, line.number)
    with shop.unit_of_work() as ctx:
        jobs.settle(ctx, line.job_number, "Removed from the HLR by hand.")
    work_until_idle(shop)
    assert read_order(shop).lines[0].state is LineState.FAILED
    assert states_of_items(shop)["sim"] == {"available": 5}
    assert service_of(shop, placed).state is ServiceState.FAILED
