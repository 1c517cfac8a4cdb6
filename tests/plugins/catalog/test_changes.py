"""A service that works gets another number or other parameters: when its job ends well, and else not at all."""

import re
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from types import SimpleNamespace

import pytest

from tests.plugins.catalog.conftest import BEGAN, sim
from trunkline.app import App
from trunkline.clock import utc_now
from trunkline.errors import Refused
from trunkline.jobs.models import Job
from trunkline.jobs.operations import PlannedStep
from trunkline.jobs.steps import StepContext, StepFailed
from trunkline.plugin import StepKind, hookimpl
from trunkline.testing import Browser, work_until_idle
from trunkline_catalog import operations, queries
from trunkline_catalog.schemas import (
    ChangeService,
    CreateProduct,
    LineState,
    LineStep,
    OrderLineView,
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


@pytest.fixture
def plans(active: App) -> App:
    """Mobile 30 GB is sold besides, at 79.90, with a fixed speed and the same question; a router, which is another thing, too."""
    asked = Parameter(name="screen_name", label="Screen name", ask=True)
    fixed = Parameter(name="speed", label="Speed", value="600M")
    with active.unit_of_work() as ctx:
        for code, needs in (("mobile_30", ("sim", "number")), ("router", ())):
            operations.create_product(
                ctx,
                CreateProduct(
                    code=code,
                    name=code.replace("_", " ").title(),
                    needs=needs,
                    parameters=(asked, fixed),
                    monthly_price=Decimal("79.90"),
                    currency="BRL",
                    effective_from=BEGAN,
                ),
            )
    return active


def test_the_plan_of_a_service_is_changed_in_three_steps_after_before_and_after_were_shown(
    plans: App, staff: Staff
) -> None:
    client, page = staff("customer_care"), "/catalog/services/S000001"
    assert f'href="{page}/plan"' in client.get(page).text
    offered = client.get(f"{page}/plan").text
    assert "product=mobile_30" in offered
    assert "product=router" not in offered
    details = f"{page}/plan?product=mobile_30"
    assert 'value="Ana"' in client.get(details).text
    answers = {"param_screen_name": "Ana", "begins": "date", "start_after": ""}
    refused = client.submit(f"{page}/plan/review?product=mobile_30", answers, page=details)
    assert "Say from which moment on." in refused.text
    answers |= {"begins": "now"}
    reviewed = client.submit(f"{page}/plan/review?product=mobile_30", answers, page=details)
    for words in ("49.90", "79.90", "600M", "S000001 has its new values"):
        assert words in reviewed.text
    assert len(queries_of(plans)) == 1
    form = reviewed.text.partition(f'action="{page}/plan?product=mobile_30"')[2].partition("</form>")[0]
    hidden = dict(re.findall(r'name="([^"]+)" value="([^"]*)"', form))
    for _twice in range(2):
        client.post(f"{page}/plan?product=mobile_30", data=hidden)
    assert [line.change for line in queries_of(plans)] == ["plan", ""]
    work_until_idle(plans)
    found = service(plans)
    assert (found.product_code, found.parameters) == ("mobile_30", {"screen_name": "Ana", "speed": "600M"})
    (line, _first) = queries_of(plans)
    shown = client.get(f"/catalog/orders/{line.order_number}").text
    assert "Product before" in shown
    assert "Mobile 10 GB" in shown


def queries_of(app: App) -> list[OrderLineView]:
    with app.reading() as ctx:
        return queries.lines_of_service(ctx, service(app).id)


@pytest.mark.both_databases
def test_a_plan_that_fails_in_its_last_step_leaves_the_product_and_its_parameters(
    plans: App, network: SimpleNamespace
) -> None:
    def refuse(step: StepContext) -> None:
        raise StepFailed("No.")

    class Late:
        @staticmethod
        @hookimpl
        def catalog_line_steps(line: object) -> list[LineStep]:
            return [LineStep(85, PlannedStep("late.refuse"))]

    plans.step_kinds["late.refuse"] = StepKind("late.refuse", "Refuse", refuse, lambda step: None)
    plans.hooks.manager.register(Late, "late")
    change(plans, change="plan", product_code="mobile_30")
    with pytest.raises(Refused, match="is at work on"):
        change(plans, change="plan", product_code="mobile_30")
    work_until_idle(plans)
    plans.hooks.manager.unregister(name="late")
    found = service(plans)
    assert (found.product_code, found.parameters) == ("mobile_10", {"screen_name": "Ana"})
    for wish, words in (
        ({"product_code": "router"}, "cannot become “router”"),
        ({}, "Say which product it becomes"),
        ({"product_code": "mobile_30", "parameters": {"speed": "1G"}}, "does not ask for “speed”"),
        ({"product_code": "mobile_30", "from_next_bill": True, "start_after": BEGAN}, "not both"),
    ):
        with pytest.raises(Refused, match=words):
            change(plans, change="plan", **wish)


def test_a_change_waits_for_its_date(active: App, staff: Staff) -> None:
    soon = utc_now() + timedelta(days=3)
    line = change(active, change="parameters", parameters={"screen_name": "Bia"}, start_after=soon).lines[0]
    work_until_idle(active)
    assert service(active).parameters == {"screen_name": "Ana"}
    with active.reading() as ctx:
        assert ctx.session.get_one(Job, line.job_id).run_at == soon
    assert "Change waits until" in staff("customer_care").get("/catalog/services/S000001").text
