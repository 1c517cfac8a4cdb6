"""A service that works gets another number or other parameters: when its job ends well, and else not at all."""

from collections.abc import Callable
from types import SimpleNamespace

import pytest

from tests.plugins.catalog.conftest import sim
from trunkline.app import App
from trunkline.errors import Refused
from trunkline.jobs.operations import PlannedStep
from trunkline.jobs.steps import StepContext, StepFailed
from trunkline.plugin import StepKind, hookimpl
from trunkline.testing import Browser, work_until_idle
from trunkline_catalog import operations, queries
from trunkline_catalog.schemas import (
    ChangeService,
    LineState,
    LineStep,
    OrderView,
    Parameter,
    ServiceView,
    UpdateProduct,
)
from trunkline_inventory import queries as inventory

pytestmark = pytest.mark.plugins("inventory", "catalog")

Order = Callable[..., OrderView]
Staff = Callable[..., Browser]
OLD, NEW = "+5551991234501", "+5551991234503"


@pytest.fixture
def active(order: Order, shop: App, network: SimpleNamespace) -> App:
    """Service S000001 is active, with the first SIM and number and a screen name."""
    with shop.unit_of_work() as ctx:
        asked = Parameter(name="screen_name", label="Screen name", ask=True)
        operations.update_product(ctx, "mobile_10", UpdateProduct(parameters=(asked,)))
    order(parameters={"screen_name": "Ana"})
    work_until_idle(shop)
    return shop


def service(app: App) -> ServiceView:
    with app.reading() as ctx:
        return queries.service(ctx, "S000001")


def change(app: App, **wish: object) -> OrderView:
    with app.unit_of_work() as ctx:
        return operations.change_service(ctx, "S000001", ChangeService.model_validate(wish))


def number_item(app: App, number: str) -> str:
    with app.reading() as ctx:
        item = inventory.find(ctx, number)
        assert item is not None
        return item.number


def states(app: App) -> dict[str, str]:
    with app.reading() as ctx:
        found = {value: inventory.find(ctx, value) for value in (OLD, NEW, sim(1)["iccid"])}
    return {value: f"{item.state} {item.holder_label}".strip() for value, item in found.items() if item}


@pytest.mark.both_databases
def test_another_number_counts_from_the_moment_the_job_ends(active: App) -> None:
    line = change(active, change="number", picks={"number": number_item(active, NEW)}).lines[0]
    assert (service(active).identifiers["msisdn"], states(active)[NEW]) == (OLD, f"held {line.number}")
    work_until_idle(active)
    found = service(active)
    assert found.identifiers == {"msisdn": NEW, "iccid": sim(1)["iccid"], "imsi": sim(1)["imsi"]}
    assert states(active) == {
        OLD: "quarantine",
        NEW: "assigned S000001",
        sim(1)["iccid"]: "assigned S000001",
    }
    with active.reading() as ctx:
        history = {row.value: row.valid_to for row in queries.service_history(ctx, found.id)}
        assert queries.identifier_holder(ctx, "msisdn", NEW, ctx.now()) == found
    assert history[OLD] is not None
    assert history[NEW] is None


@pytest.mark.both_databases
def test_what_fails_afterwards_brings_number_parameters_and_stock_back(active: App) -> None:
    def refuse(step: StepContext) -> None:
        raise StepFailed("The invoice address is missing.")

    class Late:
        @staticmethod
        @hookimpl
        def catalog_line_steps(line: object) -> list[LineStep]:
            return [LineStep(85, PlannedStep("late.refuse"))]

    active.step_kinds["late.refuse"] = StepKind("late.refuse", "Refuse", refuse, lambda step: None)
    before, held = service(active), states(active)
    active.hooks.manager.register(Late, "late")
    number = change(active, change="number").lines[0].number
    work_until_idle(active)
    assert (service(active).identifiers, states(active) | {NEW: ""}) == (before.identifiers, held | {NEW: ""})
    with active.reading() as ctx:
        assert inventory.counts(ctx)["number"] == {"available": 4, "assigned": 1}
        assert all(row.valid_to is None for row in queries.service_history(ctx, before.id))
        line = queries.line_by_number(ctx, number)
    assert (line.state, line.error) == (LineState.FAILED, "Refuse: The invoice address is missing.")
    change(active, change="parameters", parameters={"screen_name": "Bia"})
    work_until_idle(active)
    assert service(active).parameters == {"screen_name": "Ana"}
    # Tried again without what stood in the way, the line holds another number anew.
    active.hooks.manager.unregister(name="late")
    with active.unit_of_work() as ctx:
        operations.retry_order_line(ctx, number)
    work_until_idle(active)
    assert service(active).identifiers["msisdn"] != OLD


def test_what_cannot_be_changed_is_refused_in_words(active: App) -> None:
    with pytest.raises(Refused, match=r"offers no change “plan”.* number") as refusal:
        change(active, change="plan")
    assert refusal.value.field == "change"
    with pytest.raises(Refused, match="Nothing would change"):
        change(active, change="parameters", parameters={"screen_name": "Ana"})
    with pytest.raises(Refused, match="does not ask for “wifi”"):
        change(active, change="parameters", parameters={"wifi": "x"})


def test_parameters_are_changed_by_the_dialog_on_the_services_page(active: App, staff: Staff) -> None:
    client, page = staff("customer_care"), "/catalog/services/S000001"
    shown = client.get(page).text
    assert 'data-open="change-number"' in shown
    fields = {"parameters.param_screen_name": "Bia", "parameters.note": "asked by phone"}
    client.submit(f"{page}/change/parameters", fields, page=page)
    work_until_idle(active)
    assert service(active).parameters == {"screen_name": "Bia"}
    refused = client.submit(f"{page}/change/number", {"number.pick_number": "+5500"}, page=page)
    assert refused.status_code == 422
    assert "is not in stock" in refused.text
