"""A change of a service is tried out before it is ordered: its steps are looked at, and nothing is kept, held or changed."""

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlmodel import SQLModel, col, func, select

from tests.plugins.catalog.conftest import BEGAN
from tests.plugins.catalog.test_trying_out import Network, log, verdicts
from trunkline.app import App
from trunkline.errors import Forbidden, Refused
from trunkline.jobs.models import Job, JobStep
from trunkline.operation import Actor, ActorKind
from trunkline.plugin import StepKind
from trunkline.testing import Browser, work_until_idle
from trunkline_catalog import operations
from trunkline_catalog.models import CatalogOrder, CatalogOrderLine
from trunkline_catalog.operations.trying_changes import ServiceCommand
from trunkline_catalog.schemas import (
    ChangeService,
    CreateProduct,
    Parameter,
    PlaceOrder,
    ResumeService,
    SuspendService,
    SuspensionReason,
    TerminateService,
    UpdateProduct,
)
from trunkline_inventory.models import InventoryItem

pytestmark = pytest.mark.plugins("inventory", "catalog")

Staff = Callable[..., Browser]
PAGE = "/catalog/services/S000001"
SUSPEND = SuspendService(reason=SuspensionReason.REQUEST)


@pytest.fixture
def network(shop: App) -> Iterator[Network]:
    """Looks at two steps of every line; service S000001 is active and may become Mobile 30."""
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
    secret = Parameter(name="wifi_password", label="Wi-Fi password", ask=True, secret=True, required=False)
    with shop.unit_of_work() as ctx:
        operations.create_product(
            ctx,
            CreateProduct(
                code="mobile_30",
                name="Mobile 30",
                needs=("sim", "number"),
                parameters=(secret,),
                currency="BRL",
                effective_from=BEGAN,
            ),
        )
        lines = [{"product_code": "mobile_10"}]
        operations.place_order(ctx, PlaceOrder.model_validate({"customer_number": "C000001", "lines": lines}))
    work_until_idle(shop)
    shop.hooks.manager.register(network, "network")
    yield network
    shop.hooks.manager.unregister(name="network")


def tried(app: App, command: ServiceCommand) -> str:
    with app.reading() as ctx:
        number = operations.try_change(ctx, "S000001", command)
    work_until_idle(app)
    return number


def counts(app: App) -> dict[str, int]:
    tables: tuple[type[SQLModel], ...] = (CatalogOrder, CatalogOrderLine)
    with app.reading() as ctx:
        found = {
            one.__name__: ctx.session.scalar(select(func.count()).select_from(one)) or 0 for one in tables
        }
        held = select(func.count()).where(col(InventoryItem.state) != "available")
        return {**found, "held": ctx.session.scalar(held) or 0}


@pytest.mark.both_databases
@pytest.mark.parametrize(
    "command",
    [
        SUSPEND,
        TerminateService(),
        ChangeService(change="sim"),
        ChangeService(change="number"),
        ChangeService(change="plan", product_code="mobile_30"),
    ],
    ids=["suspend", "terminate", "sim", "number", "plan"],
)
def test_what_would_be_ordered_is_looked_at_and_nothing_is_kept(
    shop: App, network: Network, command: ServiceCommand
) -> None:
    before = counts(shop)
    number = tried(shop, command)
    assert any(line.endswith("would be set up") for line in log(shop, number)), log(shop, number)
    assert verdicts(shop, number) == ["cannot be known before"]
    assert network.touched == []
    assert counts(shop) == before
    # By whoever asks and by the worker, each before it begins to write.
    assert network.looked_while_writing == [False] * 2


def test_lifting_a_reason_is_looked_at_too(shop: App, network: Network) -> None:
    with shop.unit_of_work() as ctx:
        operations.suspend_service(ctx, "S000001", SUSPEND)
    work_until_idle(shop)
    number = tried(shop, ResumeService(reason=SuspensionReason.REQUEST))
    assert verdicts(shop, number) == ["cannot be known before"]


def test_a_change_that_cannot_be_ordered_is_refused_at_once(shop: App, network: Network) -> None:
    with pytest.raises(Refused) as refused:
        tried(shop, ChangeService(change="plan", product_code="mobile_99"))
    assert refused.value.field == "product_code"


def test_a_change_that_can_no_longer_be_ordered_is_told_by_the_dry_run(shop: App, network: Network) -> None:
    with shop.reading() as ctx:
        number = operations.try_change(ctx, "S000001", SUSPEND)
    with shop.unit_of_work() as ctx:
        operations.suspend_service(ctx, "S000001", SUSPEND)
    work_until_idle(shop)
    assert verdicts(shop, number) == ["would fail"]
    assert "The order would be refused" in " ".join(log(shop, number))


