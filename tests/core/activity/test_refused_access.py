"""Refused access is on record, once an hour for each kind of thing, and nobody floods the log by asking."""

from collections.abc import Callable

import pytest
from sqlmodel import col, select

from trunkline.activity.models import ActivityEntry
from trunkline.app import App
from trunkline.customers import operations
from trunkline.customers.models import CustomerKind
from trunkline.customers.schemas import RegisterCustomer
from trunkline.testing import PASSWORD, Browser, create_user

pytestmark = pytest.mark.plugins()


def refusals(app: App) -> list[tuple[str, str, int, str]]:
    with app.reading() as ctx:
        found = ctx.session.scalars(
            select(ActivityEntry)
            .where(ActivityEntry.operation == "core.access.refuse")
            .order_by(col(ActivityEntry.id))
        )
        return [(e.actor, e.subject, e.details["status"], e.details["permission"]) for e in found]


def test_what_a_person_may_not_do_is_on_record_once_an_hour(app: App, staff: Callable[..., Browser]) -> None:
    reader, auditor = staff("care_reader"), staff("auditor")
    for _again in range(3):
        assert reader.get("/users").status_code == 403
    assert reader.get("/customers").status_code == 200
    assert reader.get("/customers/C999999").status_code == 404
    ((_who, what, status, permission),) = refusals(app)
    assert (what, status, permission) == ("GET /users", 403, "core.user.list")
    assert "Access refused" in auditor.get("/activity").text


def test_a_program_that_may_not_is_on_record_too(app: App, client: Browser) -> None:
    create_user(app, "reader@example.com", "care_reader")
    pair = client.post(
        "/api/v1/auth/login", json={"email": "reader@example.com", "password": PASSWORD}
    ).json()
    headers = {"Authorization": f"Bearer {pair['access_token']}"}
    for _again in range(2):
        assert client.get("/api/v1/users", headers=headers).status_code == 403
    assert [one[1:] for one in refusals(app)] == [("GET /api/v1/users", 403, "core.user.list")]


def test_asking_for_what_is_out_of_ones_scope_is_on_record(app: App, staff: Callable[..., Browser]) -> None:
    with app.unit_of_work() as ctx:
        other = operations.register(ctx, RegisterCustomer(kind=CustomerKind.INDIVIDUAL, name="Ana Prado"))
    dealer = staff("dealer")
    assert dealer.get(f"/customers/{other.number}").status_code == 404
    assert [one[1:3] for one in refusals(app)] == [(f"GET /customers/{other.number}", 404)]


def test_a_form_without_its_token_is_no_refused_access(app: App, staff: Callable[..., Browser]) -> None:
    assert staff("care_reader").post("/sign-out", data={}).status_code == 403
    assert refusals(app) == []


def test_whoever_tries_everything_leaves_no_more_than_a_few_entries(
    app: App, staff: Callable[..., Browser]
) -> None:
    reader = staff("care_reader")
    for route in app.part(_paths):
        reader.get(route, follow_redirects=False)
    assert 5 < len(refusals(app)) <= 20


def _paths(app: App) -> list[str]:
    from trunkline.web.app import page_routes

    return [
        route.path
        for _plugin, route in page_routes(app)
        if route.methods[0] == "GET" and "{" not in route.path
    ]
