"""What belongs to one customer, account or user is not reached through another's address."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlmodel import SQLModel, func, select

from trunkline.app import App
from trunkline.testing import PASSWORD, Browser, create_user
from trunkline.web.app import page_routes

_NESTED = {
    "contacts": {"name": "Rosa"},
    "sites": {"name": "Home"},
    "tags": {"text": "vip"},
    "attributes": {"name": "floor", "value": "3"},
}


@pytest.fixture
def headers(app: App, client: Browser) -> dict[str, str]:
    create_user(app, "program@example.com", "administrator")
    login = {"email": "program@example.com", "password": PASSWORD}
    token = client.post("/api/v1/auth/login", json=login).json()["access_token"]
    return {"Authorization": f"Bearer {token}"}


def _made(client: Browser, path: str, body: dict[str, Any], headers: dict[str, str]) -> dict[str, Any]:
    answer = client.post(f"/api/v1{path}", json=body, headers=headers)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


@pytest.fixture
def mixed(client: Browser, headers: dict[str, str]) -> dict[str, str]:
    """For each address of something nested, the same with the owner of another: by REST paths without parameters' names."""
    numbers = [
        _made(client, "/customers", {"kind": "individual", "name": name}, headers)["number"]
        for name in ("Ana", "Bruno")
    ]
    found = {}
    for kind, body in _NESTED.items():
        made = _made(client, f"/customers/{numbers[1]}/{kind}", body, headers)
        key = (
            made["id"]
            if "id" in made
            else client.get(f"/api/v1/customers/{numbers[1]}/{kind}", headers=headers).json()[-1]["id"]
        )
        found[f"/customers/{{}}/{kind}/{{}}"] = f"/customers/{numbers[0]}/{kind}/{key}"
    file = {"file": ("note.txt", b"hello", "text/plain")}
    stored = client.post(f"/api/v1/customers/{numbers[1]}/files", files=file, headers=headers).json()["id"]
    found["/customers/{}/files/{}"] = f"/customers/{numbers[0]}/files/{stored}"
    accounts = [
        _made(client, "/service-accounts", {"code": name, "name": name, "roles": ["auditor"]}, headers)["id"]
        for name in ("one", "two")
    ]
    key = _made(client, f"/service-accounts/{accounts[1]}/keys", {"name": "k"}, headers)["id"]
    found["/service-accounts/{}/keys/{}"] = f"/service-accounts/{accounts[0]}/keys/{key}"
    return found


def _plain(path: str) -> str:
    import re

    return re.sub(r"\{[^}]+\}", "{}", path)


def _rows(app: App) -> dict[str, int]:
    names = [
        name
        for name in SQLModel.metadata.tables
        if name.startswith("core_customer") or name == "core_api_key"
    ]
    with app.reading() as ctx:
        return {
            name: ctx.session.scalar(select(func.count()).select_from(SQLModel.metadata.tables[name])) or 0
            for name in names
        }


def test_no_rest_route_reaches_what_is_nested_through_another(
    app: App, client: Browser, headers: dict[str, str], mixed: dict[str, str]
) -> None:
    before, walked = _rows(app), set()
    for _plugin, routes in app.hooks.gather("rest_routes"):
        for route in routes.routes:
            place = _plain(routes.prefix + route.path)
            if place not in mixed:
                continue
            body = {**_NESTED.get(place.split("/")[3], {}), "version": 1}
            answer = client.request(
                route.method, f"/api/v1{mixed[place]}", json=body, headers=headers | {"If-Match": "*"}
            )
            assert answer.status_code == 404, (
                f"{route.method} {mixed[place]}: {answer.status_code} {answer.text}"
            )
            walked.add(place)
    assert walked == set(mixed)
    assert _rows(app) == before


def test_no_page_reaches_what_is_nested_through_another(
    app: App, staff: Callable[..., Browser], mixed: dict[str, str]
) -> None:
    before, walked, browser = _rows(app), 0, staff()
    token = browser.csrf("/")
    for _plugin, route in page_routes(app):
        place = next((one for one in mixed if _plain(route.path).startswith(f"{one}/")), None)
        if place is None:
            continue
        path = mixed[place] + _plain(route.path).removeprefix(place)
        fields = {"csrf_token": token, **_NESTED.get(place.split("/")[3], {}), "version": "1"}
        for method in route.methods:
            answer = browser.request(
                method, path, data=fields if method == "POST" else None, follow_redirects=False
            )
            assert answer.status_code == 404, f"{method} {path}: {answer.status_code}"
            walked += 1
    assert walked >= 12
    assert _rows(app) == before