def test_a_secret_answer_is_kept_sealed_until_it_is_tried(shop: App, network: Network) -> None:
    secret = "correct horse battery"
    with shop.unit_of_work() as ctx:
        wanted = Parameter(name="wifi_password", label="Wi-Fi password", ask=True, secret=True)
        operations.update_product(ctx, "mobile_30", UpdateProduct(parameters=(wanted,)))
    wish = {"change": "plan", "product_code": "mobile_30", "parameters": {"wifi_password": secret}}
    number = tried(shop, ChangeService.model_validate(wish))
    with shop.reading() as ctx:
        kept = [str(step.inputs) for step in ctx.session.scalars(select(JobStep))]
    assert all(secret not in text for text in [*kept, *log(shop, number)])
    assert verdicts(shop, number) == ["cannot be known before"]


def fields_of(page: str, action: str) -> dict[str, str]:
    """The hidden fields of the form that is sent there."""
    form = page.partition(f'action="{action}"')[2].partition("</form>")[0]
    return dict(re.findall(r'name="([^"]+)" value="([^"]*)"', form))


def numbers(app: App) -> list[str]:
    with app.reading() as ctx:
        return list(ctx.session.scalars(select(Job.number).where(Job.kind == "catalog.dry_run")))


def test_the_review_of_a_plan_change_tries_it_once_and_orders_it_as_it_was_reviewed(
    shop: App, network: Network, staff: Staff
) -> None:
    client, way = staff("customer_care"), "?product=mobile_30"
    answers = {"begins": "now", "start_after": "", "note": "by phone"}
    reviewed = client.submit(f"{PAGE}/plan/review{way}", answers, page=f"{PAGE}/plan{way}")
    fields = fields_of(reviewed.text, f"{PAGE}/plan/try{way}")
    beside = client.post(f"{PAGE}/plan/try{way}", data=fields)
    [number] = numbers(shop)
    assert f"/jobs/{number}/watch" in beside.text
    client.post(f"{PAGE}/plan/try{way}", data=fields)
    assert numbers(shop) == [number], "sent twice, it is tried once"
    work_until_idle(shop)
    assert "would be set up" in client.get(f"/jobs/{number}/watch").text
    again = client.post(f"{PAGE}/plan/try{way}", data=fields_of(beside.text, f"{PAGE}/plan/try{way}"))
    assert "Try it again" in again.text
    assert len(numbers(shop)) == 2
    client.post(f"{PAGE}/plan{way}", data=fields_of(again.text, f"{PAGE}/plan{way}"))
    work_until_idle(shop)
    assert "Mobile 30" in client.get(PAGE).text
    assert network.touched == ["first", "second"]


def test_a_dialog_of_a_service_tries_what_it_asks_and_keeps_what_was_typed(
    shop: App, network: Network, staff: Staff
) -> None:
    client = staff("customer_care")
    assert f'formaction="{PAGE}/try/suspend"' in client.get(PAGE).text
    answers: dict[str, Any] = {"reason": "request", "note": "away until May", "try_key": "a1"}
    beside = client.submit(f"{PAGE}/try/suspend", answers, page=PAGE)
    [number] = numbers(shop)
    assert f"/jobs/{number}/watch" in beside.text
    assert "away until May" in beside.text
    swapped = client.submit(f"{PAGE}/try/change/sim", {"sim.pick_sim": "", "try_key": "a2"}, page=PAGE)
    assert swapped.status_code == 200
    assert len(numbers(shop)) == 2
    work_until_idle(shop)
    assert network.touched == []
    refused = client.submit(f"{PAGE}/try/change/sim", {"sim.pick_sim": "no such card"}, page=PAGE)
    assert refused.status_code == 422
    assert len(numbers(shop)) == 2


def test_what_cannot_be_done_now_is_not_tried(shop: App, network: Network, staff: Staff) -> None:
    client = staff("customer_care")
    refused = client.submit(f"{PAGE}/try/resume", {"reason": "request"}, page=PAGE)
    assert refused.status_code == 422
    assert "This cannot be done with S000001 now." in refused.text


def test_whoever_may_not_end_a_service_cannot_try_it_either(shop: App, network: Network) -> None:
    tester = Actor(ActorKind.STAFF, None, "Tester", frozenset({"catalog.dry_run.create"}))
    with pytest.raises(Forbidden), shop.reading(tester) as ctx:
        operations.try_change(ctx, "S000001", TerminateService())


def test_the_duty_officer_tries_a_suspension_out_first(shop: App, network: Network, staff: Staff) -> None:
    client = staff("duty_officer")
    assert "Try without changing anything" in client.get(PAGE).text
    tried = client.submit(f"{PAGE}/try/suspend", {"reason": "fraud"}, page=PAGE)
    assert tried.status_code == 200
    assert "Dry run J" in tried.text


def test_every_role_that_may_order_may_try_it_out_first(shop: App, network: Network) -> None:
    ordering = {
        "catalog.order.create",
        *(f"catalog.service.{word}" for word in ("change", "suspend", "resume", "terminate")),
    }
    held: dict[str, set[str]] = {}
    for permission in (one for plugin in shop.plugins for one in plugin.permissions):
        for role in permission.roles:
            held.setdefault(role, set()).add(permission.name)
    lacking = {
        role: names
        for role, names in held.items()
        if names & ordering and not names >= {"catalog.dry_run.create", "core.job.view"}
    }
    assert lacking == {}
