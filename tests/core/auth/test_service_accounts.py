"""Accounts of programs: nobody signs in to them, and nobody gives a key more than they hold themselves."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select, text

from trunkline.access.operations import check_administrator_remains
from trunkline.app import App
from trunkline.auth import own_account, queries
from trunkline.errors import Refused
from trunkline.mail.models import Email
from trunkline.testing import PASSWORD, Browser, create_user

pytestmark = pytest.mark.plugins()

ACCOUNTS = "/api/v1/service-accounts"
USERS = "/api/v1/users"


@pytest.fixture
def root(app: App, client: Browser) -> dict[str, str]:
    """The headers of an administrator's program."""
    create_user(app, "root@example.com", "administrator")
    body = {"email": "root@example.com", "password": PASSWORD}
    return {"Authorization": f"Bearer {client.post('/api/v1/auth/login', json=body).json()['access_token']}"}


def exporter(client: Browser, headers: dict[str, str], *roles: str) -> dict[str, Any]:
    body = {"name": "Exporter", "code": "exporter", "roles": list(roles or ("auditor",))}
    return dict(client.post(ACCOUNTS, json=body, headers=headers).json())


def key_of(client: Browser, headers: dict[str, str], account: dict[str, Any], **facts: Any) -> Any:
    body = {"name": "main", "days": 30, **facts}
    return client.post(f"{ACCOUNTS}/{account['id']}/keys", json=body, headers=headers)


@pytest.mark.both_databases
def test_a_program_of_its_own_does_what_its_roles_allow_until_it_is_disabled(
    root: dict[str, str], client: Browser
) -> None:
    account = exporter(client, root)
    assert (account["code"], account["status"], account["keys"]) == ("exporter", "active", 0)
    made = key_of(client, root, account, permissions=["core.user.list"], networks="testclient").json()
    assert made["errors"][0]["field"] == "networks"
    made = key_of(client, root, account, permissions=["core.user.list"]).json()
    mine = {"X-API-Key": made["key"]}
    assert client.get(USERS, headers=mine).status_code == 200
    assert client.get("/api/v1/roles", headers=mine).status_code == 403
    shown = client.get(f"{ACCOUNTS}/{account['id']}/keys", headers=root).json()["items"]
    assert (shown[0]["shown"], "key" in shown[0]) == (made["key"][:16], False)
    assert client.get(f"{ACCOUNTS}/{account['id']}", headers=root).json()["keys"] == 1
    for action, status in (("disable", 401), ("enable", 200)):
        client.post(f"{ACCOUNTS}/{account['id']}/{action}", headers=root)
        assert client.get(USERS, headers=mine).status_code == status
    client.post(f"{USERS}/{account['id']}/disable", headers=root)
    assert client.post(f"{USERS}/{account['id']}/enable", headers=root).json()["status"] == "active"
    gone = client.delete(f"{ACCOUNTS}/{account['id']}/keys/{made['id']}", headers=root)
    assert (gone.status_code, client.get(USERS, headers=mine).status_code) == (204, 401)


def test_nobody_signs_in_to_a_service_account(app: App, root: dict[str, str], client: Browser) -> None:
    account = exporter(client, root)
    for password in ("", PASSWORD):
        body = {"email": "exporter@service.invalid", "password": password}
        assert client.post("/api/v1/auth/login", json=body).status_code == 401
    with app.unit_of_work() as ctx:
        own_account.ask_for_link(ctx, "exporter@service.invalid")
    with app.reading() as ctx:
        assert ctx.session.scalars(select(Email)).all() == []
    staff_page = client.get(f"{ACCOUNTS}/{account['id']}")
    assert staff_page.status_code == 401


