"""Bundles and add-ons in the browser: made, ordered, shown together, ended together."""

import re
from collections.abc import Callable
from typing import Any

import pytest

from tests.plugins.catalog.test_pages import FOR, hidden
from trunkline.app import App
from trunkline.testing import Browser, work_until_idle
from trunkline_catalog import queries
from trunkline_catalog.schemas import ServiceState

pytestmark = pytest.mark.plugins("inventory", "catalog")

Staff = Callable[..., Browser]
FACTS = {
    "service_kind": "mobile",
    "gigabytes": "0",
    "minutes": "0",
    "messages": "0",
    "setup_price": "0",
    "currency": "BRL",
}


def make_family(client: Browser) -> None:
    """`family`: two Mobile 10 GB for 80.00."""
    made = client.submit(
        "/catalog/products/new",
        {
            **FACTS,
            "code": "family",
            "name": "Family",
            "kind": "bundle",
            "members": ["mobile_10"],
            "monthly_price": "80",
        },
    )
    assert made.url.path == "/catalog/products/family", made.text
    client.submit("/catalog/products/family/members/new", {"product": "mobile_10", "quantity": "2"})


def order_family(client: Browser) -> None:
    details = f"/catalog/orders/new?{FOR}&product=family"
    asked = client.get(details).text
    assert "Part of Family." in asked
    typed = {
        "lines.0.product": "family",
        "lines.1.product": "mobile_10",
        "lines.1.part_of": "1",
        "lines.1.pick_number": "+5551991234503",
        "lines.2.product": "mobile_10",
        "lines.2.part_of": "1",
    }
    reviewed = client.submit(f"/catalog/orders/review?{FOR}", typed, page=details)
    assert "80.00" in reviewed.text
    assert "49.90" not in reviewed.text
    assert "in the bundle" in reviewed.text
    placed = client.post(f"/catalog/orders?{FOR}", data=hidden(reviewed.text))
    assert placed.url.path == "/catalog/orders/O000001"
    assert "Begins once its services are set up" in placed.text


def test_a_bundle_is_made_ordered_shown_and_ended_by_forms(shop: App, staff: Staff) -> None:
    make_family(staff("product_manager"))
    assert "Bundle" in staff("product_manager").get("/catalog/products").text
    client = staff()
    assert "2 × Mobile 10 GB" in client.get(f"/catalog/orders/new?{FOR}").text
    order_family(client)
    work_until_idle(shop)
    with shop.reading() as ctx:
        services = {one.number: one for one in queries.services_of(ctx, 1)}
        figures = client.get("/customers/C000001").text
    assert {one.state for one in services.values()} == {ServiceState.ACTIVE}
    assert services["S000002"].identifiers["msisdn"] == "+5551991234503"
    assert "80.00" in figures
    assert "179.80" not in figures
    listed = client.get("/customers/C000001/services").text
    assert listed.count("part of S000001") == 2
    assert 'id="belonging"' in client.get("/catalog/services/S000001").text
    assert "Family" in client.get("/catalog/services/S000002").text or "S000001" in listed
    client.submit("/catalog/services/S000001/terminate", {"note": ""}, page="/catalog/services/S000001")
    work_until_idle(shop)
    with shop.reading() as ctx:
        assert queries.services_of(ctx, 1) == []


def test_a_bundle_without_products_is_refused_beside_its_field(shop: App, staff: Staff) -> None:
    refused = staff("product_manager").submit(
        "/catalog/products/new",
        {**FACTS, "code": "empty", "name": "Empty", "kind": "bundle", "monthly_price": "80"},
    )
    assert refused.status_code == 422
    assert "this one has none. Choose at least one product." in refused.text


def test_a_part_whose_item_is_not_free_is_refused_on_its_own_line(shop: App, staff: Staff) -> None:
    make_family(staff("product_manager"))
    typed = {
        "lines.0.product": "family",
        "lines.1.product": "mobile_10",
        "lines.1.part_of": "1",
        "lines.2.product": "mobile_10",
        "lines.2.part_of": "1",
        "lines.2.pick_number": "+5500000000000",
    }
    refused = staff().submit(
        f"/catalog/orders/review?{FOR}", typed, page=f"/catalog/orders/new?{FOR}&product=family"
    )
    assert refused.status_code == 422
    assert "Line 3: “+5500000000000” is not in stock." in refused.text
    taken_out = staff().submit(
        f"/catalog/orders/details?{FOR}",
        {**typed, "lines.3.product": "mobile_10", "remove": "0"},
        page=f"/catalog/orders/new?{FOR}&product=family",
    )
    assert "lines.0.product" in taken_out.text
    assert "lines.1.product" not in taken_out.text
    assert "Part of Family" not in taken_out.text


