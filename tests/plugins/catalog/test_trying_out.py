"""An order is tried out before it is placed: all its steps are looked at, and nothing is kept, held or changed."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlalchemy import func
from sqlmodel import SQLModel, col, select

from tests.plugins.catalog.test_pages import CHOSEN, FOR, ONE, TWO, hidden
from trunkline.app import App
from trunkline.errors import Forbidden, Refused
from trunkline.jobs.models import Job, JobEvent, JobState, JobStep
from trunkline.jobs.operations import PlannedStep
from trunkline.jobs.steps import CannotTell, StepContext, StepFailed
from trunkline.operation import Actor, ActorKind, Context
from trunkline.plugin import StepKind, hookimpl
from trunkline.testing import Browser, work_until_idle
from trunkline_catalog import operations, queries
from trunkline_catalog.models import CatalogOrder, CatalogService
from trunkline_catalog.schemas import LineStep, OrderLineView, Parameter, PlaceOrder, UpdateProduct
from trunkline_inventory.models import InventoryItem

pytestmark = pytest.mark.plugins("inventory", "catalog")

Staff = Callable[..., Browser]


class Network:
    """Two steps of every line: one that is looked at, and one that needs what the first hands over."""

    def __init__(self) -> None:
        self.touched: list[str] = []
        self.refuses = ""
        self.looked_while_writing: list[bool] = []

    def do(self, step: StepContext) -> dict[str, Any]:
        self.touched.append(step.inputs["word"])
        return {"port": 7}

    def gather(self, ctx: Context, step: StepContext) -> str:
        line = queries.line(ctx, step.inputs["line_id"])
        return ", ".join(pick.number for pick in line.picks.values())

    def rehearse(self, step: StepContext) -> None:
        if step.inputs["word"] == "second" and "network.first" not in step.before:
            raise CannotTell("it needs the port that the step before finds.")
        if self.refuses:
            raise StepFailed(self.refuses)
        step.log(f"{step.gathered} would be set up")

    @hookimpl
    def catalog_check_product(self, ctx: Context) -> None:
        self.looked_while_writing.append(ctx.writing)

    @hookimpl
    def catalog_line_steps(self, line: OrderLineView) -> list[LineStep]:
        return [
            LineStep(50 + n, PlannedStep(f"network.{word}", inputs={"line_id": line.id, "word": word}))
            for n, word in enumerate(("first", "second"))
        ]


@pytest.fixture
def network(shop: App) -> Iterator[Network]:
    network = Network()
    for word in ("first", "second"):
        shop.step_kinds[f"network.{word}"] = StepKind(
            f"network.{word}",
            f"The {word} of the network",
            network.do,
            lambda step: None,
            rehearse=network.rehearse,
            gather=network.gather,
        )
    shop.hooks.manager.register(network, "network")
    yield network
    shop.hooks.manager.unregister(name="network")


def wish(**more: Any) -> PlaceOrder:
    lines = [{"product_code": "mobile_10"}]
    return PlaceOrder.model_validate({"customer_number": "C000001", "lines": lines, **more})


def tried(app: App, order: PlaceOrder) -> str:
    with app.reading() as ctx:
        number = operations.try_order(ctx, order)
    work_until_idle(app)
    return number


def log(app: App, number: str) -> list[str]:
    with app.reading() as ctx:
        of_job = select(JobEvent.text).join(Job, col(Job.id) == JobEvent.job_id).where(Job.number == number)
        return list(ctx.session.scalars(of_job.order_by(col(JobEvent.id))))


def verdicts(app: App, number: str) -> list[str]:
    with app.reading() as ctx:
        steps = select(JobStep).join(Job, col(Job.id) == JobStep.job_id).where(Job.number == number)
        return [step.outputs["verdict"] for step in ctx.session.scalars(steps.order_by(col(JobStep.seq)))]


def counts(app: App) -> dict[str, int]:
    tables: tuple[type[SQLModel], ...] = (CatalogOrder, CatalogService)
    with app.reading() as ctx:
        found = {
            one.__name__: ctx.session.scalar(select(func.count()).select_from(one)) or 0 for one in tables
        }
        held = select(func.count()).where(InventoryItem.state != "available")
        return {**found, "held": ctx.session.scalar(held) or 0}


@pytest.mark.both_databases
def test_every_step_is_looked_at_and_nothing_is_kept(shop: App, network: Network) -> None:
    order = wish(lines=[{"product_code": "mobile_10"}] * 2)
    number = tried(shop, order)
    told = log(shop, number)
    ups = [line for line in told if line.endswith("would be set up")]
    assert len(ups) == 2
    assert len(set(ups)) == 2, "each line is told with items of its own"
    assert "Cannot be known before: it needs the port that the step before finds." in told
    assert any(line.startswith("catalog_service changed: state") for line in told), told
    assert verdicts(shop, number) == ["cannot be known before"] * 2
    assert network.touched == []
    # By whoever asks and by the worker, each before it begins to write.
    assert network.looked_while_writing == [False] * 3
    assert counts(shop) == {"CatalogOrder": 0, "CatalogService": 0, "held": 0}
    with shop.unit_of_work() as ctx:
        placed = operations.place_order(ctx, order)
    work_until_idle(shop)
    assert placed.number == "O000001", "no number was used up"
    assert network.touched == ["first", "second"] * 2


def test_what_the_network_would_refuse_is_said_and_the_dry_run_itself_ends_well(
    shop: App, network: Network
) -> None:
    network.refuses = "There is no such port."
    number = tried(shop, wish())
    assert "The job would fail here: There is no such port." in log(shop, number)
    assert verdicts(shop, number) == ["would fail"]
    with shop.reading() as ctx:
        assert ctx.session.scalars(select(Job.state)).all() == [JobState.SUCCEEDED]


def test_what_cannot_be_ordered_is_refused_before_anything_is_tried(shop: App, network: Network) -> None:
    with pytest.raises(Refused) as refused:
        tried(shop, wish(lines=[{"product_code": "mobile_10", "picks": {"router": None}}]))
    assert refused.value.field == "lines.0.picks.router"
    with shop.reading() as ctx:
        assert ctx.session.scalars(select(Job)).all() == []


def test_an_order_that_can_no_longer_be_placed_is_told_by_the_dry_run(shop: App, network: Network) -> None:
    with shop.reading() as ctx:
        number = operations.try_order(ctx, wish())
    with shop.unit_of_work() as ctx:
        operations.retire_product(ctx, "mobile_10")
    work_until_idle(shop)
    assert "The order would be refused: “Mobile 10 GB” is not sold any more." in " ".join(log(shop, number))
    assert verdicts(shop, number) == ["would fail"]


def test_a_secret_answer_is_kept_sealed_until_it_is_tried(shop: App, network: Network) -> None:
    secret = "correct horse battery"
    with shop.unit_of_work() as ctx:
        wanted = Parameter(name="wifi_password", label="Wi-Fi password", ask=True, secret=True)
        operations.update_product(ctx, "mobile_10", UpdateProduct(parameters=(wanted,)))
    order = wish(lines=[{"product_code": "mobile_10", "parameters": {"wifi_password": secret}}])
    number = tried(shop, order)
    with shop.reading() as ctx:
        kept = [str(step.inputs) for step in ctx.session.scalars(select(JobStep))]
    assert all(secret not in text for text in [*kept, *log(shop, number)])
    assert verdicts(shop, number) == ["cannot be known before"]


def test_the_review_tries_the_order_and_places_it_as_it_was_reviewed(
    shop: App, network: Network, staff: Staff
) -> None:
    client = staff("customer_care")
    details = f"/catalog/orders/new?{CHOSEN}"
    reviewed = client.submit(f"/catalog/orders/review?{FOR}", {**ONE, "note": "by phone"}, page=details)
    assert "Try without changing anything" in reviewed.text
    fields = hidden(reviewed.text)
    beside = client.post(f"/catalog/orders/try?{FOR}", data=fields)
    assert "/jobs/J000001/watch" in beside.text
    client.post(f"/catalog/orders/try?{FOR}", data=fields)
    work_until_idle(shop)
    with shop.reading() as ctx:
        assert ctx.session.scalars(select(Job.number)).all() == ["J000001"], "sent twice, it is tried once"
    watched = client.get("/jobs/J000001/watch").text
    assert "would be set up" in watched
    assert "Tried" in watched
    assert "Cannot be known before" in watched
    # As it was, the result stays; with another line it is the result of another order.
    again = client.post(f"/catalog/orders/review?{FOR}", data=hidden(beside.text))
    assert "/jobs/J000001/watch" in again.text
    other = client.post(f"/catalog/orders/review?{FOR}", data={**hidden(beside.text), **TWO})
    assert "/jobs/J000001/watch" not in other.text
    placed = client.post(f"/catalog/orders?{FOR}", data=hidden(beside.text))
    assert placed.url.path == "/catalog/orders/O000001"
    assert "by phone" in placed.text


def test_whoever_may_order_but_not_try_out_is_refused(shop: App, network: Network) -> None:
    seller = Actor(ActorKind.STAFF, None, "Seller", frozenset({"catalog.order.create"}))
    with pytest.raises(Forbidden), shop.reading(seller) as ctx:
        operations.try_order(ctx, wish())
