"""Selling in the browser."""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from types import SimpleNamespace

import pytest
from sqlmodel import col, delete, select

from trunkline.app import App
from trunkline.auth.models import User
from trunkline.customers.models import Customer
from trunkline.jobs import operations as jobs
from trunkline.jobs.models import Job, JobEvent, JobStep
from trunkline.testing import Browser, work_until_idle
from trunkline_catalog import operations, queries
from trunkline_catalog.lists import ROW_ACTIONS
from trunkline_catalog.models import CatalogOrder
from trunkline_catalog.schemas import (
    OrderView,
    PlaceOrder,
    RescheduleLine,
    ServiceState,
    SuspendService,
    SuspensionReason,
)
from trunkline_inventory import queries as inventory

pytestmark = pytest.mark.plugins("inventory", "catalog")

Staff = Callable[..., Browser]
Order = Callable[..., OrderView]
CHOSEN = "customer=C000001&product=mobile_10"
FOR = "customer=C000001"
LATER = datetime(2099, 1, 5, 12, tzinfo=UTC)
ONE = {"lines.0.product": "mobile_10"}
TWO = {**ONE, "lines.1.product": "mobile_10"}


def hidden(page: str) -> dict[str, str]:
    """The hidden fields of the form that places the order."""
    form = page.partition('action="/catalog/orders?')[2].partition("</form>")[0]
    return dict(re.findall(r'name="([^"]+)" value="([^"]*)"', form))


def test_an_order_is_taken_step_by_step(shop: App, staff: Staff) -> None:
    client = staff("customer_care")
    # Customers are found by the search index, which a worker fills a moment after they are registered.
    work_until_idle(shop)
    assert "/catalog/orders/new?customer=C000001" in client.get("/catalog/orders/new?q=Prates").text
    assert "product=mobile_10" in client.get("/catalog/orders/new?customer=C000001").text
    details = f"/catalog/orders/new?{CHOSEN}"
    assert "lines.0.pick_sim" in client.get(details).text
    reviewed = client.submit(
        f"/catalog/orders/review?{FOR}",
        {**ONE, "lines.0.pick_sim": "", "lines.0.pick_number": "+5551991234503", "note": "by phone"},
        page=details,
    )
    assert "49.90" in reviewed.text
    assert "+55 51 99123-4503" in reviewed.text
    # The plan as it will be, of an order of which nothing is kept yet.
    assert "S000001 becomes active" in reviewed.text
    with shop.reading() as ctx:
        assert ctx.session.scalars(select(Job)).all() == []
    placed = client.post(f"/catalog/orders?{FOR}", data=hidden(reviewed.text))
    assert placed.url.path == "/catalog/orders/O000001"
    again = client.post(f"/catalog/orders?{FOR}", data=hidden(reviewed.text))
    assert again.url.path == "/catalog/orders/O000001"
    work_until_idle(shop)
    with shop.reading() as ctx:
        service = queries.service(ctx, "S000001")
    assert service.state is ServiceState.ACTIVE
    assert service.identifiers["msisdn"] == "+5551991234503"


def test_the_review_goes_back_with_everything_kept(shop: App, staff: Staff) -> None:
    client = staff()
    back = client.submit(
        f"/catalog/orders/details?{FOR}",
        {**ONE, "lines.0.pick_number": "+5551991234503", "note": "by phone"},
        page=f"/catalog/orders/new?{CHOSEN}",
    )
    assert "+5551991234503" in back.text
    assert "by phone" in back.text


def test_an_order_left_half_filled_is_offered_at_each_step_until_it_is_placed(
    shop: App, staff: Staff
) -> None:
    client, details = staff(), f"/catalog/orders/new?{CHOSEN}"
    assert 'data-draft="order"' in client.get(details).text
    typed = {**ONE, "lines.0.pick_number": "+5551991234503", "note": "by phone"}
    kept = {"draft_form": "order", "draft_resume": f"/catalog/orders/details?{FOR}", **typed}
    assert client.submit("/drafts", kept, page=details).status_code == 204
    for step in ("/catalog/orders/new", f"/catalog/orders/new?{FOR}"):
        assert f'action="/catalog/orders/details?{FOR}"' in client.get(step).text
    reviewed = client.submit(f"/catalog/orders/review?{FOR}", typed, page=details)
    client.post(f"/catalog/orders?{FOR}", data=hidden(reviewed.text))
    assert "You began this before" not in client.get("/catalog/orders/new").text


