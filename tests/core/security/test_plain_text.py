"""The character NUL is refused where it comes in, on both databases alike."""

from collections.abc import Callable

import pytest

from trunkline.app import App
from trunkline.testing import PASSWORD, Browser, create_user


@pytest.mark.both_databases
@pytest.mark.plugins
def test_nul_is_refused_in_addresses_forms_and_bodies(app: App, staff: Callable[..., Browser]) -> None:
    browser = staff()
    for path in ("/customers/%00", "/customers?q=%00", "/search?q=a%00b", "/api/v1/customers/%00"):
        assert browser.get(path).status_code == 400, path
    form = {"kind": "individual", "name": "Ana\0Souza"}
    answer = browser.submit("/customers/new", form)
    assert answer.status_code == 422
    assert "holds a sign that cannot be stored" in answer.text

    create_user(app, "program@example.com", "administrator")
    login = {"email": "program@example.com", "password": PASSWORD}
    token = browser.post("/api/v1/auth/login", json=login).json()["access_token"]
    headers = {"Authorization": f"Bearer {token}"}
    refused = browser.post("/api/v1/customers", json=form, headers=headers)
    assert refused.status_code == 422
    assert [fault["field"] for fault in refused.json()["errors"]] == ["name"]
    nested = {"kind": "individual", "name": "Ana", "address": {"city": "a\0b"}}
    assert browser.post("/api/v1/customers", json=nested, headers=headers).status_code == 422
    assert browser.get("/api/v1/customers", headers=headers).json()["total"] == 0
