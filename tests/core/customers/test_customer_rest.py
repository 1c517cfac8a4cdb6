"""Customers over REST."""

from collections.abc import Callable
from typing import Any

import pytest

from trunkline.testing import PASSWORD, Browser, create_user

pytestmark = [pytest.mark.plugins(), pytest.mark.both_databases]


@pytest.fixture
def api(app: Any, make_client: Callable[[], Browser]) -> Browser:
    create_user(app, "api@example.com", "supervisor")
    client = make_client()
    answer = client.post("/api/v1/auth/login", json={"email": "api@example.com", "password": PASSWORD})
    client.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"
    return client


def register(api: Browser, name: str, **values: Any) -> dict[str, Any]:
    answer = api.post("/api/v1/customers", json={"kind": "individual", "name": name, **values})
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


@pytest.mark.parametrize("code", ["XA", "Brazil", "419"])
def test_a_country_is_refused_unless_iso_3166_knows_its_code(api: Browser, code: str) -> None:
    answer = api.post("/api/v1/customers", json={"kind": "individual", "name": "Ana Souza", "country": code})
    assert answer.status_code == 422
    (error,) = answer.json()["errors"]
    assert error["field"] == "country"
    assert "ISO 3166" in error["message"]
    assert register(api, "Ana Souza", country="pt")["country"] == "PT"


@pytest.mark.parametrize(
    ("body", "kind", "words"),
    [
        (
            '{"name": "Ana"',
            "application/json",
            "The body is no JSON: Expecting ',' delimiter at character 14.",
        ),
        ("name=Ana", "application/x-www-form-urlencoded", "Content-Type: application/json"),
        ("", "application/json", "Send the body as JSON"),
    ],
)
def test_a_body_that_cannot_be_read_is_told_why(api: Browser, body: str, kind: str, words: str) -> None:
    refused = api.post("/api/v1/customers", content=body, headers={"Content-Type": kind})
    assert refused.status_code == 422
    (error,) = refused.json()["errors"]
    assert error["field"] == ""
    assert words in error["message"]


def test_a_customer_is_registered_read_and_changed(api: Browser) -> None:
    made = register(api, "Ana Souza", tax_id="529.982.247-25")
    assert made["number"] == "C000001"
    path = f"/api/v1/customers/{made['number']}"
    assert api.get(path).json()["tax_id"] == "52998224725"
    without = api.patch(path, json={"name": "Ana Maria"})
    assert (without.status_code, without.json()["errors"][0]["field"]) == (422, "If-Match")
    changed = api.patch(path, json={"name": "Ana Maria"}, headers={"If-Match": f'"{made["version"]}"'})
    assert (changed.status_code, changed.json()["name"]) == (200, "Ana Maria")
    assert changed.headers["etag"] == f'"{made["version"] + 1}"'
    again = api.patch(path, json={"name": "Ana Clara"}, headers={"If-Match": f'"{made["version"]}"'})
    assert again.status_code == 409
    assert "Ana Maria" in again.text
    assert "Ana Clara" in again.text


def test_a_refusal_names_the_field(api: Browser) -> None:
    answer = api.post("/api/v1/customers", json={"kind": "individual", "name": "Ana", "tax_id": "1"})
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["errors"][0]["field"] == "tax_id"
    unknown = api.post("/api/v1/customers", json={"kind": "individual", "name": "Ana", "shoe_size": 44})
    assert unknown.status_code == 422


def test_a_list_is_paged_by_cursor_sorted_and_filtered(api: Browser) -> None:
    for number in range(5):
        register(api, f"Customer {number}")
    api.post("/api/v1/customers", json={"kind": "business", "name": "Zeta"})
    seen: list[str] = []
    cursor = ""
    for _page in range(5):
        answer = api.get("/api/v1/customers", params={"limit": 2, "cursor": cursor, "sort": "-name"}).json()
        assert (answer["total"], answer["total_is_exact"]) == (6, True)
        seen += [item["name"] for item in answer["items"]]
        cursor = answer["next"]
        if not cursor:
            break
    assert seen == ["Zeta", *(f"Customer {n}" for n in (4, 3, 2, 1, 0))]
    only = api.get("/api/v1/customers", params={"kind": "business"}).json()
    assert [item["name"] for item in only["items"]] == ["Zeta"]


@pytest.mark.parametrize("query", ["sort=shoe", "shoe=44", "cursor=xx", "kind=robot", "limit=0"])
def test_what_a_list_does_not_offer_is_refused_by_name(api: Browser, query: str) -> None:
    answer = api.get(f"/api/v1/customers?{query}")
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"].endswith(query.partition("=")[0])


def test_belongings_are_added_and_removed(api: Browser) -> None:
    path = f"/api/v1/customers/{register(api, 'Ana')['number']}"
    for noun, body in (
        ("contacts", {"name": "Carla", "roles": ["billing"]}),
        ("sites", {"name": "Home", "city": "Recife"}),
        ("tags", {"text": "VIP", "colour": "red"}),
        ("attributes", {"name": "Lines", "type": "number", "value": "3"}),
    ):
        made = api.post(f"{path}/{noun}", json=body)
        assert made.status_code == 201, made.text
        listed = api.get(f"{path}/{noun}").json()
        assert listed["total"] == 1
        gone = api.delete(f"{path}/{noun}/{listed['items'][0]['id']}")
        assert gone.status_code == 204
        assert api.get(f"{path}/{noun}").json()["items"] == []
    activity = api.get(f"{path}/activity").json()
    assert activity["total"] == 9
    assert activity["items"][-1]["operation"] == "core.customer.create"


def test_an_attribute_gets_another_name_unless_somebody_was_quicker(api: Browser) -> None:
    path = f"/api/v1/customers/{register(api, 'Ana')['number']}/attributes"
    key = api.post(path, json={"name": "Lines", "type": "number", "value": "3"}).json()["id"]
    wish = {"name": "Extensions", "type": "number", "value": "4"}
    changed = api.patch(f"{path}/{key}", json=wish, headers={"If-Match": '"1"'})
    assert (changed.status_code, changed.json()["name"], changed.json()["value"]) == (200, "Extensions", "4")
    assert api.patch(f"{path}/{key}", json=wish, headers={"If-Match": '"1"'}).status_code == 409
    assert api.get(path).json()["total"] == 1


def test_status_moves_and_archive(api: Browser) -> None:
    path = f"/api/v1/customers/{register(api, 'Ana')['number']}"
    assert api.post(f"{path}/archive").status_code == 422
    assert (
        api.post(f"{path}/status", json={"status": "closed", "reason": "moved"}).json()["status"] == "closed"
    )
    assert api.post(f"{path}/archive").json()["status"] == "archived"
    assert api.post(f"{path}/restore").json()["status"] == "closed"


def test_a_view_over_rest_holds_the_rows_of_the_tab_and_none_holds_all(api: Browser) -> None:
    register(api, "Ana Souza")
    other = register(api, "Bento Lima")
    moved = api.post(
        f"/api/v1/customers/{other['number']}/status", json={"status": "closed", "reason": "moved"}
    )
    assert moved.status_code == 200, moved.text
    assert api.get("/api/v1/customers").json()["total"] == 2
    assert [one["name"] for one in api.get("/api/v1/customers?view=closed").json()["items"]] == ["Bento Lima"]
    refused = api.get("/api/v1/customers?view=sleeping")
    assert "closed" in refused.json()["errors"][0]["message"], refused.text
