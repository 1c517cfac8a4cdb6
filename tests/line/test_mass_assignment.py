"""Nobody sets by a body or a form what the form does not offer."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.plugins.portal.conftest import Household, households, portal_client
from trunkline.access.queries import roles_of
from trunkline.app import App
from trunkline.auth.models import User
from trunkline.testing import PASSWORD, Browser, create_user

__all__ = ["households", "portal_client"]

#: What only operations set. A body that takes one of these has to be listed in `_KNOWINGLY`.
_OURS = {
    "id",
    "user_id",
    "customer_id",
    "account_id",
    "reseller_id",
    "created_at",
    "updated_at",
    "kind",
    "number",
    "state",
    "status",
    "balance",
    "balance_micros",
    "password_hash",
    "permission",
    "registered_by_id",
    "origin",
    "email_verified",
}
_KNOWINGLY = {
    "POST /customers": {"kind", "status"},
    "POST /customers/{number}/assign": {"user_id"},
    # A site's state is that of a federation.
    "POST /customers/{number}/sites": {"state"},
    "PATCH /customers/{number}/sites/{site_id}": {"state"},
    "POST /billing/accounts": {"kind"},
    "POST /resellers/{reseller_id}/customers": {"number"},
    "POST /catalog/products": {"kind"},
    "POST /customers/{number}/status": {"status"},
    "PATCH /customers/{number}": {"kind"},
    # The kind of file that is brought in.
    "POST /imports": {"kind"},
    # What a document of a contract is.
    "POST /contracts/{number}/documents": {"kind"},
    "POST /inventory/items/{number}/state": {"state"},
    "PATCH /inventory/items/{number}": {"state"},
}
_MORE = {
    "id": 999,
    "number": "C999999",
    "customer_id": 999,
    "user_id": 1,
    "status": "terminated",
    "balance": "1000000.00",
    "balance_micros": 10**12,
    "version": 77,
    "created_at": "2001-01-01T00:00:00Z",
    "registered_by_id": 1,
    "is_admin": True,
}


def _bodies(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for path, methods in document["paths"].items():
        for method, found in methods.items():
            for content in found.get("requestBody", {}).get("content", {}).values():
                name = content["schema"].get("$ref", "").rpartition("/")[2]
                yield f"{method.upper()} {path}", document["components"]["schemas"].get(name, {})


def test_no_body_offers_what_only_operations_set(client: Browser) -> None:
    document = client.get("/api/v1/openapi.json").json()
    bodies = dict(_bodies(document))
    assert len(bodies) > 40
    offered = {
        place: found - _KNOWINGLY.get(place, set())
        for place, schema in bodies.items()
        if (found := _OURS & set(schema.get("properties", {})))
    }
    assert {place: names for place, names in offered.items() if names} == {}
    assert [place for place, schema in bodies.items() if schema.get("additionalProperties") is True] == []


def test_further_fields_of_a_body_change_nothing(app: App, client: Browser) -> None:
    create_user(app, "program@example.com", "administrator")
    login = {"email": "program@example.com", "password": PASSWORD}
    headers = {
        "Authorization": f"Bearer {client.post('/api/v1/auth/login', json=login).json()['access_token']}"
    }
    body = {"kind": "individual", "name": "Ana"}
    refused = client.post("/api/v1/customers", json=body | _MORE, headers=headers)
    assert refused.status_code == 422
    assert {error["field"] for error in refused.json()["errors"]} >= {"id", "number", "status", "balance"}
    made = client.post("/api/v1/customers", json=body, headers=headers).json()
    assert (made["number"], made["version"]) == ("C000001", 1)


@pytest.mark.parametrize("path", ["/profile", "/profile/name", "/profile/edit"])
def test_a_person_gives_themselves_nothing_by_their_profile(
    app: App, make_client: Callable[[], Browser], path: str
) -> None:
    key = create_user(app, "care@example.com", "customer_care")
    browser = make_client().sign_in("care@example.com")
    more = {
        "roles": ["administrator"],
        "kind": "portal",
        "customer_id": "1",
        "status": "disabled",
        "email": "x@y.example",
    }
    answer = browser.submit(path, {"name": "Care", "language": "en", **more}, page="/profile")
    assert answer.status_code < 500
    with app.reading() as ctx:
        user = ctx.session.get_one(User, key)
        assert (user.kind, user.customer_id, user.status) == ("staff", None, "active")
        assert user.email == "care@example.com"
        assert [role.name for role in roles_of(ctx, key)] == ["customer_care"]


def test_an_owner_invites_nobody_into_another_customer(
    app: App, households: tuple[Household, Household], portal_client: Callable[..., Browser]
) -> None:
    from sqlmodel import select

    ana, bruno = households
    owner = portal_client(ana)
    more = {
        "customer_id": str(bruno.customer_id),
        "customer_number": bruno.number,
        "kind": "staff",
        "status": "active",
    }
    fields = {"email": "novo@correio.example", "name": "Novo", "language": "en", "roles": ["portal_finance"]}
    owner.submit("/portal/account/people/invite", fields | more)
    with app.reading() as ctx:
        made = ctx.session.scalars(select(User).where(User.email == "novo@correio.example")).all()
        for user in made:
            assert (user.customer_id, user.kind, user.status) == (ana.customer_id, "portal", "invited")