def test_an_add_on_is_made_added_to_a_service_and_shown_with_it(
    shop: App, staff: Staff, order: Callable[..., object]
) -> None:
    manager = staff("product_manager")
    manager.submit(
        "/catalog/products/new",
        {
            **FACTS,
            "code": "roaming",
            "name": "Roaming",
            "kind": "add_on",
            "fits": ["mobile_10"],
            "most_per_service": "1",
            "monthly_price": "15",
        },
    )
    client = staff()
    choose = f"/catalog/orders/new?{FOR}"
    assert "No active service that it goes with" in client.get(choose).text
    order()
    work_until_idle(shop)
    details = f"{choose}&product=roaming"
    assert "+55 51 99123-4501" in client.get(details).text
    missing = client.submit(f"/catalog/orders/review?{FOR}", {"lines.0.product": "roaming"}, page=details)
    assert missing.status_code == 422
    reviewed = client.submit(
        f"/catalog/orders/review?{FOR}",
        {"lines.0.product": "roaming", "lines.0.added_to": "S000001"},
        page=details,
    )
    assert "Added to" in reviewed.text
    client.post(f"/catalog/orders?{FOR}", data=hidden(reviewed.text))
    work_until_idle(shop)
    assert "added to S000001" in client.get("/customers/C000001/services").text
    assert "Roaming" in client.get("/catalog/services/S000001").text
    assert "No active service that it goes with" in client.get(choose).text
    manager.submit("/catalog/products/roaming/fits", {"fits": ["mobile_10"], "most_per_service": "0"})
    late = manager.submit(
        "/catalog/products/roaming/fits", {"fits": ["mobile_10"], "most_per_service": "7", "version": "1"}
    )
    assert late.status_code == 409
    assert "Somebody changed this after you opened it." in late.text
    assert "No active service that it goes with" not in client.get(choose).text


def _shown_with(html: str, name: str) -> set[str]:
    """The kinds of product with which a field of the form is shown."""
    found = re.search(
        rf'<div class="field[^>]*data-only-when="kind=([^"]*)">(?:(?!data-field).)*? name="{name}"',
        html,
        re.S,
    )
    assert found is not None, f"{name} is shown with every kind"
    return set(found.group(1).split())


def test_the_form_of_a_product_asks_what_its_kind_uses(shop: App, staff: Staff) -> None:
    client = staff("product_manager")
    asked = client.get("/catalog/products/new").text
    for name in ("needs", "playbook", "tariff", "gigabytes", "minutes", "messages"):
        assert _shown_with(asked, name) == {"standalone", "add_on"}, name
    assert _shown_with(asked, "on_failure") == {"standalone", "add_on", "one_off"}
    assert _shown_with(asked, "suspended_percent") == {"standalone", "add_on", "bundle"}
    make_family(client)
    page = "/catalog/products/family/edit"
    edited = client.get(page).text
    for name in ("needs", "playbook", "tariff", "gigabytes", "on_failure"):
        assert f'name="{name}"' not in edited
    client.submit(page, {"name": "Família", "suspended_percent": "20"}, page=page)
    with shop.reading() as ctx:
        saved = queries.product(ctx, "family")
    assert (saved.name, saved.suspension.charged_percent) == ("Família", 20)
    assert 'name="needs"' in client.get("/catalog/products/mobile_10/edit").text


@pytest.mark.parametrize(
    ("kind", "given", "field"),
    [
        ("bundle", {"needs": ["sim"]}, "needs"),
        ("bundle", {"minutes": "100"}, "minutes"),
        ("one_off", {"messages": "5"}, "messages"),
        ("one_off", {"suspended_percent": "5"}, "suspended_percent"),
    ],
)
def test_what_a_kind_does_not_use_is_refused_beside_its_field(
    shop: App, staff: Staff, kind: str, given: dict[str, Any], field: str
) -> None:
    members = ["mobile_10"] if kind == "bundle" else []
    refused = staff("product_manager").submit(
        "/catalog/products/new",
        {**FACTS, "code": "x", "name": "X", "kind": kind, "members": members, "monthly_price": "0", **given},
    )
    assert refused.status_code == 422
    assert f'id="f-{field}-error"' in refused.text


def test_the_list_says_what_a_bundle_costs_that_its_products_price(shop: App, staff: Staff) -> None:
    client = staff("product_manager")
    facts = {**FACTS, "code": "duo", "name": "Duo", "kind": "bundle", "members": ["mobile_10"]}
    client.submit("/catalog/products/new", {**facts, "monthly_price": "0", "priced_by_members": "true"})
    client.submit("/catalog/products/duo/members/new", {"product": "mobile_10", "quantity": "2"})
    nonsense = client.submit("/catalog/products/duo/members/new", {"product": "../x", "quantity": "2"})
    assert nonsense.status_code == 422
    assert 'id="f-product-error"' in nonsense.text
    row = client.get("/catalog/products?q=duo").text.partition("<tbody")[2].partition("</tbody>")[0]
    said = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", row))
    assert "99.80" in said
    assert "20.00" in said
    assert "priced by its products" in said
    alone = client.get("/catalog/products?q=mobile_10").text.partition("<tbody")[2].partition("</tbody>")[0]
    assert "49.90" in alone
    assert "priced by its products" not in alone
