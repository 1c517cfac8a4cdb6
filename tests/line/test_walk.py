"""A walk over every address: as nobody, as each role, as another customer, and without the form's token."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest

from tests.plugins.portal.conftest import Household, households, portal_client
from trunkline.access.roles import BUILTIN_ROLES
from trunkline.app import App
from trunkline.rest.routing import RestRoute
from trunkline.testing import PASSWORD, Browser, create_user
from trunkline.web.app import page_routes
from trunkline.web.pages import PUBLIC, SIGNED_IN, PageRoute

__all__ = ["households", "portal_client"]

_PARAMETER = re.compile(r"\{([a-z_]+)(?::[a-z]+)?\}")
#: Statuses with which a page may answer somebody who is let in; 286 tells htmx to stop asking.
_LET_IN = {200, 286, 303, 304, 404, 405, 409, 410, 422}


@dataclass(frozen=True)
class Somebody:
    """A role's user: what they hold, and a browser and a token to walk with."""

    role: str
    audience: str
    permissions: frozenset[str] | None
    browser: Browser
    token: str

    def may(self, permission: str) -> bool:
        return self.permissions is None or permission in self.permissions


def real_path(path: str, known: dict[str, str]) -> str:
    """The path with things that exist where the walk knows one, else with what nothing is called."""

    def value(match: re.Match[str]) -> str:
        name = match.group(1)
        before = path[: match.start()]
        return known.get(
            f"{before}{{{name}}}", "1" if ":int" in match.group() or name.endswith("_id") else "nothing"
        )

    return _PARAMETER.sub(value, path)


@pytest.fixture
def known(households: tuple[Household, Household]) -> dict[str, str]:
    """Things of the first household by the path that leads to them."""
    ana = households[0]
    return {
        "/customers/{number}": ana.number,
        "/catalog/services/{number}": ana.service,
        "/catalog/orders/{number}": "O000001",
        "/catalog/products/{code}": "mobile",
        "/billing/invoices/{number}": ana.invoice,
        "/billing/accounts/{number}": ana.account,
        "/billing/tariffs/{name}": "retail",
        "/inventory/items/{number}": "I000001",
        "/portal/services/{number}": ana.service,
        "/portal/invoices/{number}": ana.invoice,
        "/portal/staff/{number}": ana.number,
        "/portal/customers/{number}": ana.number,
        "/users/{user_id}": "1",
    }


@pytest.fixture
def everybody(
    app: App, make_client: Callable[[], Browser], households: tuple[Household, Household]
) -> list[Somebody]:
    """One user for each built-in role; portal users belong to the second household."""
    return list(_everybody(app, make_client, households[1].customer_id))


def _everybody(app: App, make_client: Callable[[], Browser], customer_id: int) -> Iterator[Somebody]:
    from trunkline.access.roles import permissions_of

    for role in BUILTIN_ROLES:
        email = f"walk-{role.name.replace('_', '-')}@example.com"
        owner = customer_id if role.audience == "portal" else None
        key = create_user(app, email, role.name, customer_id=owner)
        with app.reading() as ctx:
            permissions = permissions_of(ctx.session, key)
        browser = make_client().sign_in(email)
        login = browser.post("/api/v1/auth/login", json={"email": email, "password": PASSWORD})
        token = login.json()["access_token"] if login.status_code == 200 else ""
        yield Somebody(role.name, role.audience, permissions, browser, token)


def _pages(app: App, method: str) -> list[PageRoute]:
    return [route for _plugin, route in page_routes(app) if method in route.methods]


