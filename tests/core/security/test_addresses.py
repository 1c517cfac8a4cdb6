"""Addresses hold no secrets: they end up in histories, bookmarks and other people's logs (OWASP ASVS 5.0, 14.2.1)."""

import re
from typing import Any

from trunkline.app import App
from trunkline.testing import PASSWORD, Browser, create_user
from trunkline.web.app import page_routes

_SECRET = re.compile(r"token|secret|password|passwd|api_?key|otp|session(?!_id)|jwt|bearer|credential")
#: What comes by mail can only be an address. Each works once, for a time, and logs leave it out.
_MAILED = {
    "/set-password/{token}",
    "/confirm-email/{token}",
    "/keep-email/{token}",
    "/accept-contract/{token}",
    "/accept-contract/{token}/document",
}


def _parameters(document: dict[str, Any]) -> set[str]:
    return {
        f"{path} {one['in']} {one['name']}"
        for path, methods in document["paths"].items()
        for found in methods.values()
        for one in found.get("parameters", ())
        if one["in"] in ("query", "path")
    }


def test_no_address_has_room_for_a_secret_but_the_links_of_mails(app: App, client: Browser) -> None:
    pages = {route.path for _plugin, route in page_routes(app)}
    assert {path for path in pages if _SECRET.search(" ".join(re.findall(r"\{[^}]+\}", path)))} == _MAILED
    asked = _parameters(client.get("/api/v1/openapi.json").json())
    assert len(asked) > 100
    assert {one for one in asked if _SECRET.search(one.rpartition(" ")[2])} == set()


def test_a_token_or_session_in_an_address_opens_nothing(app: App, client: Browser) -> None:
    create_user(app, "boss@example.com", "administrator")
    body = {"email": "boss@example.com", "password": PASSWORD}
    token = client.post("/api/v1/auth/login", json=body).json()["access_token"]
    for name in ("access_token", "token", "api_key", "X-API-Key", "Authorization"):
        for value in (token, f"Bearer {token}"):
            assert client.get("/api/v1/customers", params={name: value}).status_code == 401, name
    client.sign_in("boss@example.com")
    cookies = dict(client.cookies)
    client.cookies.clear()
    assert client.get("/", params=cookies, follow_redirects=False).status_code == 303
