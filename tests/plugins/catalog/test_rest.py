"""Selling over REST."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import text
from starlette.testclient import TestClient

from trunkline.app import App
from trunkline.testing import PASSWORD, create_user, work_until_idle

pytestmark = pytest.mark.plugins("inventory", "catalog")


@pytest.fixture
def api(shop: App, make_client: Callable[[], TestClient]) -> TestClient:
    """A client with an administrator's token."""
    create_user(shop, "api@example.com", "administrator")
    client = make_client()
    answer = client.post("/api/v1/auth/login", json={"email": "api@example.com", "password": PASSWORD})
    client.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"
    return client


def place(api: TestClient, key: str = "", **line: Any) -> Any:
    headers = {"Idempotency-Key": key} if key else {}
    body = {"customer_number": "C000001", "lines": [{"product_code": "mobile_10", **line}]}
    return api.post("/api/v1/catalog/orders", json=body, headers=headers)


def test_an_order_answers_202_with_its_lines_and_jobs(shop: App, api: TestClient) -> None:
    answer = place(api, "one")
    assert answer.status_code == 202
    line = answer.json()["lines"][0]
    assert (line["number"], line["job_number"], line["state"]) == ("O000001/1", "J000001", "queued")
    assert place(api, "one").json()["number"] == "O000001"
    work_until_idle(shop)
    service = api.get(f"/api/v1/catalog/services/{line['service_number']}").json()
    assert service["state"] == "active"
    assert service["identifiers"]["msisdn"] == "+5551991234501"


def test_a_service_is_suspended_and_resumed(shop: App, api: TestClient) -> None:
    place(api)
    work_until_idle(shop)
    path = "/api/v1/catalog/services/S000001"
    assert api.post(f"{path}/suspend", json={"reason": "lost"}).status_code == 202
    work_until_idle(shop)
    assert api.get(path).json()["suspensions"] == ["lost"]
    (found,) = api.get(f"{path}/suspensions").json()["items"]
    assert (found["reason"], found["order_number"]) == ("lost", "O000002")
    assert found["by"]
    refused = api.post(f"{path}/suspend", json={"reason": "lost"})
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["field"] == "reason"
    assert api.post(f"{path}/resume", json={"reason": "lost"}).status_code == 202
    work_until_idle(shop)
    assert api.get(path).json()["suspensions"] == []


def test_orders_are_filtered_by_what_they_do_and_their_state(shop: App, api: TestClient) -> None:
    service = place(api).json()["lines"][0]["service_number"]
    work_until_idle(shop)
    assert api.post(f"/api/v1/catalog/services/{service}/suspend", json={"reason": "lost"}).status_code == 202

    def found(query: str) -> list[tuple[str, str]]:
        items = api.get(f"/api/v1/catalog/orders?{query}").json()["items"]
        return [(row["number"], row["action"]) for row in items]

    assert found("") == [("O000002", "suspend"), ("O000001", "new")]
    assert found("action=suspend&view=in_progress") == [("O000002", "suspend")]
    assert found("action=new&view=in_progress") == []
    work_until_idle(shop)
    assert found("action=suspend&view=in_progress") == []
    assert found("action=suspend,new&view=completed") == [("O000002", "suspend"), ("O000001", "new")]


def test_a_wrong_product_is_a_problem_that_names_its_field(api: TestClient) -> None:
    answer = place(api, product_code="nothing")
    assert answer.status_code == 404
    assert "nothing" in answer.text


def test_lists_are_searched_and_filtered(shop: App, api: TestClient) -> None:
    place(api)
    work_until_idle(shop)
    assert api.get("/api/v1/catalog/services?q=234501").json()["total"] == 1
    assert api.get("/api/v1/catalog/services?product=mobile_10").json()["total"] == 1
    assert api.get("/api/v1/catalog/orders?action=new").json()["items"][0]["number"] == "O000001"
    product = api.get("/api/v1/catalog/products").json()["items"][0]
    assert (product["monthly"], product["currency"]) == ("49.90", "BRL")
    items = api.get("/api/v1/inventory/items?state=assigned").json()
    assert {row["label"] for row in items["items"]} >= {"+5551991234501"}


def test_a_price_is_set_and_listed(api: TestClient) -> None:
    body = {"setup_price": "0", "monthly_price": "59.90", "effective_from": "2099-01-01T00:00:00Z"}
    assert api.post("/api/v1/catalog/products/mobile_10/prices", json=body).status_code == 201
    prices = api.get("/api/v1/catalog/products/mobile_10/prices").json()["items"]
    assert [price["monthly"] for price in prices] == ["59.90", "49.90"]
    coming, begun = (f"/api/v1/catalog/products/mobile_10/prices/{price['id']}" for price in prices)
    assert api.delete(coming).status_code == 204
    assert api.delete(begun).status_code == 422
    (left,) = api.get("/api/v1/catalog/products/mobile_10/prices").json()["items"]
    assert (left["monthly"], left["effective_to"]) == ("49.90", None)


