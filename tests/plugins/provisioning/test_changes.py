"""Changes of a working line reach the HLR with what was before, and leave it as it was when something fails."""

from collections.abc import Callable

import pytest
from stdnum import luhn

from tests.plugins.provisioning.conftest import IMSI, KI, MSISDN, OPC
from trunkline.app import App
from trunkline.jobs.operations import PlannedStep
from trunkline.jobs.steps import StepContext, StepFailed
from trunkline.plugin import StepKind, hookimpl
from trunkline.testing import work_until_idle
from trunkline_catalog import operations, queries
from trunkline_catalog.schemas import (
    ChangeService,
    LineStep,
    OrderView,
    ResumeService,
    ServiceView,
    SuspendService,
    SuspensionReason,
)
from trunkline_inventory import operations as stock
from trunkline_provisioning.hlr.subscriber import Subscriber

pytestmark = [
    pytest.mark.plugins("inventory", "catalog", "provisioning"),
    pytest.mark.usefixtures("warm_runs"),
]

SECOND = "724990000000002"
NEW_KI, NEW_OPC = "1" * 32, "2" * 32
Find = Callable[..., Subscriber | None]


@pytest.fixture
def line(shop: App, order: Callable[[], OrderView]) -> App:
    """S000001 works in the HLR, and a second SIM lies in stock."""
    body = "895599000000000002"
    with shop.unit_of_work() as ctx:
        iccid = body + luhn.calc_check_digit(body)
        stock.add_items(ctx, "sim", [{"iccid": iccid, "imsi": SECOND, "ki": NEW_KI, "opc": NEW_OPC}])
    order()
    work_until_idle(shop)
    return shop


def change(app: App, **wish: object) -> None:
    with app.unit_of_work() as ctx:
        operations.change_service(ctx, "S000001", ChangeService.model_validate(wish))
    work_until_idle(app)


def service(app: App) -> ServiceView:
    with app.reading() as ctx:
        return queries.service(ctx, "S000001")


def test_another_sim_takes_the_number_and_a_bar_outlives_swap_and_suspension(line: App, find: Find) -> None:
    with line.reading() as ctx:
        offers = queries.change_offers(ctx, queries.product(ctx, "mobile_10"))
    assert {offer.word: offer.templates for offer in offers} == {
        "bar": (),
        "number": ("number",),
        "sim": ("sim",),
    }
    change(line, change="bar", on=True)
    assert service(line).switches == ("bar",)
    held = find()
    assert held is not None
    assert held.access == "voice_barred"
    change(line, change="sim")
    assert find() is None
    assert find(SECOND) == Subscriber(SECOND, MSISDN, NEW_KI, NEW_OPC, "voice_barred")
    assert service(line).identifiers["imsi"] == SECOND
    with line.unit_of_work() as ctx:
        operations.suspend_service(ctx, "S000001", SuspendService(reason=SuspensionReason.LOST))
    work_until_idle(line)
    change(line, change="bar", on=False)
    held = find(SECOND)
    assert held is not None
    assert held.access == "suspended"
    with line.unit_of_work() as ctx:
        operations.resume_service(ctx, "S000001", ResumeService(reason=SuspensionReason.LOST))
    work_until_idle(line)
    assert find(SECOND) == Subscriber(SECOND, MSISDN, NEW_KI, NEW_OPC, "enabled")
    assert service(line).switches == ()


def test_a_swap_that_fails_later_gives_the_number_back_to_the_old_sim(line: App, find: Find) -> None:
    seen = []

    def refuse(step: StepContext) -> None:
        seen.append(find(SECOND))
        raise StepFailed("The charging engine says no.")

    class Late:
        @staticmethod
        @hookimpl
        def catalog_line_steps(line: object) -> list[LineStep]:
            return [LineStep(85, PlannedStep("late.refuse"))]

    line.step_kinds["late.refuse"] = StepKind("late.refuse", "Refuse", refuse, lambda step: None)
    line.hooks.manager.register(Late, "late")
    change(line, change="sim")
    assert seen == [Subscriber(SECOND, MSISDN, NEW_KI, NEW_OPC, "enabled")]
    assert find(SECOND) is None
    assert find() == Subscriber(IMSI, MSISDN, KI.lower(), OPC.lower(), "enabled")
    assert service(line).identifiers["imsi"] == IMSI
