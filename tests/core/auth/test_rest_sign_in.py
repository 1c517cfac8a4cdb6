"""Programs that sign in over REST: tokens, their refresh and their end, and API keys."""

from collections.abc import Callable
from typing import Any

import jwt
import pytest
from sqlalchemy import select

from tests.clock import StandingClock
from trunkline.app import App
from trunkline.auth import operations
from trunkline.auth.models import ApiKey, RefreshToken
from trunkline.testing import PASSWORD, Browser, create_user

#: The trunk alone, without plugins.
pytestmark = pytest.mark.plugins()


LOGIN = "/api/v1/auth/login"
REFRESH = "/api/v1/auth/refresh"
USERS = "/api/v1/users"


def log_in(client: Browser, email: str = "ana@example.com", password: str = PASSWORD) -> Any:
    return client.post(LOGIN, json={"email": email, "password": password})


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


@pytest.fixture
def ana(app: App) -> int:
    return create_user(app, "ana@example.com", "auditor")


@pytest.mark.both_databases
def test_a_program_signs_in_and_reads_what_its_roles_allow(ana: int, client: Browser) -> None:
    pair = log_in(client).json()
    assert (pair["token_type"], pair["expires_in"]) == ("Bearer", 900)
    users = client.get(USERS, headers=bearer(pair["access_token"]))
    assert users.status_code == 200
    assert users.json()["items"][0]["roles"] == ["auditor"]
    assert users.json()["total"] == 1
    settings = client.patch(
        "/api/v1/settings/core",
        json={"values": {"session_hours": 2}},
        headers=bearer(pair["access_token"]),
    )
    assert settings.status_code == 403


@pytest.mark.parametrize(("email", "password"), [("ana@example.com", "no"), ("nobody@example.com", "no")])
def test_wrong_credentials_are_a_problem_document(
    ana: int, client: Browser, email: str, password: str
) -> None:
    answer = log_in(client, email, password)
    assert answer.status_code == 401
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["detail"].startswith("The e-mail address or the password is wrong.")


def test_too_many_attempts_are_429(ana: int, client: Browser) -> None:
    for _n in range(10):
        log_in(client, password="wrong")
    answer = log_in(client)
    assert (answer.status_code, "1 minute." in answer.json()["detail"]) == (429, True)


def test_without_credentials_nothing_is_said(ana: int, client: Browser) -> None:
    answer = client.get(USERS)
    assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")


def test_an_access_token_expires(ana: int, client: Browser, clock: StandingClock) -> None:
    pair = log_in(client).json()
    clock.pass_time(minutes=15)
    answer = client.get(USERS, headers=bearer(pair["access_token"]))
    assert (answer.status_code, "expired" in answer.json()["detail"]) == (401, True)


def test_a_token_signed_by_somebody_else_is_refused(ana: int, client: Browser) -> None:
    good = log_in(client).json()["access_token"]
    claims = jwt.decode(good, options={"verify_signature": False})
    header = jwt.get_unverified_header(good)
    for key, algorithm in ((b"x" * 32, "HS256"), ("", "none")):
        forged = jwt.encode(claims, key, algorithm, headers={"kid": header["kid"]})
        assert client.get(USERS, headers=bearer(forged)).status_code == 401


@pytest.mark.both_databases
def test_a_refresh_token_works_once_and_its_reuse_ends_the_whole_sign_in(ana: int, client: Browser) -> None:
    first = log_in(client).json()
    second = client.post(REFRESH, json={"refresh_token": first["refresh_token"]}).json()
    assert client.get(USERS, headers=bearer(second["access_token"])).status_code == 200
    stolen = client.post(REFRESH, json={"refresh_token": first["refresh_token"]})
    assert stolen.status_code == 401
    assert client.post(REFRESH, json={"refresh_token": second["refresh_token"]}).status_code == 401
    assert client.get(USERS, headers=bearer(second["access_token"])).status_code == 401


def test_one_sign_in_ends_without_harm_to_another(ana: int, client: Browser) -> None:
    one, other = log_in(client).json(), log_in(client).json()
    done = client.post("/api/v1/auth/logout", json={"refresh_token": one["refresh_token"]})
    assert done.status_code == 204
    assert client.get(USERS, headers=bearer(one["access_token"])).status_code == 401
    assert client.get(USERS, headers=bearer(other["access_token"])).status_code == 200


def test_refreshing_ends_when_the_sign_in_is_too_old(ana: int, client: Browser, clock: StandingClock) -> None:
    pair = log_in(client).json()
    clock.pass_time(days=30)
    assert client.post(REFRESH, json={"refresh_token": pair["refresh_token"]}).status_code == 401


def test_a_disabled_user_loses_tokens_and_keys_at_once(
    app: App, client: Browser, staff: Callable[..., Browser]
) -> None:
    key = create_user(app, "root@example.com", "administrator")
    create_user(app, "second@example.com", "administrator")
    pair = log_in(client, "root@example.com").json()
    secret = api_key(app, key)
    assert client.get(USERS, headers={"X-API-Key": secret}).status_code == 200
    with app.unit_of_work() as ctx:
        operations.disable_user(ctx, key)
    assert client.get(USERS, headers=bearer(pair["access_token"])).status_code == 401
    assert client.get(USERS, headers={"X-API-Key": secret}).status_code == 401


