"""Services live, are suspended for reasons, resumed, and end."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from types import SimpleNamespace

import pytest

from tests.clock import StandingClock
from trunkline.app import App
from trunkline.clock import utc_now
from trunkline.errors import Refused
from trunkline.money import Money
from trunkline.testing import work_until_idle
from trunkline_catalog import operations, queries
from trunkline_catalog.schemas import (
    LineState,
    OrderView,
    RecordExistingService,
    ResumeService,
    ServiceState,
    ServiceView,
    SetPrice,
    SuspendService,
    SuspensionReason,
    TerminateService,
)
from trunkline_inventory import queries as inventory

pytestmark = [pytest.mark.plugins("inventory", "catalog"), pytest.mark.both_databases]

Order = Callable[..., OrderView]
DEBT, FRAUD = SuspensionReason.DEBT, SuspensionReason.FRAUD


@pytest.fixture
def active(order: Order, shop: App, network: SimpleNamespace) -> App:
    """Service S000001 is active; the network has been touched once for it."""
    order()
    work_until_idle(shop)
    network.done.clear()
    return shop


def service(app: App) -> ServiceView:
    with app.reading() as ctx:
        return queries.service(ctx, "S000001")


def suspend(app: App, reason: SuspensionReason, key: str = "") -> OrderView:
    with app.unit_of_work() as ctx:
        command = SuspendService(reason=reason)
        return operations.suspend_service(ctx, "S000001", command, idempotency_key=key)


def resume(app: App, reason: SuspensionReason) -> OrderView:
    with app.unit_of_work() as ctx:
        return operations.resume_service(ctx, "S000001", ResumeService(reason=reason))


def test_suspension_is_a_set_of_reasons_and_the_network_is_told_once_each_way(
    active: App, network: SimpleNamespace
) -> None:
    suspend(active, DEBT)
    work_until_idle(active)
    assert (service(active).suspensions, service(active).shown_state) == ((DEBT,), "suspended")
    assert len(network.done) == 1
    suspend(active, FRAUD)
    work_until_idle(active)
    assert service(active).suspensions == (DEBT, FRAUD)
    assert len(network.done) == 1
    resume(active, DEBT)
    work_until_idle(active)
    assert service(active).shown_state == "suspended"
    assert len(network.done) == 1
    resume(active, FRAUD)
    work_until_idle(active)
    assert (service(active).suspensions, service(active).shown_state) == ((), "active")
    assert len(network.done) == 2


def test_a_suspension_that_fails_leaves_the_service_working(active: App, network: SimpleNamespace) -> None:
    network.fails = True
    order = suspend(active, DEBT)
    work_until_idle(active)
    assert service(active).shown_state == "active"
    with active.reading() as ctx:
        assert queries.order(ctx, order.number).lines[0].state is LineState.FAILED


def test_the_same_reason_twice_is_refused(active: App) -> None:
    suspend(active, DEBT)
    work_until_idle(active)
    with pytest.raises(Refused, match="already") as refusal:
        suspend(active, DEBT)
    assert refusal.value.field == "reason"


def test_a_reason_that_is_not_in_force_cannot_be_lifted(active: App) -> None:
    with pytest.raises(Refused, match="not suspended for that reason"):
        resume(active, DEBT)


def test_one_line_at_a_time_works_on_a_service(active: App) -> None:
    first = suspend(active, DEBT)
    with pytest.raises(Refused, match=first.lines[0].number):
        suspend(active, FRAUD)


def test_the_same_key_suspends_once(active: App) -> None:
    assert suspend(active, DEBT, "k").number == suspend(active, DEBT, "k").number


def test_a_terminated_service_gives_its_items_to_quarantine_and_its_identifiers_end(active: App) -> None:
    was = service(active).identifiers
    with active.unit_of_work() as ctx:
        operations.terminate_service(ctx, "S000001", TerminateService(note="moved away"))
    work_until_idle(active)
    now = service(active)
    assert (now.state, now.identifiers) == (ServiceState.TERMINATED, {})
    assert now.ended_at is not None
    with active.reading() as ctx:
        assert inventory.counts(ctx)["sim"] == {"available": 4, "quarantine": 1}
        earlier = now.ended_at - timedelta(milliseconds=1)
        holder = queries.identifier_holder(ctx, "msisdn", was["msisdn"], earlier)
        assert holder is not None
        assert holder.number == "S000001"
        assert queries.identifier_holder(ctx, "msisdn", was["msisdn"], utc_now()) is None
    with pytest.raises(Refused, match="terminated"):
        suspend(active, DEBT)


def test_a_termination_that_fails_leaves_the_service_active(active: App, network: SimpleNamespace) -> None:
    network.fails = True
    with active.unit_of_work() as ctx:
        operations.terminate_service(ctx, "S000001", TerminateService())
    work_until_idle(active)
    assert service(active).state is ServiceState.ACTIVE


def test_an_existing_service_is_recorded_as_it_was(shop: App) -> None:
    began = datetime(2026, 3, 5, 12, tzinfo=UTC)
    with shop.unit_of_work() as ctx:
        recorded = operations.record_existing_service(
            ctx,
            RecordExistingService(
                customer_number="C000001",
                product_code="mobile_10",
                activated_at=began,
                picks={"number": "I000009"},
            ),
        )
    assert (recorded.state, recorded.activated_at) == (ServiceState.ACTIVE, began)
    with shop.reading() as ctx:
        index = queries.identifier_index(ctx)
        entry = index["msisdn", "+5551991234504"][0]
        assert (entry.valid_from, entry.valid_to, entry.product_code) == (began, None, "mobile_10")
        assert queries.order(ctx, "O000001").lines[0].job_id is None
        active = ctx.session.execute(queries.active_services(ctx)).mappings().all()
        assert [(row["number"], row["activated_at"]) for row in active] == [("S000001", began)]


def test_a_service_of_the_future_is_not_recorded(shop: App) -> None:
    command = RecordExistingService(
        customer_number="C000001", product_code="mobile_10", activated_at=utc_now() + timedelta(days=1)
    )
    with pytest.raises(Refused) as refusal, shop.unit_of_work() as ctx:
        operations.record_existing_service(ctx, command)
    assert refusal.value.field == "activated_at"


def test_playbooks_learn_everything_but_secrets(active: App) -> None:
    with active.reading() as ctx:
        line = queries.lines_of_service(ctx, service(active).id)[0]
        variables = queries.provisioning_variables(ctx, line.id)
    assert variables["customer"]["number"] == "C000001"
    assert variables["service"]["msisdn"] == "+5551991234501"
    assert variables["picks"]["sim"]["imsi"] == "724990000000001"
    assert "ki" not in variables["picks"]["sim"]


def existing(customer: str, number: str | None = None) -> RecordExistingService:
    return RecordExistingService(
        customer_number=customer,
        product_code="mobile_10",
        activated_at=datetime(2026, 3, 5, 12, tzinfo=UTC),
        picks={"number": number} if number else {},
    )


def test_many_existing_services_are_recorded_together(shop: App) -> None:
    with shop.unit_of_work() as ctx:
        recorded = operations.record_existing_services(
            ctx, [existing("C000001"), existing("C000002", "I000006"), existing("C000001")]
        )
    assert [one.number for one in recorded] == ["S000001", "S000002", "S000003"]
    numbers = [one.identifiers["msisdn"] for one in recorded]
    assert numbers == ["+5551991234502", "+5551991234501", "+5551991234503"]
    with shop.reading() as ctx:
        assert inventory.counts(ctx) == {
            "sim": {"assigned": 3, "available": 2},
            "number": {"assigned": 3, "available": 2},
        }
        item = inventory.item(ctx, "I000006")
        assert (item.holder_label, item.version) == ("S000002", 2)
        assert [one.action for one in inventory.movements(ctx, item.id)] == ["assigned", "added"]


def test_one_that_cannot_be_recorded_keeps_out_all_and_is_named(shop: App) -> None:
    with (
        pytest.raises(Refused, match="wanted twice") as refusal,
        shop.unit_of_work() as ctx,
    ):
        operations.record_existing_services(
            ctx, [existing("C000001", "I000006"), existing("C000002", "I000006")]
        )
    assert refusal.value.field == "picks.number"
    with shop.reading() as ctx:
        assert inventory.counts(ctx)["number"] == {"available": 5}
    future = existing("C000001").model_copy(update={"activated_at": utc_now() + timedelta(days=1)})
    with pytest.raises(Refused) as refusal, shop.unit_of_work() as ctx:
        operations.record_existing_services(ctx, [existing("C000001"), future])
    assert refusal.value.field == "services.1.activated_at"


def test_more_than_there_is_in_stock_is_refused_with_both_figures(shop: App) -> None:
    with pytest.raises(Refused, match="6 of “sim” are wanted and 5 are free"), shop.unit_of_work() as ctx:
        operations.record_existing_services(ctx, [existing("C000001")] * 6)


def test_a_customer_with_a_living_service_cannot_be_closed(active: App) -> None:
    from trunkline.customers import operations as customers
    from trunkline.customers.models import CustomerStatus
    from trunkline.customers.schemas import SetStatus

    close = SetStatus(status=CustomerStatus.CLOSED, reason="moved away")
    with pytest.raises(Refused, match="not terminated: 1"), active.unit_of_work() as ctx:
        customers.set_status(ctx, "C000001", close)
    with active.unit_of_work() as ctx:
        operations.terminate_service(ctx, "S000001", TerminateService())
    work_until_idle(active)
    with active.unit_of_work() as ctx:
        assert customers.set_status(ctx, "C000001", close).status == CustomerStatus.CLOSED


def test_a_price_that_begins_within_the_minute_counts_from_its_very_moment(active: App) -> None:
    moment = (active.clock() + timedelta(days=30)).replace(second=30, microsecond=0)
    with active.unit_of_work() as ctx:
        operations.set_price(
            ctx,
            "mobile_10",
            SetPrice(setup_price=Decimal(0), monthly_price=Decimal("59.90"), effective_from=moment),
        )

    def monthly(at: datetime) -> list[Money | None]:
        active.clock = StandingClock(at)
        with active.reading() as ctx:
            services = queries.services_of(ctx, 1)
            return [
                queries.monthly_of(ctx, services, customer_id=owner).get(services[0].id)
                for owner in (None, 1)
            ]

    before, after = Money(49_900_000, "BRL"), Money(59_900_000, "BRL")
    assert monthly(moment - timedelta(microseconds=1)) == [before, before]
    assert monthly(moment) == [after, after]
    assert monthly(moment + timedelta(minutes=2)) == [after, after]
