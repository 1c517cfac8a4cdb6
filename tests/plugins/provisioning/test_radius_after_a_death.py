"""A worker dies in the middle of a RADIUS job: the look at FreeRADIUS itself says what is left to do."""

import os
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlmodel import col, select

from tests.plugins.provisioning.test_lines import log_of
from tests.services.freeradius import FreeRadius, freeradius
from trunkline.app import App
from trunkline.jobs.models import Job, JobState, JobStep
from trunkline.testing import work_until_idle
from trunkline_catalog import operations as catalog
from trunkline_catalog.schemas import CreateProduct, Parameter, PlaceOrder, ServiceKind
from trunkline_inventory import operations as stock
from trunkline_inventory.schemas import CreateTemplate
from trunkline_provisioning import elements
from trunkline_provisioning.elements import ElementFields

pytestmark = [
    pytest.mark.plugins("inventory", "catalog", "provisioning"),
    pytest.mark.peer("freeradius"),
    pytest.mark.peer("radclient"),
    pytest.mark.postgres,
]

USER, PASSWORD, ADDRESS = "ana", "radius-Login.77", "100.64.0.7"


@pytest.fixture(scope="module")
def server() -> Iterator[FreeRadius]:
    with freeradius(os.environ["TRUNKLINE_TEST_POSTGRES"]) as running:
        yield running


@pytest.fixture
def ordered(shop: App, server: FreeRadius) -> Iterator[str]:
    """The job of an order of a RADIUS subscriber with a fixed address; afterwards RADIUS has no such user."""
    with shop.unit_of_work() as ctx:
        fields: list[Any] = [{"name": "address", "label": "Address", "required": True, "unique": True}]
        stock.create_template(ctx, CreateTemplate(name="ip", label="IP address", fields=fields))
        stock.add_items(ctx, "ip", [{"address": ADDRESS}])
        elements.add(
            ctx,
            ElementFields(
                name="radius",
                label="RADIUS",
                host=server.host,
                port=server.database_port,
                username=server.login,
                password=server.password,
                facts=f"database: {server.database}",
            ),
        )
        catalog.create_product(
            ctx,
            CreateProduct(
                code="access",
                name="Access",
                service_kind=ServiceKind.OTHER,
                needs=("ip",),
                parameters=(
                    Parameter(name="login", label="User name", ask=True, required=True),
                    Parameter(name="password", label="Password", ask=True, required=True, secret=True),
                ),
                playbook="radius_subscriber",
                currency="BRL",
            ),
        )
        line = {"product_code": "access", "parameters": {"login": USER, "password": PASSWORD}}
        wish = PlaceOrder.model_validate({"customer_number": "C000001", "lines": [line]})
        number = catalog.place_order(ctx, wish).lines[0].job_number
    yield number
    server.remove(USER)


def ended(app: App, number: str) -> tuple[str, dict[str, Any]]:
    """How the job ended, and what its network step handed over."""
    with app.reading() as ctx:
        job = ctx.session.scalars(select(Job).where(Job.number == number)).one()
        steps = select(JobStep).where(
            col(JobStep.job_id) == job.key, col(JobStep.kind) == "provisioning.ansible"
        )
        return job.state, ctx.session.scalars(steps).one().outputs


def test_a_subscriber_that_is_found_as_wanted_is_not_set_up_again(
    shop: App, server: FreeRadius, ordered: str, die_after_the_run: Callable[[App, str], None]
) -> None:
    die_after_the_run(shop, ordered)
    assert server.sign_in(USER, PASSWORD) == {"Framed-IP-Address": ADDRESS}
    work_until_idle(shop)
    state, outputs = ended(shop, ordered)
    assert state == JobState.SUCCEEDED, log_of(shop)
    assert "Found done, so it is not done again." in log_of(shop)
    assert log_of(shop).count("Playbook radius_subscriber/do of") == 1
    assert outputs == {"login": USER, "address": ADDRESS, "group": "access"}
    assert PASSWORD not in log_of(shop)


def test_a_subscriber_that_is_found_half_set_up_is_set_up_whole(
    shop: App, server: FreeRadius, ordered: str, die_after_the_run: Callable[[App, str], None]
) -> None:
    die_after_the_run(shop, ordered)
    server.forget(USER, "Framed-IP-Address")
    assert server.sign_in(USER, PASSWORD) == {}
    work_until_idle(shop)
    state, outputs = ended(shop, ordered)
    assert state == JobState.SUCCEEDED, log_of(shop)
    assert log_of(shop).count("Playbook radius_subscriber/do of") == 2
    assert server.sign_in(USER, PASSWORD) == {"Framed-IP-Address": ADDRESS}
    assert outputs["address"] == ADDRESS
