"""An action on many rows: confirmed with its number, done row by row by a worker, each with its own result."""

import re
from collections.abc import Callable

import pytest
from sqlmodel import col, select

from tests.core.customers.test_customer_pages import add
from trunkline.app import App
from trunkline.customers import operations
from trunkline.customers.models import Customer, CustomerStatus, CustomerTag
from trunkline.customers.schemas import SetStatus
from trunkline.lists.models import ListRun, ListRunRow
from trunkline.testing import Browser, work_until_idle

pytestmark = pytest.mark.plugins()
Staff = Callable[..., Browser]


def _ids(app: App, *numbers: str) -> list[str]:
    with app.reading() as ctx:
        found = dict(ctx.session.execute(select(Customer.number, Customer.id)).all())
    return [str(found[number]) for number in numbers]


def _tagged(app: App, text: str) -> set[str]:
    with app.reading() as ctx:
        statement = (
            select(Customer.number)
            .join(CustomerTag, col(CustomerTag.customer_id) == col(Customer.id))
            .where(col(CustomerTag.text) == text)
        )
        return set(ctx.session.scalars(statement))


def _whole_query(html: str) -> str:
    """The signed query behind "Select all that match"."""
    return _field(html.partition("data-bulk data-none")[2], "query")


def _field(html: str, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', html)
    assert found is not None, name
    return found.group(1)


@pytest.mark.both_databases
def test_all_that_match_are_tagged_and_only_those(app: App, staff: Staff) -> None:
    firms = {add(app, f"Padaria {n}", kind="business", legal_name=f"Padaria {n} Ltda") for n in range(3)}
    add(app, "Ana Souza")
    browser = staff("customer_care")
    query = _whole_query(browser.get("/customers?kind=business").text)
    asked = browser.submit(
        "/lists/customers/do/core.customer_tag", {"all": "1", "query": query}, page="/customers"
    )
    assert "Tag: 3 rows" in asked.text
    begun = browser.submit(
        "/lists/customers/do/core.customer_tag/begin",
        {"picked": _field(asked.text, "picked"), "text": "bakery", "colour": "orange"},
        page="/customers",
    )
    assert "Rows are being done" in begun.text
    work_until_idle(app)
    done = browser.get(str(begun.url)).text
    assert "Done." in done
    assert _tagged(app, "bakery") == firms
    assert "bakery" in browser.get("/customers?cols=name,tags").text


def test_what_cannot_be_done_to_one_row_is_said_and_the_others_are_done(app: App, staff: Staff) -> None:
    first, second = add(app, "Ana Souza"), add(app, "Bruno Lima")
    browser = staff("customer_care")
    with app.unit_of_work() as ctx:
        wanted = SetStatus(status=CustomerStatus.CLOSED, reason="moved away")
        operations.set_status(ctx, second, wanted)
    asked = browser.submit(
        "/lists/customers/do/core.customer_suspend",
        {"ids": _ids(app, first, second)},
        page="/customers",
    )
    begun = browser.submit(
        "/lists/customers/do/core.customer_suspend/begin",
        {"picked": _field(asked.text, "picked"), "reason": "unpaid"},
        page="/customers",
    )
    work_until_idle(app)
    shown = browser.get(str(begun.url)).text
    with app.reading() as ctx:
        run = ctx.session.scalars(select(ListRun)).one()
        states = dict(ctx.session.execute(select(Customer.number, Customer.status)).all())
        rows = ctx.session.scalars(select(ListRunRow).order_by(col(ListRunRow.id))).all()
    outcomes = {row.label: (row.outcome, row.message) for row in rows}
    assert states == {first: "suspended", second: "closed"}
    assert (run.done, run.failed) == (1, 1)
    outcome, reason = outcomes[f"Bruno Lima ({second})"]
    assert outcome == "failed"
    assert reason.split(".")[0] in shown


def test_a_list_that_has_changed_since_is_confirmed_anew(app: App, staff: Staff) -> None:
    add(app, "Ana Souza")
    browser = staff("customer_care")
    query = _whole_query(browser.get("/customers?kind=individual").text)
    asked = browser.submit(
        "/lists/customers/do/core.customer_tag", {"all": "1", "query": query}, page="/customers"
    )
    add(app, "Bruno Lima")
    answer = browser.submit(
        "/lists/customers/do/core.customer_tag/begin",
        {"picked": _field(asked.text, "picked"), "text": "late", "colour": "blue"},
        page="/customers",
    )
    assert answer.status_code == 409
    assert "2 rows are selected now, not 1" in answer.text
    assert _tagged(app, "late") == set()
    again = browser.submit(
        "/lists/customers/do/core.customer_tag/begin",
        {"picked": _field(answer.text, "picked"), "text": "late", "colour": "blue"},
        page="/customers",
    )
    assert again.status_code == 200


def test_nobody_acts_on_rows_without_the_permission_or_with_an_altered_query(app: App, staff: Staff) -> None:
    number = add(app, "Ana Souza")
    reader = staff("care_reader")
    assert "data-bulk" not in reader.get("/customers").text
    answer = reader.submit(
        "/lists/customers/do/core.customer_tag", {"ids": _ids(app, number)}, page="/customers"
    )
    assert answer.status_code == 403
    care = staff("customer_care")
    forged = care.submit(
        "/lists/customers/do/core.customer_tag", {"all": "1", "query": "eyJ9.00"}, page="/customers"
    )
    assert forged.status_code == 422
    assert "out of date" in forged.text


def test_a_dealer_acts_on_their_own_customers_whatever_keys_they_send(app: App, staff: Staff) -> None:
    others = add(app, "Ana Souza")
    dealer = staff("dealer")
    answer = dealer.submit(
        "/lists/customers/do/core.customer_tag", {"ids": _ids(app, others)}, page="/customers"
    )
    assert answer.status_code in (403, 422)
    assert _tagged(app, "x") == set()


def test_stopping_leaves_the_rest_as_it_is(app: App, staff: Staff) -> None:
    numbers = [add(app, f"Customer {n}") for n in range(3)]
    browser = staff("customer_care")
    asked = browser.submit(
        "/lists/customers/do/core.customer_tag", {"ids": _ids(app, *numbers)}, page="/customers"
    )
    begun = browser.submit(
        "/lists/customers/do/core.customer_tag/begin",
        {"picked": _field(asked.text, "picked"), "text": "never", "colour": "blue"},
        page="/customers",
    )
    stopped = browser.submit(f"{begun.url.path}/stop", page=str(begun.url.path))
    assert stopped.status_code == 200
    work_until_idle(app)
    assert "Its job was cancelled" in browser.get(str(begun.url)).text
    assert _tagged(app, "never") == set()