@pytest.mark.timeout(600)
def test_every_page_lets_in_whom_it_declares_and_nobody_else(
    app: App, everybody: list[Somebody], known: dict[str, str], make_client: Callable[[], Browser]
) -> None:
    wrong = []
    nobody = make_client()
    for route in _pages(app, "GET"):
        path = real_path(route.path, known)
        status = nobody.get(path, follow_redirects=False).status_code
        if route.permission != PUBLIC and status != 303:
            wrong.append(f"nobody GET {path}: {status}")
        if route.permission == PUBLIC and status not in _LET_IN:
            wrong.append(f"nobody GET {path}: {status}")
        for one in everybody:
            status = one.browser.get(path, follow_redirects=False).status_code
            fits = route.audience in ("any", one.audience)
            let_in = route.permission in (PUBLIC, SIGNED_IN) or one.may(route.permission)
            expected = _LET_IN if route.permission == PUBLIC or (fits and let_in) else {403}
            if status not in expected:
                wrong.append(f"{one.role} GET {path}: {status}, not {sorted(expected)[:3]}")
    assert not wrong, "\n".join(wrong)


@pytest.mark.timeout(600)
def test_fragments_are_guarded_like_their_pages(
    app: App, everybody: list[Somebody], known: dict[str, str], make_client: Callable[[], Browser]
) -> None:
    wrong = []
    htmx = {"HX-Request": "true"}
    nobody = make_client()
    auditor = next(one for one in everybody if one.role == "warehouse")
    for route in _pages(app, "GET"):
        path = real_path(route.path, known)
        if route.permission != PUBLIC and nobody.get(path, headers=htmx).status_code != 401:
            wrong.append(f"nobody {path}")
        answer = auditor.browser.get(path, headers=htmx, follow_redirects=False)
        closed = route.permission not in (PUBLIC, SIGNED_IN) and not (
            route.audience in ("any", "staff") and auditor.may(route.permission)
        )
        if closed != (answer.status_code == 403) or answer.status_code >= 500:
            wrong.append(f"{auditor.role} {path}: {answer.status_code}")
    assert not wrong, "\n".join(wrong)


@pytest.mark.timeout(600)
def test_nothing_is_done_without_the_forms_token(
    app: App, everybody: list[Somebody], known: dict[str, str], make_client: Callable[[], Browser]
) -> None:
    wrong = []
    walkers = [one.browser for one in everybody if one.role in ("administrator", "portal_owner")]
    for route in _pages(app, "POST"):
        path = real_path(route.path, known)
        for browser in (make_client(), *walkers):
            for headers in ({}, {"HX-Request": "true"}, {"Origin": "https://elsewhere.example"}):
                status = browser.post(path, data={}, headers=headers, follow_redirects=False).status_code
                if status != 403:
                    wrong.append(f"POST {path} {headers}: {status}")
    assert not wrong, "\n".join(wrong)


@pytest.mark.timeout(600)
def test_every_rest_route_lets_in_whom_it_declares_and_nobody_else(
    app: App, everybody: list[Somebody], make_client: Callable[[], Browser]
) -> None:
    wrong = []
    client = make_client()
    for prefix, route in _rest(app):
        path = f"/api/v1{prefix}" + _PARAMETER.sub("1", route.path)
        if route.permission == PUBLIC:
            continue
        status = client.request(route.method, path, json={}).status_code
        if status != 401:
            wrong.append(f"nobody {route.method} {path}: {status}")
        for one in everybody:
            headers = {"Authorization": f"Bearer {one.token}", "If-Match": '"1"'}
            status = client.request(route.method, path, json={}, headers=headers).status_code
            allowed = route.permission == SIGNED_IN or one.may(route.permission)
            if status >= 500 or status == 401 or (status == 403) is allowed:
                wrong.append(f"{one.role} {route.method} {path}: {status}")
    assert not wrong, "\n".join(wrong)


def _rest(app: App) -> list[tuple[str, RestRoute]]:
    return [
        (routes.prefix, route)
        for _plugin, routes in app.hooks.gather("rest_routes")
        for route in routes.routes
    ]


@pytest.mark.timeout(300)
def test_another_customers_things_are_not_there(everybody: list[Somebody], known: dict[str, str]) -> None:
    owner = next(one for one in everybody if one.role == "portal_owner")
    for path in ("/portal/services/{number}", "/portal/invoices/{number}", "/portal/invoices/{number}/pdf"):
        assert owner.browser.get(real_path(path, known)).status_code == 404, path