def test_an_item_that_is_not_free_is_refused_beside_its_field(shop: App, staff: Staff, order: Order) -> None:
    order(picks={"number": "I000006"})
    answer = staff().submit(
        f"/catalog/orders/review?{FOR}",
        {**ONE, "lines.0.pick_number": "+5551991234501"},
        page=f"/catalog/orders/new?{CHOSEN}",
    )
    assert answer.status_code == 422
    assert "is not free" in answer.text


def test_a_second_line_is_added_and_filled_in_without_losing_the_first(shop: App, staff: Staff) -> None:
    client, details = staff("customer_care"), f"/catalog/orders/new?{CHOSEN}"
    typed = {**ONE, "lines.0.pick_number": "+5551991234503", "note": "by phone"}
    more = client.submit(
        f"/catalog/orders/details?{FOR}", {**typed, "add_product": "mobile_10", "add": "1"}, page=details
    )
    assert "+5551991234503" in more.text
    assert "by phone" in more.text
    assert 'name="lines.1.product" value="mobile_10"' in more.text
    assert "99.80" in more.text
    assert "20.00" in more.text
    both = {**TWO, **typed, "lines.1.pick_number": "+5551991234505"}
    reviewed = client.submit(f"/catalog/orders/review?{FOR}", both, page=details)
    assert "99.80" in reviewed.text
    placed = client.post(f"/catalog/orders?{FOR}", data=hidden(reviewed.text))
    assert placed.url.path == "/catalog/orders/O000001"
    assert "99.80" in placed.text
    work_until_idle(shop)
    with shop.reading() as ctx:
        services = [queries.service(ctx, number) for number in ("S000001", "S000002")]
        lines = queries.order(ctx, "O000001").lines
    assert [one.identifiers["msisdn"] for one in services] == ["+5551991234503", "+5551991234505"]
    for page in ("/customers/C000001/services", "/catalog/orders/O000001", f"/jobs/{lines[0].job_number}"):
        shown = client.get(page).text
        assert [number for number in ("S000001", "S000002") if number not in shown] == [], page


def test_a_line_is_taken_out_again_and_the_rest_moves_up(shop: App, staff: Staff) -> None:
    answer = staff().submit(
        f"/catalog/orders/details?{FOR}",
        {**TWO, "lines.1.pick_number": "+5551991234502", "remove": "0"},
        page=f"/catalog/orders/new?{CHOSEN}",
    )
    assert 'name="lines.0.pick_number" value="+5551991234502"' in answer.text
    assert "lines.1." not in answer.text


def test_htmx_gets_the_form_alone(shop: App, staff: Staff) -> None:
    answer = staff().submit(
        f"/catalog/orders/details?{FOR}",
        {**ONE, "add_product": "mobile_10", "add": "1"},
        page=f"/catalog/orders/new?{CHOSEN}",
        headers={"HX-Request": "true"},
    )
    assert answer.text.strip().startswith('<div class="stack" id="order-entry"')
    assert 'id="line-2"' in answer.text


def test_errors_stand_beside_the_field_of_their_line(shop: App, staff: Staff, order: Order) -> None:
    order(picks={"number": "I000006"})
    answer = staff().submit(
        f"/catalog/orders/review?{FOR}",
        {**TWO, "lines.1.pick_number": "+5551991234501"},
        page=f"/catalog/orders/new?{CHOSEN}",
    )
    assert answer.status_code == 422
    assert "Line 2: " in answer.text
    assert "f-lines-1-pick_number-error" in answer.text
    assert "f-lines-0-pick_number-error" not in answer.text


def test_one_item_is_not_chosen_on_two_lines(shop: App, staff: Staff) -> None:
    same = {"lines.0.pick_number": "+5551991234501", "lines.1.pick_number": "+5551991234501"}
    answer = staff().submit(
        f"/catalog/orders/review?{FOR}", {**TWO, **same}, page=f"/catalog/orders/new?{CHOSEN}"
    )
    assert answer.status_code == 422
    assert "is chosen on another line" in answer.text


def test_what_runs_out_while_the_order_is_placed_is_said_on_its_line_and_nothing_is_ordered(
    shop: App, staff: Staff, order: Order
) -> None:
    for _each in range(4):
        order()
    client = staff()
    answer = client.submit(f"/catalog/orders?{FOR}", TWO, page=f"/catalog/orders/new?{CHOSEN}")
    assert answer.status_code == 422
    assert "f-lines-1-pick_" in answer.text
    assert client.get("/catalog/orders/O000005").status_code == 404


def test_free_items_are_suggested_while_typing(shop: App, staff: Staff, order: Order) -> None:
    order()
    options = staff().get("/catalog/orders/items/number?lines.0.pick_number=99123").text
    assert "+5551991234502" in options
    assert "+5551991234501" not in options


