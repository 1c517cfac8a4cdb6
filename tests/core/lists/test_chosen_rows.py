"""Files of ticked rows, what became of the rows of a run, and customers whose status many change at once."""

import html
import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from sqlmodel import select

from tests.core.customers.test_customer_pages import add
from tests.core.lists.test_row_actions import _field, _ids, _whole_query
from trunkline.app import App
from trunkline.customers import operations
from trunkline.customers.models import Customer, CustomerStatus
from trunkline.customers.schemas import SetStatus
from trunkline.jobs.models import Job
from trunkline.jobs.steps import StepContext
from trunkline.lists import runs
from trunkline.operation import Context
from trunkline.testing import Browser, work_until_idle

pytestmark = pytest.mark.plugins()
Staff = Callable[..., Browser]


def _begin(browser: Browser, action: str, ids: list[str], **values: object) -> str:
    """The address of the run of an action on these customers, confirmed."""
    asked = browser.submit(f"/lists/customers/do/{action}", {"ids": ids}, page="/customers")
    begun = browser.submit(
        f"/lists/customers/do/{action}/begin",
        {"picked": _field(asked.text, "picked"), **values},
        page="/customers",
    )
    return str(begun.url.path)


def _states(app: App) -> dict[str, str]:
    with app.reading() as ctx:
        return dict(ctx.session.execute(select(Customer.number, Customer.status)).all())


def test_ticked_rows_are_exported_with_the_columns_of_the_list(app: App, staff: Staff) -> None:
    first, second = add(app, "Ana Souza"), add(app, "Bruno Lima")
    add(app, "Carla Dias")
    browser = staff("supervisor")
    query = _whole_query(browser.get("/customers?cols=number,name").text)
    asked = browser.submit(
        "/lists/customers/chosen", {"ids": _ids(app, first, second), "query": query}, page="/customers"
    )
    assert "Export 2 rows" in asked.text
    link = re.search(r'href="(/lists/customers/chosen/file[^"]*format=csv)"', asked.text)
    assert link is not None
    answer = browser.get(html.unescape(link.group(1)))
    assert answer.headers["content-type"].startswith("text/csv")
    assert all(name in answer.text for name in ("Ana Souza", "Bruno Lima"))
    assert "Carla Dias" not in answer.text


def test_a_file_of_ticked_rows_needs_the_right_to_take_files(app: App, staff: Staff) -> None:
    number = add(app, "Ana Souza")
    care = staff("customer_care")
    answer = care.submit("/lists/customers/chosen", {"ids": _ids(app, number)}, page="/customers")
    assert answer.status_code == 403
    assert 'formaction="/lists/customers/chosen"' not in care.get("/customers").text


def test_what_failed_can_be_taken_away_and_tried_again(app: App, staff: Staff) -> None:
    active, closed = add(app, "Ana Souza"), add(app, "=Bruno Lima")
    with app.unit_of_work() as ctx:
        operations.set_status(ctx, closed, SetStatus(status=CustomerStatus.CLOSED, reason="moved away"))
    browser = staff("supervisor")
    run = _begin(browser, "core.customer_suspend", _ids(app, active, closed), reason="unpaid")
    work_until_idle(app)
    shown = browser.get(run).text
    assert "Try these again" in shown
    file = browser.get(f"{run}/rows?outcome=failed")
    assert file.headers["content-type"].startswith("text/csv")
    assert f"'=Bruno Lima ({closed})" in file.text
    assert "cannot become" in file.text
    assert "Ana Souza" not in file.text
    again = browser.submit(
        "/lists/customers/do/core.customer_suspend", {"failed_of": run.rpartition("/")[2]}, page="/customers"
    )
    assert "Suspend: one row" in again.text
    assert "the other rows were done" in shown
    run = _begin(browser, "core.customer_suspend", _ids(app, closed), reason="unpaid")
    work_until_idle(app)
    none = browser.get(run).text
    assert "No row was done." in none
    assert "the other rows were done" not in none
    assert "Succeeded" not in none


def test_rows_of_a_run_are_nobody_elses(app: App, staff: Staff) -> None:
    run = _begin(staff("supervisor"), "core.customer_activate", _ids(app, add(app, "Ana Souza")))
    assert staff("accountant").get(f"{run}/rows").status_code == 404


def test_many_are_activated_closed_and_archived(app: App, staff: Staff) -> None:
    numbers = [add(app, "Ana Souza"), add(app, "Bruno Lima")]
    browser = staff("supervisor")
    for action, said, status in (
        ("core.customer_suspend", {"reason": "unpaid"}, "suspended"),
        ("core.customer_activate", {}, "active"),
        ("core.customer_close", {"reason": "gone"}, "closed"),
        ("core.customer_archive", {}, "archived"),
    ):
        _begin(browser, action, _ids(app, *numbers), **said)
        work_until_idle(app)
        assert set(_states(app).values()) == {status}, action


def test_only_who_may_archive_one_may_archive_many(app: App, staff: Staff) -> None:
    number = add(app, "Ana Souza")
    answer = staff("customer_care").submit(
        "/lists/customers/do/core.customer_archive", {"ids": _ids(app, number)}, page="/customers"
    )
    assert answer.status_code == 403
    assert _states(app) == {number: "active"}


def test_what_was_stopped_says_so_and_the_rest_can_be_gone_on_with(
    app: App, staff: Staff, monkeypatch: pytest.MonkeyPatch
) -> None:
    numbers = [add(app, name) for name in ("Ana Souza", "Bruno Lima", "Carla Dias")]
    browser = staff("supervisor")
    action = app.row_actions["core.customer_close"]

    def stopped_at_the_first(ctx: Context, key: int, command: Any) -> None:
        action.do(ctx, key, command)
        runs.stop(ctx, run.rpartition("/")[2])

    def is_to_stop(step: StepContext) -> bool:
        """What a worker hears of once in a while, at once."""
        with step.app.reading() as ctx:
            return ctx.load_by(Job, Job.number, step.job_number).cancel_requested

    app.row_actions[action.name] = replace(action, do=stopped_at_the_first)
    monkeypatch.setattr(StepContext, "cancelled", is_to_stop)
    run = _begin(browser, action.name, _ids(app, *numbers), reason="gone")
    work_until_idle(app)
    shown = browser.get(run).text
    assert "It stopped." in shown
    assert "2 rows were left as they are." in shown
    assert "Try these again" in shown
    assert "Succeeded" not in shown
    assert sorted(_states(app).values()) == ["active", "active", "closed"]
    again = browser.submit(
        f"/lists/customers/do/{action.name}", {"failed_of": run.rpartition("/")[2]}, page="/customers"
    )
    assert "Close: 2 rows" in again.text
