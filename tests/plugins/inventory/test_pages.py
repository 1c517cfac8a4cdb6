"""The stock in the browser and over REST."""

import re
from collections.abc import Callable, Sequence

import pytest

from tests.core.lists.bulk import begin
from trunkline.app import App
from trunkline.testing import Browser, work_until_idle
from trunkline_inventory import operations, queries
from trunkline_inventory.schemas import AddItem, CreateTemplate, Holder, TemplateField

pytestmark = pytest.mark.plugins("inventory")

Staff = Callable[..., Browser]
Stocked = Callable[[int], Sequence[str]]
MakeSim = Callable[[int], dict[str, str]]


def test_any_identifier_finds_an_item_in_the_list(app: App, staff: Staff, stocked: Stocked) -> None:
    iccids = stocked(3)
    page = staff().get("/inventory?q=724990000000002").text
    assert iccids[1] in page
    assert iccids[0] not in page


def test_an_export_holds_no_secret(app: App, staff: Staff, stocked: Stocked, make_sim: MakeSim) -> None:
    iccids = stocked(2)
    answer = staff().get("/inventory?export=csv").text
    assert iccids[0] in answer
    assert make_sim(1)["ki"] not in answer


def test_those_who_may_not_export_are_refused(staff: Staff, stocked: Stocked) -> None:
    stocked(1)
    client = staff("customer_care")
    assert client.get("/inventory").status_code == 200
    assert client.get("/inventory?export=csv").status_code == 403


def test_an_item_is_added_by_a_form_and_a_wrong_check_digit_is_shown_at_its_field(
    app: App, staff: Staff, make_sim: MakeSim
) -> None:
    client = staff()
    fields = {f"value_{name}": value for name, value in make_sim(7).items()} | {"stock": "Main"}
    wrong = client.submit(
        "/inventory/items/new?template=sim", fields | {"value_iccid": "8955990000000000018"}
    )
    assert wrong.status_code == 422
    assert "check digit" in wrong.text
    right = client.submit("/inventory/items/new?template=sim", fields)
    assert right.status_code == 200
    assert make_sim(7)["iccid"] in right.text
    with app.reading() as ctx:
        assert queries.item(ctx, "I000001").identifiers["imsi"] == make_sim(7)["imsi"]


def test_the_item_page_shows_history_and_no_secret(
    app: App, staff: Staff, stocked: Stocked, make_sim: MakeSim
) -> None:
    stocked(1)
    page = staff().get("/inventory/items/I000001").text
    assert "Added" in page
    assert make_sim(1)["ki"] not in page


def test_secrets_are_revealed_on_demand_only_to_those_who_may(
    staff: Staff, stocked: Stocked, make_sim: MakeSim
) -> None:
    stocked(1)
    shown = staff("provisioning_engineer").submit(
        "/inventory/items/I000001/reveal", page="/inventory/items/I000001"
    )
    assert make_sim(1)["ki"] in shown.text
    assert shown.headers["cache-control"] == "no-store"
    refused = staff("warehouse").submit("/inventory/items/I000001/reveal", page="/inventory/items/I000001")
    assert refused.status_code == 403


def test_several_items_change_state_at_once(app: App, staff: Staff, stocked: Stocked) -> None:
    stocked(3)
    client = staff()
    asked = client.submit("/lists/inventory/do/inventory.item_state", {"ids": ["1", "2"]}, page="/inventory")
    picked = re.search(r'name="picked" value="([^"]+)"', asked.text)
    assert picked is not None
    begun = client.submit(
        "/lists/inventory/do/inventory.item_state/begin",
        {"picked": picked.group(1), "state": "faulty", "note": "bent"},
        page="/inventory",
    )
    work_until_idle(app)
    assert "Done." in client.get(str(begun.url)).text
    with app.reading() as ctx:
        assert queries.counts(ctx)["sim"] == {"faulty": 2, "available": 1}


def test_telephone_numbers_are_spaced_wherever_items_are_named(app: App, staff: Staff) -> None:
    with app.unit_of_work() as ctx:
        operations.add_items(ctx, "number", [{"number": "+5551991234503"}])
    client, shown = staff(), "+55 51 99123-4503"
    assert shown in client.get("/inventory").text
    assert shown in client.get("/inventory/movements").text
    page = client.get("/inventory/items/I000001").text
    assert f"Move {shown}" in page
    assert "+5551991234503" not in page
    asked = client.submit("/lists/inventory/do/inventory.item_state", {"ids": ["1"]}, page="/inventory")
    assert f"{shown} (I000001)" in asked.text
    run = begin(client, "/inventory", "inventory", "inventory.item_state", [1], state="faulty", note="bent")
    work_until_idle(app)
    assert f"{shown} (I000001)" in client.get(run).text
    assert "+5551991234503" in client.get("/inventory?export=csv").text