def test_a_failed_line_shows_why_and_is_tried_again(
    shop: App, staff: Staff, order: Order, network: SimpleNamespace
) -> None:
    network.fails = True
    order()
    work_until_idle(shop)
    client = staff("customer_care")
    assert "The HLR does not answer." in client.get("/catalog/orders/O000001").text
    network.fails = False
    client.submit("/catalog/orders/O000001/lines/1/retry", page="/catalog/orders/O000001")
    work_until_idle(shop)
    with shop.reading() as ctx:
        assert queries.service(ctx, "S000001").state is ServiceState.ACTIVE


def test_who_sold_a_failed_order_has_it_on_the_start_page(
    shop: App, staff: Staff, order: Order, network: SimpleNamespace
) -> None:
    network.fails = True
    order()
    work_until_idle(shop)
    dealer = staff("dealer")
    assert "Nothing waits for you" in dealer.get("/").text
    with shop.unit_of_work() as ctx:
        user = ctx.session.scalars(select(User).where(col(User.email).startswith("dealer-"))).one()
        for customer in ctx.session.scalars(select(Customer)):
            customer.registered_by_id = user.key
    assert "Nothing waits for you" not in dealer.get("/").text


def test_a_line_that_could_not_be_undone_leads_to_its_job_and_offers_nothing_that_would_be_refused(
    shop: App, staff: Staff, order: Order, network: SimpleNamespace
) -> None:
    network.fails = network.sticks = True
    order()
    work_until_idle(shop)
    page = staff("administrator").get("/catalog/orders/O000001").text
    assert 'href="/jobs/J000001"' in page
    assert "lines/1/cancel" not in page


def test_the_order_page_stops_asking_when_the_order_is_over(shop: App, staff: Staff, order: Order) -> None:
    order()
    client = staff()
    assert client.get("/catalog/orders/O000001/status").status_code == 200
    work_until_idle(shop)
    assert client.get("/catalog/orders/O000001/status").status_code == 286


def test_an_order_whose_job_is_not_kept_any_more_leads_nowhere(shop: App, staff: Staff, order: Order) -> None:
    order()
    work_until_idle(shop)
    with shop.unit_of_work() as ctx:
        [job] = ctx.session.scalars(select(Job).where(Job.number == "J000001"))
        job.has_log = False
        ctx.session.execute(delete(JobEvent).where(col(JobEvent.job_id) == job.key))
    client = staff("administrator")
    assert "The log of this job is not kept any more." in client.get("/jobs/J000001").text
    with shop.unit_of_work() as ctx:
        ctx.session.execute(delete(JobStep))
        ctx.session.execute(delete(Job).where(col(Job.number) == "J000001"))
    for path in ("/catalog/orders/O000001", "/catalog/services/S000001"):
        page = client.get(path).text
        assert "J000001" in page
        assert "/jobs/J000001" not in page


def test_a_service_is_suspended_and_resumed_by_forms(shop: App, staff: Staff, order: Order) -> None:
    order()
    work_until_idle(shop)
    client, page = staff("customer_care"), "/catalog/services/S000001"
    client.submit(f"{page}/suspend", {"reason": "debt", "note": ""}, page=page)
    work_until_idle(shop)
    resume = client.get(page).text.partition('id="resume-form"')[2].partition("</form>")[0]
    assert '<option value="debt" selected' in resume, "there is nothing else to lift"
    assert "Suspended" in client.get(page).text
    client.submit(f"{page}/resume", {"reason": "debt", "note": ""}, page=page)
    work_until_idle(shop)
    with shop.reading() as ctx:
        assert queries.service(ctx, "S000001").suspensions == ()


@pytest.mark.both_databases
def test_a_suspended_service_says_since_when_why_by_whom_and_what_it_costs(
    shop: App, staff: Staff, order: Order
) -> None:
    order()
    work_until_idle(shop)
    client, page = staff("customer_care"), "/catalog/services/S000001"
    client.submit(f"{page}/suspend", {"reason": "request", "note": "On holiday"}, page=page)
    work_until_idle(shop)
    shown = client.get(page).text
    with shop.reading() as ctx:
        (suspension,) = queries.suspensions_of(ctx, 1)
        placed_by = queries.order(ctx, "O000002").placed_by
    assert (suspension.by, suspension.order_number) == (placed_by, "O000002")
    for words in ("Suspended since", "Customer’s request", placed_by, "On holiday", "nothing", "/resume"):
        assert words in shown, words


