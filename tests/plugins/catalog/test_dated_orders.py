"""What begins on a date leaves its service to others until then, and looks at it anew when its day has come."""

from collections.abc import Callable
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from sqlmodel import col, select

from trunkline.app import App
from trunkline.errors import Refused
from trunkline.jobs import operations as jobs
from trunkline.jobs.models import Job, JobStep
from trunkline.testing import work_until_idle
from trunkline_catalog import operations, queries
from trunkline_catalog.models import CatalogService
from trunkline_catalog.schemas import (
    ChangeService,
    LineState,
    OrderLineView,
    OrderView,
    Parameter,
    RescheduleLine,
    ResumeService,
    ServiceState,
    SuspendService,
    SuspensionReason,
    TerminateService,
    UpdateProduct,
)

pytestmark = pytest.mark.plugins("inventory", "catalog")

Order = Callable[..., OrderView]
NUMBER, DEBT, REQUEST = "S000001", SuspensionReason.DEBT, SuspensionReason.REQUEST


@pytest.fixture
def active(order: Order, shop: App, network: SimpleNamespace) -> App:
    """Service S000001 is active, with two parameters; the network has not been touched since."""
    ask = {"screen_name": "Ana", "room": "1"}
    wanted = tuple(Parameter(name=name, label=name, ask=True) for name in ask)
    with shop.unit_of_work() as ctx:
        operations.update_product(ctx, "mobile_10", UpdateProduct(parameters=wanted))
    order(parameters=ask)
    work_until_idle(shop)
    network.done.clear()
    return shop


def later(app: App, days: int = 3) -> datetime:
    return app.clock() + timedelta(days=days)


def suspend(app: App, reason: SuspensionReason, at: datetime | None = None) -> OrderLineView:
    with app.unit_of_work() as ctx:
        command = SuspendService(reason=reason, start_after=at)
        return operations.suspend_service(ctx, NUMBER, command).lines[0]


def change(app: App, at: datetime | None = None, **parameters: Any) -> OrderLineView:
    with app.unit_of_work() as ctx:
        wish = ChangeService(change="parameters", parameters=parameters, start_after=at)
        return operations.change_service(ctx, NUMBER, wish).lines[0]


def terminate(app: App, at: datetime | None = None) -> OrderLineView:
    with app.unit_of_work() as ctx:
        return operations.terminate_service(ctx, NUMBER, TerminateService(start_after=at)).lines[0]


def its_day_comes(app: App, *waiting: OrderLineView) -> None:
    """Let the jobs of these lines be due, and work."""
    with app.unit_of_work() as ctx:
        due = select(Job).where(col(Job.number).in_([line.job_number for line in waiting]))
        for job in ctx.session.scalars(due):
            job.run_at = app.clock()
    work_until_idle(app)


def now(app: App, line: OrderLineView) -> OrderLineView:
    with app.reading() as ctx:
        return queries.line_by_number(ctx, line.number)


def service(app: App) -> Any:
    with app.reading() as ctx:
        return queries.service(ctx, NUMBER)


@pytest.mark.both_databases
def test_a_suspension_for_debt_gets_through_while_other_things_wait_for_their_date(active: App) -> None:
    waiting = [
        terminate(active, later(active, 30)),
        change(active, later(active), screen_name="Bia"),
        suspend(active, REQUEST, later(active)),
    ]
    debt = suspend(active, DEBT)
    work_until_idle(active)
    assert now(active, debt).state is LineState.COMPLETED
    assert service(active).suspensions == (DEBT,)
    assert {now(active, line).state for line in waiting} == {LineState.QUEUED}


def test_a_dated_suspension_tells_the_network_if_that_is_needed_on_its_day(
    active: App, network: SimpleNamespace
) -> None:
    suspend(active, DEBT)
    work_until_idle(active)
    # Planned without the network, because it is suspended already; on its day that is over.
    waiting = suspend(active, REQUEST, later(active))
    with active.unit_of_work() as ctx:
        operations.resume_service(ctx, NUMBER, ResumeService(reason=DEBT))
    work_until_idle(active)
    network.done.clear()
    its_day_comes(active, waiting)
    assert service(active).suspensions == (REQUEST,)
    assert network.done == [waiting.id]
    with active.reading() as ctx:
        steps = select(JobStep.kind).where(JobStep.job_id == waiting.job_id).order_by(col(JobStep.seq))
        assert list(ctx.session.scalars(steps)) == ["catalog.begin", "network.touch", "catalog.suspend"]


def test_a_dated_change_keeps_what_others_have_changed_meanwhile(active: App) -> None:
    waiting = change(active, later(active), screen_name="Bia")
    change(active, room="2")
    work_until_idle(active)
    its_day_comes(active, waiting)
    assert service(active).parameters == {"screen_name": "Bia", "room": "2"}


def test_what_the_service_does_not_allow_on_the_day_fails_in_words_and_touches_nothing(
    active: App, network: SimpleNamespace
) -> None:
    waiting = suspend(active, DEBT, later(active))
    suspend(active, DEBT)
    work_until_idle(active)
    network.done.clear()
    its_day_comes(active, waiting)
    failed = now(active, waiting)
    assert (failed.state, network.done) == (LineState.FAILED, [])
    assert "S000001 is suspended for that reason already" in failed.error
    assert service(active).suspensions == (DEBT,)


@pytest.mark.both_databases
def test_a_line_whose_day_has_come_waits_for_who_is_at_work(active: App) -> None:
    waiting = change(active, later(active), screen_name="Bia")
    # Its job is not due yet, but it is at work: an element of the network may keep it waiting.
    at_work = suspend(active, DEBT)
    with active.unit_of_work() as ctx:
        ctx.session.scalars(select(Job).where(Job.number == at_work.job_number)).one().run_at = later(active)
    its_day_comes(active, waiting)
    assert now(active, waiting).state is LineState.QUEUED
    its_day_comes(active, at_work)
    its_day_comes(active, waiting)
    assert now(active, waiting).state is LineState.COMPLETED
    assert service(active).parameters["screen_name"] == "Bia"


@pytest.mark.both_databases
def test_what_waits_is_cancelled_when_the_service_ends_and_ends_no_other(active: App) -> None:
    waiting = [terminate(active, later(active)), change(active, later(active), screen_name="Bia")]
    with pytest.raises(Refused, match="waits to do the same"):
        terminate(active, later(active, 5))
    terminate(active)
    work_until_idle(active)
    assert service(active).state is ServiceState.TERMINATED
    assert {now(active, line).state for line in waiting} == {LineState.CANCELLED}


@pytest.mark.parametrize("by_its_job", [False, True])
def test_what_is_put_off_to_a_date_lets_others_through(active: App, by_its_job: bool) -> None:
    put_off = suspend(active, REQUEST)
    with active.unit_of_work() as ctx:
        if by_its_job:
            jobs.reschedule(ctx, put_off.job_number, later(active))
        else:
            wish = RescheduleLine(start_after=later(active))
            operations.reschedule_order_line(ctx, put_off.number, wish)
    debt = suspend(active, DEBT)
    work_until_idle(active)
    assert (now(active, debt).state, now(active, put_off).state) == (LineState.COMPLETED, LineState.QUEUED)
    its_day_comes(active, put_off)
    assert set(service(active).suspensions) == {DEBT, REQUEST}
    with active.reading() as ctx:
        assert ctx.session.scalars(select(CatalogService.suspended)).one()
