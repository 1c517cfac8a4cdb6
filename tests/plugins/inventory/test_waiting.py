"""What of the stock waits for its keepers is on their start page."""

import re
from collections.abc import Callable, Sequence

import pytest

from trunkline.app import App
from trunkline.testing import PASSWORD, Browser, create_user
from trunkline_inventory import operations, queries
from trunkline_inventory.schemas import ChangeState

pytestmark = [pytest.mark.plugins("inventory"), pytest.mark.both_databases]

Staff = Callable[..., Browser]
MakeClient = Callable[[], Browser]
Stocked = Callable[[int], Sequence[str]]


def test_a_kind_of_which_fewer_are_left_than_wanted_waits_for_the_warehouse(
    staff: Staff, stocked: Stocked
) -> None:
    stocked(3)
    warehouse = staff("warehouse")
    assert "Nothing waits for you" in warehouse.get("/").text
    edit = "/inventory/templates/sim/edit"
    assert "10,000 or less" in warehouse.submit(edit, {"label": "SIM card", "minimum": "1000000"}).text
    for fewest, waits in (("3", False), ("4", True)):
        warehouse.submit(edit, {"label": "SIM card", "minimum": fewest})
        assert ("Kinds of items that run low" in warehouse.get("/").text) is waits
    assert "Kinds of items that run low" not in staff("customer_care").get("/").text


def test_the_start_page_leads_to_the_kinds_that_run_low_and_no_others(staff: Staff, stocked: Stocked) -> None:
    stocked(3)
    warehouse = staff("warehouse")
    router = {"name": "router", "label": "Router", "identifier": "serial", "identifier_label": "Serial"}
    assert "Router was added." in warehouse.submit("/inventory/templates/new", router).text
    for kind, label, fewest in (("sim", "SIM card", "4"), ("number", "Telephone number", "1")):
        warehouse.submit(f"/inventory/templates/{kind}/edit", {"label": label, "minimum": fewest})

    def shown(query: str) -> list[str]:
        rows = warehouse.get(f"/inventory/templates?{query}").text.partition("<tbody>")[2]
        return re.findall(r">(Router|SIM card|Telephone number)<", rows)

    assert 'href="/inventory/templates?view=low"' in warehouse.get("/").text
    assert shown("view=low") == ["SIM card", "Telephone number"]
    assert shown("") == ["Router", "SIM card", "Telephone number"]


def test_adding_a_field_keeps_how_few_are_too_few(app: App, staff: Staff) -> None:
    warehouse = staff("warehouse")
    warehouse.submit("/inventory/templates/sim/edit", {"label": "SIM card", "minimum": "50"})
    warehouse.submit(
        "/inventory/templates/sim/fields/new", {"name": "colour", "label": "Colour", "kind": "text"}
    )
    with app.reading() as ctx:
        template = queries.template(ctx, "sim")
        assert (template.minimum, template.fields[-1].name) == (50, "colour")


def test_quarantine_and_what_is_broken_wait_for_the_warehouse(
    app: App, staff: Staff, stocked: Stocked
) -> None:
    iccids = stocked(3)
    with app.unit_of_work() as ctx:
        first, second, _third = (item.id for item in queries.available(ctx, "sim"))
        operations.change_state(ctx, [first], ChangeState(state="faulty"))
        operations.change_state(ctx, [second], ChangeState(state="quarantine"))
    page = staff("warehouse").get("/").text
    assert "Faulty items to repair or retire" in page
    assert "Items in quarantine" in page
    assert iccids[0] in page, "among the last movements"


def test_a_program_changes_how_few_are_too_few_and_nothing_else(app: App, make_client: MakeClient) -> None:
    create_user(app, "program@example.com", "administrator")
    api = make_client()
    signed_in = api.post("/api/v1/auth/login", json={"email": "program@example.com", "password": PASSWORD})
    api.headers["Authorization"] = f"Bearer {signed_in.json()['access_token']}"
    sim, stocks = "/api/v1/inventory/templates/sim", "/api/v1/inventory/stocks"
    before = api.get(sim).json()
    version = {"If-Match": f'"{before["version"]}"'}
    after = api.patch(sim, json={"minimum": 50}, headers=version).json()
    assert after | {"version": before["version"], "minimum": 0} == before
    assert after["minimum"] == 50
    assert api.patch(sim, json={"minimum": 60}, headers=version).status_code == 409
    van = f"{stocks}/{api.post(stocks, json={'name': 'Van'}).json()['id']}"
    assert api.patch(van, json={"name": "Van 2"}, headers={"If-Match": "*"}).json()["name"] == "Van 2"
    assert api.post(f"{van}/close").json()["archived"] is True