def test_nobody_makes_an_account_or_a_key_that_may_do_more_than_they(
    app: App, root: dict[str, str], client: Browser
) -> None:
    strong = exporter(client, root, "administrator")
    weak = client.post(
        ACCOUNTS, json={"name": "Weak", "code": "weak", "roles": ["warehouse"]}, headers=root
    ).json()
    role = {"name": "helper", "label": "Helper", "description": "", "audience": "staff"}
    client.post("/api/v1/roles", json=role, headers=root)
    permissions = [f"core.service_account.{verb}" for verb in ("create", "edit", "disable", "view", "list")]
    client.patch(
        "/api/v1/roles/helper", json={**role, "permissions": permissions}, headers={**root, "If-Match": '"1"'}
    )
    create_user(app, "helper@example.com", "helper")
    body = {"email": "helper@example.com", "password": PASSWORD}
    token = client.post("/api/v1/auth/login", json=body).json()["access_token"]
    helper = {"Authorization": f"Bearer {token}"}
    stronger = {"name": "Mine", "code": "mine", "roles": ["administrator"]}
    assert client.post(ACCOUNTS, json=stronger, headers=helper).status_code == 403
    assert key_of(client, helper, strong).status_code == 403
    assert client.post(f"{ACCOUNTS}/{strong['id']}/disable", headers=helper).status_code == 403
    beyond = key_of(client, root, weak, permissions=["core.settings.edit"])
    assert (beyond.status_code, beyond.json()["errors"][0]["field"]) == (403, "permissions")


def test_a_persons_account_is_no_service_account_and_the_other_way_round(
    app: App, root: dict[str, str], client: Browser
) -> None:
    person = create_user(app, "ana@example.com", "auditor")
    assert client.get(f"{ACCOUNTS}/{person}", headers=root).status_code == 404
    assert key_of(client, root, {"id": person}).status_code == 404
    first, second = exporter(client, root), exporter(client, root)
    assert (second["status"], second["errors"][0]["field"]) == (409, "code")
    other = client.post(
        ACCOUNTS, json={"name": "Other", "code": "other", "roles": ["auditor"]}, headers=root
    ).json()
    made = key_of(client, root, first).json()
    assert client.delete(f"{ACCOUNTS}/{other['id']}/keys/{made['id']}", headers=root).status_code == 404


def test_a_program_with_every_permission_is_not_the_last_administrator(
    app: App, root: dict[str, str], client: Browser
) -> None:
    exporter(client, root, "administrator")
    with app.unit_of_work() as ctx:
        user = queries.by_email(ctx, "root@example.com")
        assert user is not None
        with pytest.raises(Refused, match="last administrator"):
            check_administrator_remains(ctx, without=user)


def test_a_key_is_not_kept_for_repeated_requests_nor_in_the_log(
    app: App, root: dict[str, str], client: Browser
) -> None:
    account = exporter(client, root)
    repeated = {**root, "Idempotency-Key": "same"}
    one, other = (key_of(client, repeated, account).json()["key"] for _n in range(2))
    assert one != other
    with app.reading() as ctx:
        kept = str(ctx.session.execute(text("SELECT * FROM core_idempotent_answer")).all())
        logged = str(ctx.session.execute(text("SELECT * FROM core_activity")).all())
    assert one not in kept + logged
    assert "core.service_account.edit" in logged


def test_an_administrator_makes_one_on_the_pages(
    app: App, staff: Callable[..., Browser], client: Browser
) -> None:
    browser = staff()
    fields: dict[str, Any] = {"name": "Invoice exporter", "code": "invoices", "roles": ["auditor"]}
    shown = browser.submit("/service-accounts/new", fields)
    assert "Made. Give it a key now." in shown.text
    here = str(shown.url.path)
    made = browser.submit(f"{here}/keys/new", {"name": "main", "days": "0", "networks": "testclient"})
    assert "no address and no network" in made.text
    made = browser.submit(f"{here}/keys/new", {"name": "main", "days": "0"})
    secret = "trunkline_" + made.text.split(">trunkline_")[1].split("<")[0]
    assert client.get(USERS, headers={"X-API-Key": secret}).status_code == 200
    page = browser.get(here).text
    assert ("from testclient" in page, secret in page) == (True, False)
    version = browser.get(f"{here}/edit").text.split('name="version" value="')[1].split('"')[0]
    changed = {"name": "Exporter", "roles": ["warehouse"], "version": version}
    assert "Saved." in browser.submit(f"{here}/edit", changed).text
    assert client.get(USERS, headers={"X-API-Key": secret}).status_code == 403
    browser.submit(f"{here}/disable", page=here)
    assert client.get(USERS, headers={"X-API-Key": secret}).status_code == 401
    assert "Invoice exporter" not in staff().get("/users").text