def test_what_a_suspended_service_costs_is_said_on_its_product(shop: App, staff: Staff) -> None:
    client, page = staff("product_manager"), "/catalog/products/mobile_10"
    assert "Nothing" in client.get(page).text
    facts = {"name": "Mobile 10 GB", "needs": ["sim", "number"], "version": "1"}
    client.submit(
        f"{page}/edit",
        {**facts, "suspended_percent": "25", "suspension_reasons": ["lost"]},
        page=f"{page}/edit",
    )
    assert "25 % of the price" in client.get(page).text
    with shop.reading() as ctx:
        terms = queries.product(ctx, "mobile_10").suspension
    assert (terms.charged_percent, terms.reasons) == (25, (SuspensionReason.LOST,))


def test_a_cashier_sees_a_service_and_may_not_suspend_it(shop: App, staff: Staff, order: Order) -> None:
    order()
    work_until_idle(shop)
    client, page = staff("cashier"), "/catalog/services/S000001"
    assert client.get(page).status_code == 200
    assert client.submit(f"{page}/suspend", {"reason": "debt"}, page=page).status_code == 403


def test_a_product_is_made_priced_and_retired_by_forms(shop: App, staff: Staff) -> None:
    client = staff("product_manager")
    made = client.submit(
        "/catalog/products/new",
        {
            "code": "mobile_20",
            "name": "Mobile 20 GB",
            "service_kind": "mobile",
            "needs": ["sim", "number"],
            "gigabytes": "20",
            "minutes": "100",
            "messages": "0",
            "monthly_price": "69.90",
            "setup_price": "0",
            "currency": "BRL",
        },
    )
    assert made.url.path == "/catalog/products/mobile_20", made.text
    client.submit(
        "/catalog/products/mobile_20/prices/new",
        {"monthly_price": "79.90", "setup_price": "0", "effective_from": "2099-01-01"},
    )
    client.submit(
        "/catalog/products/mobile_20/parameters/new",
        {"name": "apn", "label": "APN", "kind": "text", "value": "internet"},
    )
    with shop.reading() as ctx:
        product = queries.product(ctx, "mobile_20")
        assert [one.quantity for one in product.allowances] == [20 * 10**9, 6000]
        assert product.monthly_price_micros == 69_900_000
        assert [one.monthly_micros for one in queries.prices(ctx, product.id)] == [79_900_000, 69_900_000]
        assert product.parameters[0].value == "internet"
    client.submit("/catalog/products/mobile_20/retire", page="/catalog/products/mobile_20")
    assert "Mobile 20 GB" not in client.get("/catalog/orders/new?customer=C000001").text


def test_the_customer_page_shows_services_and_offers_an_order(shop: App, staff: Staff, order: Order) -> None:
    order()
    work_until_idle(shop)
    page = staff().get("/customers/C000001").text
    assert "Mobile 10 GB" in page
    assert "/catalog/orders/new?customer=C000001" in page


def test_a_service_is_found_by_the_last_digits_of_its_number(shop: App, staff: Staff, order: Order) -> None:
    from trunkline.search.indexing import index_due

    order()
    work_until_idle(shop)
    index_due(shop)
    assert "/catalog/services/S000001" in staff().get("/search?q=34501").text


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/catalog/products",
        "/catalog/products/new",
        "/catalog/products/mobile_10",
        "/catalog/products/mobile_10/edit",
        "/catalog/products/mobile_10/prices/new",
        "/catalog/products/mobile_10/parameters/new",
        "/catalog/orders",
        "/catalog/orders/new",
        "/catalog/orders/O000001",
        "/catalog/services",
        "/catalog/services?view=suspended",
        "/catalog/services?q=5551991234501",
        "/catalog/services/S000001",
        "/customers/C000001",
        "/customers/C000001/services",
        "/customers/C000001/devices",
    ],
)
def test_every_page_opens(shop: App, staff: Staff, order: Order, path: str) -> None:
    order()
    work_until_idle(shop)
    with shop.unit_of_work() as ctx:
        operations.suspend_service(ctx, "S000001", SuspendService(reason=SuspensionReason.DEBT))
    work_until_idle(shop)
    answer = staff().get(path)
    assert answer.status_code == 200
    assert "Mobile" in answer.text or "SIM" in answer.text or path in ("/", "/catalog/orders/new")


def test_what_a_plugin_refuses_is_said_before_the_order_is_placed(
    shop: App, staff: Staff, network: SimpleNamespace
) -> None:
    del shop.step_kinds["network.touch"]
    client = staff()
    reviewed = client.submit(
        f"/catalog/orders/review?{FOR}", {**ONE, "lines.0.pick_sim": ""}, page=f"/catalog/orders/new?{CHOSEN}"
    )
    assert reviewed.status_code == 422
    assert "No enabled plugin offers the step kind" in reviewed.text


