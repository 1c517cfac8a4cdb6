"""What asks people for their password once more asks programs for a fresh sign-in."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlmodel import col, select

from tests.clock import StandingClock
from tests.core.auth.second_factor import ANA, ana, set_up
from tests.core.auth.test_rest_sign_in import REFRESH, bearer, log_in
from trunkline.activity.models import ActivityEntry
from trunkline.app import App
from trunkline.auth import api_keys, queries
from trunkline.auth.models import User
from trunkline.auth.schemas import CreateApiKey
from trunkline.settings.operations import save as save_settings
from trunkline.testing import Browser, create_user

__all__ = ["ana"]

pytestmark = pytest.mark.plugins()
BOSS = "boss@example.com"
_ROTATE, _KEYS = "/api/v1/signing-keys/rotate", "/api/v1/api-keys"


@pytest.fixture
def boss(app: App, client: Browser) -> Browser:
    """A program of an administrator, signed in just now."""
    create_user(app, BOSS, "administrator")
    client.headers.update(bearer(log_in(client, BOSS).json()["access_token"]))
    return client


def _asks_for_a_sign_in(answer: Any) -> bool:
    challenge = answer.headers.get("www-authenticate", "")
    return (
        answer.status_code == 401 and 'error="insufficient_user_authentication", max_age="600"' in challenge
    )


def _entry(app: App, operation: str) -> ActivityEntry:
    with app.reading() as ctx:
        return ctx.session.scalars(
            select(ActivityEntry).where(col(ActivityEntry.operation) == operation)
        ).one()


def test_ten_minutes_after_signing_in_a_program_signs_in_again_and_refreshing_is_not_enough(
    app: App, client: Browser, clock: StandingClock
) -> None:
    create_user(app, BOSS, "administrator")
    first = log_in(client, BOSS).json()
    fresh = client.post(_ROTATE, json={}, headers=bearer(first["access_token"]))
    assert fresh.status_code == 201, fresh.text
    assert fresh.json()["state"] == "signs"
    clock.pass_time(minutes=10)
    assert _asks_for_a_sign_in(client.post(_ROTATE, json={}, headers=bearer(first["access_token"])))
    refreshed = client.post(REFRESH, json={"refresh_token": first["refresh_token"]}).json()
    late = client.post(_ROTATE, json={}, headers=bearer(refreshed["access_token"]))
    assert _asks_for_a_sign_in(late)
    assert "/api/v1/auth/login" in late.json()["detail"]
    again = log_in(client, BOSS).json()
    assert client.post(_ROTATE, json={}, headers=bearer(again["access_token"])).status_code == 201
    with app.reading() as ctx:
        rotated = select(ActivityEntry).where(col(ActivityEntry.operation) == "core.signing_key.change")
        assert [entry.actor_kind for entry in ctx.session.scalars(rotated)] == ["api", "api"]


def test_an_api_key_is_no_fresh_sign_in(app: App, client: Browser) -> None:
    boss = create_user(app, BOSS, "administrator")
    with app.unit_of_work() as ctx:
        command = CreateApiKey(name="script", days=1, networks="", permissions=[])
        secret = api_keys.make(ctx, ctx.session.get_one(User, boss), command)[1]
    headers = {"X-API-Key": secret}
    assert _asks_for_a_sign_in(client.post(_ROTATE, json={}, headers=headers))
    assert _asks_for_a_sign_in(client.post(_KEYS, json={"name": "another"}, headers=headers))
    assert client.get("/api/v1/signing-keys", headers=headers).json()["items"] == []


def test_a_key_that_somebody_saw_ends_every_token(boss: Browser) -> None:
    assert boss.post(_ROTATE, json={"at_once": True}).status_code == 201
    assert boss.get("/api/v1/signing-keys").status_code == 401
    again = log_in(boss, BOSS).json()["access_token"]
    listed = boss.get("/api/v1/signing-keys", headers=bearer(again)).json()["items"]
    assert [key["state"] for key in listed] == ["signs", "over"]


def test_who_may_not_is_told_so_before_anybody_asks_for_a_sign_in(
    app: App, client: Browser, clock: StandingClock
) -> None:
    create_user(app, ANA, "auditor")
    token = log_in(client, ANA).json()["access_token"]
    clock.pass_time(minutes=12)
    assert client.post(_ROTATE, json={}, headers=bearer(token)).status_code == 403


def test_a_lost_second_factor_is_taken_away(
    app: App, ana: Browser, make_client: Callable[[], Browser], clock: StandingClock
) -> None:
    set_up(ana, clock)
    with app.reading() as ctx:
        key = queries.by_email(ctx, ANA).key  # type: ignore[union-attr]  # she was made just now
    create_user(app, BOSS, "administrator")
    program = make_client()
    program.headers.update(bearer(log_in(program, BOSS).json()["access_token"]))
    place = f"/api/v1/users/{key}/second-factor"
    before = program.get(place).json()
    assert before["app_since"] is not None
    assert log_in(program, ANA).json()["errors"][0]["field"] == "otp"
    after = program.post(f"{place}/reset")
    assert after.status_code == 200, after.text
    assert (after.json()["app_since"], after.json()["backup_codes_left"]) == (None, 0)
    assert log_in(program, ANA).status_code == 200
    assert _entry(app, "core.second_factor.delete").actor_kind == "api"


def test_ones_own_factor_and_a_strangers_are_refused(app: App, boss: Browser) -> None:
    with app.reading() as ctx:
        own = queries.by_email(ctx, BOSS).key  # type: ignore[union-attr]  # made just now
    assert boss.post(f"/api/v1/users/{own}/second-factor/reset").status_code == 422
    assert boss.post("/api/v1/users/999/second-factor/reset").status_code == 404
    assert boss.post("/api/v1/users/999/sign-in/release").status_code == 404


def test_a_role_demands_a_second_factor(app: App, boss: Browser) -> None:
    create_user(app, "otavio@example.com", "cashier")
    token = log_in(boss, "otavio@example.com").json()["access_token"]
    said = boss.patch("/api/v1/roles/cashier/second-factor", json={"required": True})
    assert said.json() == {"role": "cashier", "required": True, "people_without": 1}
    headers = bearer(token)
    assert boss.get("/api/v1/customers", headers=headers).status_code == 401


def test_who_tried_too_often_is_let_in_again(app: App, boss: Browser) -> None:
    with app.unit_of_work() as ctx:
        save_settings(ctx, "core", {"attempts_per_account": 3})
    key = create_user(app, "otavio@example.com", "cashier")
    for _attempt in range(3):
        log_in(boss, "otavio@example.com", "wrong")
    assert log_in(boss, "otavio@example.com").status_code == 429
    assert boss.get(f"/api/v1/users/{key}/second-factor").json()["waits_until"] is not None
    assert boss.post(f"/api/v1/users/{key}/sign-in/release").json()["waits_until"] is None
    assert log_in(boss, "otavio@example.com").status_code == 200
    assert _entry(app, "core.sign_in.release").actor_kind == "api"


def test_browsers_of_a_user_are_listed_and_one_is_signed_out(
    app: App, boss: Browser, make_client: Callable[[], Browser]
) -> None:
    key = create_user(app, "otavio@example.com", "cashier")
    browser = make_client().sign_in("otavio@example.com")
    place = f"/api/v1/users/{key}/sessions"
    [session] = boss.get(place).json()["items"]
    assert boss.delete(f"{place}/{session['id']}").status_code == 204
    assert boss.get(place).json()["items"] == []
    assert browser.get("/", follow_redirects=False).headers["location"].startswith("/sign-in")


def test_a_key_of_ones_own_is_made_shown_once_and_revoked(boss: Browser) -> None:
    made = boss.post(_KEYS, json={"name": "script", "permissions": ["core.customer.list"]})
    assert made.status_code == 201, made.text
    secret = made.json()["key"]
    listed = boss.get(_KEYS)
    assert secret not in listed.text
    [key] = listed.json()["items"]
    asking = {"X-API-Key": secret, "Authorization": ""}
    assert boss.get("/api/v1/customers", headers=asking).status_code == 200
    assert boss.get("/api/v1/users", headers=asking).status_code == 403
    assert boss.delete(f"{_KEYS}/{key['id']}").status_code == 204
    assert boss.get("/api/v1/customers", headers=asking).status_code == 401
    assert boss.delete(f"{_KEYS}/999").status_code == 404


@pytest.mark.parametrize(
    ("method", "path", "sent", "done"),
    [
        ("POST", "/roles", {"name": "night_shift", "label": "Night shift", "permissions": []}, 201),
        ("POST", "/users", {"name": "Rui Alves", "email": "rui@example.com", "roles": ["cashier"]}, 201),
        ("POST", "/service-accounts", {"code": "erp", "name": "ERP", "roles": ["auditor"]}, 201),
        ("POST", "/webhooks", {"name": "ERP", "url": "https://erp.example.com/in", "events": []}, 201),
        ("DELETE", "/roles/night_shift", None, 404),
    ],
)
def test_a_service_accounts_key_does_what_an_old_sign_in_and_a_persons_key_are_refused(
    app: App,
    boss: Browser,
    clock: StandingClock,
    method: str,
    path: str,
    sent: dict[str, Any] | None,
    done: int,
) -> None:
    own = boss.post(_KEYS, json={"name": "script"}).json()["key"]
    made = boss.post(
        "/api/v1/service-accounts", json={"code": "sync", "name": "Sync", "roles": ["administrator"]}
    )
    assert made.status_code == 201, made.text
    key = boss.post(f"/api/v1/service-accounts/{made.json()['id']}/keys", json={"name": "k"}).json()["key"]
    clock.pass_time(minutes=10)

    def ask(headers: dict[str, str]) -> Any:
        return boss.request(method, f"/api/v1{path}", json=sent, headers=headers)

    assert _asks_for_a_sign_in(ask({}))
    assert _asks_for_a_sign_in(ask({"X-API-Key": own, "Authorization": ""}))
    answer = ask({"X-API-Key": key, "Authorization": ""})
    assert answer.status_code == done, answer.text


def test_the_document_says_what_needs_a_fresh_sign_in(client: Browser) -> None:
    paths = client.get("/api/v1/openapi.json").json()["paths"]
    assert "not older than ten minutes" in paths["/signing-keys/rotate"]["post"]["description"]
    assert "or a service account's API key" in paths["/users"]["post"]["description"]
    assert "not older" not in paths["/customers"]["post"].get("description", "")