def test_a_product_is_retired_and_sold_again(api: TestClient) -> None:
    assert api.post("/api/v1/catalog/products/mobile_10/retire").json()["retired"] is True
    assert api.post("/api/v1/catalog/products/mobile_10/reinstate").json()["retired"] is False


def test_items_are_imported_over_rest(api: TestClient) -> None:
    body = {"template": "number", "csv": "number,route,class\n+5551991239999,core,mobile\n"}
    answer = api.post("/api/v1/inventory/import", json=body)
    assert answer.json()["created"] == 1
    assert api.post("/api/v1/inventory/import", json=body).json()["unchanged"] == 1


def test_no_answer_holds_a_key_but_the_one_that_reveals_it_and_that_is_not_kept(
    shop: App, api: TestClient
) -> None:
    assert f"{1:032X}" not in api.get("/api/v1/inventory/items/I000001").text
    shown = api.post("/api/v1/inventory/items/I000001/reveal", headers={"Idempotency-Key": "again"})
    assert shown.json()["ki"] == f"{1:032X}"
    with shop.reading() as ctx:
        kept = ctx.session.execute(text("SELECT * FROM core_idempotent_answer")).all()
    assert f"{1:032X}" not in str(kept)


def test_a_product_says_over_rest_what_its_jobs_do_when_a_step_fails(api: TestClient) -> None:
    changed = api.patch(
        "/api/v1/catalog/products/mobile_10", json={"on_failure": "hold"}, headers={"If-Match": '"1"'}
    )
    assert changed.json()["on_failure"] == "hold"
    body = {"customer_number": "C000001", "lines": [{"product_code": "mobile_10"}]}
    assert [one["on_failure"] for one in api.post("/api/v1/catalog/orders/plan", json=body).json()] == [
        "hold"
    ]
    job = place(api).json()["lines"][0]["job_number"]
    assert api.get(f"/api/v1/jobs/{job}").json()["on_failure"] == "hold"
    wrong = api.patch(
        "/api/v1/catalog/products/mobile_10", json={"on_failure": "shrug"}, headers={"If-Match": '"2"'}
    )
    assert wrong.status_code == 422


def test_another_plan_is_looked_at_and_ordered_over_rest(shop: App, api: TestClient) -> None:
    place(api)
    work_until_idle(shop)
    api.post(
        "/api/v1/catalog/products",
        json={
            "code": "mobile_30",
            "name": "Mobile 30 GB",
            "needs": ["sim", "number"],
            "monthly_price": "79.90",
            "currency": "BRL",
        },
    )
    path, wish = "/api/v1/catalog/services/S000001", {"change": "plan", "product_code": "mobile_30"}
    assert [one["code"] for one in api.get(f"{path}/plans").json()["items"]] == ["mobile_30"]
    plan = api.post(f"{path}/change/plan", json=wish).json()
    assert (plan["monthly_before"], plan["monthly_after"]) == ("49.90", "79.90")
    assert api.post(f"{path}/change", json=wish).status_code == 202
    work_until_idle(shop)
    assert api.get(path).json()["product_code"] == "mobile_30"


@pytest.mark.both_databases
def test_a_bundle_that_its_products_price_costs_their_sum(api: TestClient) -> None:
    body = {
        "code": "duo",
        "name": "Duo",
        "kind": "bundle",
        "members": [{"product": "mobile_10", "quantity": 2}],
        "priced_by_members": True,
        "currency": "BRL",
    }
    made = api.post("/api/v1/catalog/products", json=body)
    assert made.status_code == 201
    read = api.get("/api/v1/catalog/products/duo").json()
    assert (read["setup_price_micros"], read["monthly_price_micros"]) == (20_000_000, 99_800_000)
    assert made.json()["monthly_price_micros"] == 99_800_000
    listed = {one["code"]: one for one in api.get("/api/v1/catalog/products?sort=-name").json()["items"]}
    assert (listed["duo"]["setup"], listed["duo"]["monthly"]) == ("20.00", "99.80")
    assert listed["duo"]["priced_by_members"] is True
    assert (listed["mobile_10"]["setup"], listed["mobile_10"]["monthly"]) == ("10.00", "49.90")
    assert listed["mobile_10"]["priced_by_members"] is False