def test_the_database_keeps_no_refresh_token(app: App, ana: int, client: Browser) -> None:
    pair = log_in(client).json()
    with app.reading() as ctx:
        assert ctx.session.scalars(select(RefreshToken)).one().token_hash != pair["refresh_token"]


def test_tokens_are_not_remembered_under_an_idempotency_key(ana: int, client: Browser) -> None:
    body = {"email": "ana@example.com", "password": PASSWORD}
    one, other = (
        client.post(LOGIN, json=body, headers={"Idempotency-Key": "same"}).json() for _n in range(2)
    )
    assert one["refresh_token"] != other["refresh_token"]


def test_users_are_invited_changed_and_disabled_over_rest(app: App, client: Browser) -> None:
    create_user(app, "root@example.com", "administrator")
    headers = bearer(log_in(client, "root@example.com").json()["access_token"])
    body = {"email": "bruno@example.com", "name": "Bruno", "roles": ["cashier"]}
    made = client.post(USERS, json=body, headers=headers).json()
    assert (made["status"], made["roles"]) == ("invited", ["cashier"])
    one = f"{USERS}/{made['id']}"
    edit = {"name": "Bruno Reis", "roles": ["auditor"]}
    changed = client.patch(one, json=edit, headers={**headers, "If-Match": f'"{made["version"]}"'})
    assert (changed.json()["name"], changed.json()["roles"]) == ("Bruno Reis", ["auditor"])
    again = client.patch(one, json=edit, headers={**headers, "If-Match": f'"{made["version"]}"'})
    assert again.status_code == 409
    again = client.post(f"{one}/invite-again", headers=headers)
    assert (again.status_code, again.json()["status"]) == (202, "invited")
    assert client.post(f"{one}/disable", headers=headers).json()["status"] == "disabled"
    assert client.get(f"{USERS}?status=disabled", headers=headers).json()["total"] == 1
    refused = client.post(USERS, json={**body, "email": "none", "roles": []}, headers=headers)
    assert {error["field"] for error in refused.json()["errors"]} == {"email", "roles"}


def test_a_program_signs_somebody_out_of_their_browsers(
    app: App, client: Browser, staff: Callable[..., Browser]
) -> None:
    boss = create_user(app, "root@example.com", "administrator")
    headers = bearer(log_in(client, "root@example.com").json()["access_token"])
    browser = staff("cashier")
    assert browser.get("/", follow_redirects=False).status_code == 200
    listed = client.get(USERS, headers=headers).json()["items"]
    (cashier,) = (user["id"] for user in listed if user["id"] != boss)
    assert client.post(f"{USERS}/{cashier}/end-sessions", headers=headers).status_code == 200
    assert browser.get("/", follow_redirects=False).headers["location"].startswith("/sign-in")


def api_key(app: App, user_id: int, *permissions: str, days: int = 0, networks: str = "") -> str:
    from trunkline.auth import api_keys
    from trunkline.auth.schemas import CreateApiKey
    from trunkline.operation import Actor, ActorKind

    actor = Actor(ActorKind.STAFF, user_id, "Root", permissions=None)
    with app.unit_of_work(actor) as ctx:
        command = CreateApiKey(name="Exporter", days=days, networks=networks, permissions=list(permissions))
        return api_keys.create_key(ctx, command)[1]


def test_a_key_is_never_stronger_than_what_was_chosen_for_it(app: App, client: Browser) -> None:
    key = create_user(app, "root@example.com", "administrator")
    narrow = api_key(app, key, "core.user.list")
    assert client.get(USERS, headers={"X-API-Key": narrow}).status_code == 200
    assert client.get("/api/v1/roles", headers={"X-API-Key": narrow}).status_code == 403


def test_a_key_expires(app: App, client: Browser, clock: StandingClock) -> None:
    secret = api_key(app, create_user(app, "root@example.com", "administrator"), days=30)
    clock.pass_time(days=30)
    answer = client.get(USERS, headers={"X-API-Key": secret})
    assert (answer.status_code, "does not work any more" in answer.json()["detail"]) == (401, True)


def test_a_key_is_shown_once_kept_as_a_digest_and_revoked_on_the_profile(
    app: App, staff: Callable[..., Browser], client: Browser
) -> None:
    browser = staff()
    made = browser.submit("/profile/api-keys/new", {"name": "Exporter", "days": "30"})
    secret = made.text.split(">trunkline_")[1].split("<")[0]
    secret = f"trunkline_{secret}"
    assert client.get(USERS, headers={"X-API-Key": secret}).status_code == 200
    assert secret not in browser.get("/profile").text
    with app.reading() as ctx:
        row = ctx.session.scalars(select(ApiKey)).one()
        assert row.key_digest != secret
    browser.submit(f"/profile/api-keys/{row.id}/revoke", page="/profile")
    assert client.get(USERS, headers={"X-API-Key": secret}).status_code == 401


def test_nobody_gives_a_key_what_they_do_not_hold(app: App, staff: Callable[..., Browser]) -> None:
    browser = staff("supervisor")
    fields = {"name": "Exporter", "days": "30", "may_core_settings": ["core.settings.edit"]}
    answer = browser.submit("/profile/api-keys/new", fields)
    assert answer.status_code == 403
    with app.reading() as ctx:
        assert ctx.session.scalars(select(ApiKey)).all() == []
