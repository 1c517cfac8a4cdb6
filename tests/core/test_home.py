"""The start page says what waits, and shows nobody what they may not see."""

import re
from collections.abc import Callable

import pytest

from trunkline.app import App
from trunkline.customers import operations as customers
from trunkline.customers.models import CustomerKind, CustomerStatus
from trunkline.customers.schemas import RegisterCustomer, SetStatus
from trunkline.jobs import PlannedStep, StepContext, StepFailed, enqueue
from trunkline.jobs.models import OnFailure
from trunkline.plugin import StepKind
from trunkline.testing import Browser, work_until_idle


def fail(step: StepContext) -> None:
    raise StepFailed("The far end refuses.")


def a_held_job(app: App) -> None:
    app.step_kinds["test.fail"] = StepKind("test.fail", "Fail", fail, fail)
    with app.unit_of_work() as ctx:
        steps = [PlannedStep("test.fail")]
        enqueue(ctx, kind="test", title="Reach the far end", steps=steps, key="k", on_failure=OnFailure.HOLD)
    work_until_idle(app)


def test_an_empty_system_says_that_nothing_waits(staff: Callable[..., Browser]) -> None:
    assert "Nothing waits for you" in staff().get("/").text


def test_a_job_that_needs_a_person_is_on_the_start_page(app: App, staff: Callable[..., Browser]) -> None:
    a_held_job(app)
    page = staff("provisioning_engineer").get("/").text
    assert "Reach the far end" in page
    assert "Nothing waits for you" not in page


def test_a_cashier_sees_no_jobs(app: App, staff: Callable[..., Browser]) -> None:
    a_held_job(app)
    assert "Reach the far end" not in staff("cashier").get("/").text


@pytest.mark.parametrize(
    ("role", "task"),
    [
        ("customer_care", "/customers/add"),
        ("cashier", "/billing/payments/new"),
        ("product_manager", "/catalog/products/new"),
        ("provisioning_engineer", "/provisioning/rollouts/new"),
        ("warehouse", "/inventory/items/new"),
    ],
)
def test_what_next_holds_what_a_role_is_there_for_and_it_opens(
    staff: Callable[..., Browser], role: str, task: str
) -> None:
    browser = staff(role)
    offered = re.findall(r'href="([^"]+)"', browser.get("/").text.partition("What next</h2>")[2])
    assert task in offered
    assert browser.get(task).status_code == 200


def test_the_palette_knows_how_a_payment_is_taken(staff: Callable[..., Browser]) -> None:
    assert "/billing/payments/new" in staff("cashier").get("/search?q=take+pay").text
    assert "/billing/payments/new" not in staff("warehouse").get("/search?q=take+pay").text


def test_as_many_customers_are_counted_as_the_list_shows(app: App, staff: Callable[..., Browser]) -> None:
    with app.unit_of_work() as ctx:
        for name in ("Ana", "Bruno", "Carla"):
            customers.register(ctx, RegisterCustomer(kind=CustomerKind.INDIVIDUAL, name=name))
        customers.set_status(ctx, "C000003", SetStatus(status=CustomerStatus.CLOSED, reason="Moved away"))
        customers.archive(ctx, "C000003")
    browser = staff("customer_care")
    counted = re.search(r">Customers<.*?>([\d,]+)<", browser.get("/").text.partition("<main")[2], re.DOTALL)
    assert counted is not None
    assert counted.group(1) == "2"
    assert "2 rows" in browser.get("/customers").text