def test_a_held_item_keeps_its_state_and_the_page_says_who_holds_it(
    app: App, staff: Staff, stocked: Stocked
) -> None:
    stocked(1)
    with app.unit_of_work() as ctx:
        operations.hold(ctx, template="sim", holder=Holder("service", 4, None, "S000004"), key="k")
    answer = staff().submit(
        "/inventory/items/I000001/state", {"state": "retired", "note": ""}, page="/inventory/items/I000001"
    )
    assert answer.status_code == 422
    assert "S000004" in answer.text


def test_an_operator_makes_a_template_and_adds_items_of_it(app: App, staff: Staff) -> None:
    client = staff()
    client.submit(
        "/inventory/templates/new",
        {
            "name": "router",
            "label": "Router",
            "identifier": "serial",
            "identifier_label": "Serial",
            "check": "",
        },
    )
    client.submit(
        "/inventory/templates/router/fields/new",
        {
            "name": "model",
            "label": "Model",
            "kind": "choice",
            "choices": "AX1\nAX2",
            "max_length": "40",
            "min_length": "0",
        },
    )
    answer = client.submit(
        "/inventory/items/new?template=router",
        {"value_serial": "SN1", "value_model": "AX2", "stock": "Main"},
    )
    assert answer.status_code == 200, answer.text
    with app.reading() as ctx:
        assert queries.item(ctx, "I000001").fields == {"serial": "SN1", "model": "AX2"}


def test_items_move_to_a_new_stock(app: App, staff: Staff, stocked: Stocked) -> None:
    stocked(1)
    client = staff()
    client.submit("/inventory/stocks/new", {"name": "Shop", "note": ""})
    item = "/inventory/items/I000001"
    client.submit(f"{item}/move", {"stock": "Shop", "note": ""}, page=item)
    with app.reading() as ctx:
        assert queries.item(ctx, "I000001").stock == "Shop"
    assert client.submit("/inventory/stocks/2/close", page="/inventory/stocks/2").status_code == 422
    assert "Shop" in client.get("/inventory/movements").text


def test_what_an_item_is_known_by_is_read_and_the_rest_of_it_corrected(
    app: App, staff: Staff, stocked: Stocked
) -> None:
    iccid = stocked(1)[0]
    client = staff()
    page = client.get("/inventory/items/I000001/edit").text
    assert 'name="value_iccid"' not in page
    assert "ICCID is what this item is known by; it stays." in page
    saved = client.submit("/inventory/items/I000001/edit", {"value_imsi": "724990000000077"})
    assert saved.status_code == 200, saved.text
    with app.reading() as ctx:
        assert queries.item(ctx, "I000001").identifiers == {"iccid": iccid, "imsi": "724990000000077"}


def test_a_number_that_somebody_holds_is_not_offered_for_correction(
    app: App, staff: Staff, stocked: Stocked
) -> None:
    stocked(1)
    with app.unit_of_work() as ctx:
        operations.hold(ctx, template="sim", holder=Holder("order_line", 1, label="O000001/1"), key="sim")
    page = staff().get("/inventory/items/I000001/edit").text
    assert 'name="value_imsi"' not in page
    assert "IMSI cannot change while the item is held." in page
    assert 'name="value_pin1"' in page


def test_an_item_of_nothing_but_its_number_has_nothing_to_edit(app: App, staff: Staff) -> None:
    serial = TemplateField(name="serial", label="Serial number", required=True, unique=True)
    with app.unit_of_work() as ctx:
        operations.create_template(ctx, CreateTemplate(name="router", label="Router", fields=[serial]))
        operations.add_item(ctx, AddItem(template="router", values={"serial": "SN1"}))
    client = staff()
    assert "/edit" not in client.get("/inventory/items/I000001").text
    assert "Save" not in client.get("/inventory/items/I000001/edit").text


@pytest.mark.parametrize(
    "path",
    [
        "/inventory",
        "/inventory?view=available&template=sim",
        "/inventory/items/new",
        "/inventory/items/new?template=number",
        "/inventory/items/I000001",
        "/inventory/items/I000001/edit",
        "/inventory/templates",
        "/inventory/templates/new",
        "/inventory/templates/sim",
        "/inventory/templates/sim/edit",
        "/inventory/templates/sim/fields/new",
        "/inventory/stocks",
        "/inventory/stocks/new",
        "/inventory/stocks/1",
        "/inventory/movements",
    ],
)
def test_every_page_opens(staff: Staff, stocked: Stocked, path: str) -> None:
    stocked(1)
    assert staff().get(path).status_code == 200


def test_the_second_of_two_who_edit_a_stock_sees_what_the_first_wrote(app: App, staff: Staff) -> None:
    first, second = staff(), staff()
    first.submit("/inventory/stocks/new", {"name": "Shop", "note": ""})
    opened = {"version": "1"}
    first.submit("/inventory/stocks/2", {"name": "Shop", "note": "Rua Um, 5", **opened})
    answer = second.submit("/inventory/stocks/2", {"name": "Shop", "note": "Rua Dois, 9", **opened})
    assert answer.status_code == 409
    assert "Somebody changed this after you opened it." in answer.text
    assert "Rua Um, 5" in answer.text
    assert "Rua Dois, 9" in answer.text