def test_an_order_for_a_date_holds_its_items_and_waits(shop: App, staff: Staff) -> None:
    client = staff()
    reviewed = client.submit(
        f"/catalog/orders/review?{FOR}",
        {**ONE, "start_after": "2099-01-05T08:00"},
        page=f"/catalog/orders/new?{CHOSEN}",
    )
    client.post(f"/catalog/orders?{FOR}", data=hidden(reviewed.text))
    work_until_idle(shop)
    with shop.reading() as ctx:
        assert ctx.session.scalars(select(Job)).one().run_at.year == 2099
        assert queries.service(ctx, "S000001").state is ServiceState.DRAFT


def test_an_order_that_waits_gets_another_date_from_its_page_and_its_job_from_the_jobs(
    shop: App, staff: Staff, order: Order
) -> None:
    def run_at() -> datetime:
        with shop.reading() as ctx:
            return ctx.session.scalars(select(Job)).one().run_at

    with shop.unit_of_work() as ctx:
        wish = {"customer_number": "C000001", "start_after": LATER, "lines": [{"product_code": "mobile_10"}]}
        operations.place_order(ctx, PlaceOrder.model_validate(wish))
    care, page = staff("customer_care"), "/catalog/orders/O000001"
    shown = care.get(page).text
    ask = f"{page}/lines/1/reschedule"
    assert f'href="{ask}"' in shown
    assert "5 Jan 2099" in shown
    assert 'value="2099-01-05T' in care.get(ask).text
    care.submit(ask, {"start_after": "2098-02-03T10:00"}, page=ask)
    assert run_at().year == 2098
    # Whoever looks after jobs gives it a priority as well; care has no say there.
    job = "/jobs/J000001/reschedule"
    assert care.get(job).status_code == 403
    duty = staff("provisioning_engineer")
    assert f'href="{job}"' in duty.get("/jobs/J000001").text
    duty.submit(job, {"start_after": "2097-02-03T10:00", "priority": "2"}, page=job)
    assert run_at().year == 2097
    with shop.unit_of_work() as ctx:
        (one,) = [action for action in ROW_ACTIONS if action.name == "catalog.order_reschedule"]
        one.do(ctx, ctx.session.scalars(select(CatalogOrder.id)).one(), RescheduleLine())
    work_until_idle(shop)
    with shop.reading() as ctx:
        assert queries.order(ctx, "O000001").lines[0].state == "completed"
    refused = care.submit(ask, {"start_after": "2098-02-03T10:00"}, page=ask)
    assert "only one that waits gets another date" in refused.text


def test_a_product_that_holds_leaves_a_failed_order_as_it_stands_for_a_person(
    shop: App, staff: Staff, order: Order, network: SimpleNamespace
) -> None:
    manager, page = staff("product_manager"), "/catalog/products/mobile_10"
    facts = {"name": "Mobile 10 GB", "needs": ["sim", "number"], "suspension_reasons": ["request"]}
    manager.submit(f"{page}/edit", {**facts, "version": "1", "on_failure": "hold"}, page=f"{page}/edit")
    assert "Undo nothing and wait for a person" in manager.get(page).text
    care = staff("customer_care")
    review = care.submit(f"/catalog/orders/review?{FOR}", ONE, page=f"/catalog/orders/new?{CHOSEN}")
    assert "A step that fails stops the job." in review.text
    placed, network.fails = order(), True
    # What the product says later is for later orders.
    manager.submit(f"{page}/edit", {**facts, "version": "2", "on_failure": "undo"}, page=f"{page}/edit")
    work_until_idle(shop)
    assert "nothing was undone" in care.get(f"/catalog/orders/{placed.number}").text
    with shop.reading() as ctx:
        line = queries.order(ctx, placed.number).lines[0]
        assert (line.state, line.error) == ("in_progress", "Touch the network: The HLR does not answer.")
        assert inventory.counts(ctx)["sim"] == {"held": 1, "available": 4}
    network.fails = False
    with shop.unit_of_work() as ctx:
        jobs.retry(ctx, line.job_number, "The HLR answers again.")
    work_until_idle(shop)
    with shop.reading() as ctx:
        assert queries.order(ctx, placed.number).lines[0].state == "completed"
    network.fails = True
    undone = order()
    work_until_idle(shop)
    with shop.reading() as ctx:
        assert queries.order(ctx, undone.number).lines[0].state == "failed"
        assert inventory.counts(ctx)["sim"] == {"assigned": 1, "available": 4}
