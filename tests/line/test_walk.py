"""A walk over every address: as nobody, as each role, as another customer, and without the form's token."""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.plugins.portal.conftest import Household, households, portal_client
from trunkline.access.roles import BUILTIN_ROLES
from trunkline.app import App
from trunkline.clock import utc_now
from trunkline.rest.routing import RestRoute, RestRoutes
from trunkline.testing import PASSWORD, Browser, create_user
from trunkline.web.app import make_web, page_routes
from trunkline.web.pages import PUBLIC, SIGNED_IN, PageRoute, Pages

__all__ = ["households", "portal_client"]

_PARAMETER = re.compile(r"\{([a-z_]+)(?::[a-z]+)?\}")
#: Statuses with which a page may answer somebody who is let in; 286 tells htmx to stop asking.
_LET_IN = {200, 286, 303, 304, 404, 405, 409, 410, 422}


class Hands:
    """The system's clock, which a test may put ahead."""

    def __init__(self) -> None:
        self.ahead = timedelta()

    def __call__(self) -> datetime:
        return utc_now() + self.ahead


@pytest.fixture
def clock() -> Hands:
    return Hands()


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

    # The first account is what the walk signs out, disables and changes; nobody walks with it.
    create_user(app, "walked-over@example.com", "field_technician")
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
    nobody = make_client()
    walkers = [one.browser for one in everybody if one.role in ("administrator", "portal_owner")]
    for route in _pages(app, "POST"):
        path = real_path(route.path, known)
        for browser in (nobody, *walkers):
            # Whoever is not signed in is led to where they sign in.
            led = browser is nobody and route.permission != PUBLIC
            for headers, expected in (
                ({}, 303 if led else 403),
                ({"HX-Request": "true"}, 401 if led else 403),
                ({"Origin": "https://elsewhere.example"}, 403),
            ):
                answer = browser.post(path, data={}, headers=headers, follow_redirects=False)
                to = answer.headers.get("location", "/sign-in")
                if answer.status_code != expected or not to.startswith("/sign-in"):
                    wrong.append(f"POST {path} {headers}: {answer.status_code} {to}")
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


#: Addresses that nobody needs to sign in for. A new one has to be added here, knowingly.
_OPEN = {
    "/sign-in",
    "/sign-in/code",
    "/sign-in/code/enter",
    "/sign-in/passkey",
    "/sign-in/passkey/options",
    "/sign-in/second-step",
    "/sign-in/set-up",
    "/sign-in/set-up/passkey",
    "/sign-in/set-up/passkey/options",
    "/forgotten-password",
    "/set-password/{token}",
    "/confirm-email/{token}",
    "/keep-email/{token}",
    "/accept-contract/{token}",
    "/accept-contract/{token}/document",
    "/api/v1/docs",
    "POST /api/v1/auth/login",
    "POST /api/v1/auth/refresh",
    "POST /api/v1/auth/logout",
    "GET /api/v1/auth/jwks",
}
#: What the server answers beside declared pages and REST routes; none of it asks who is there.
_SERVED = {"/healthz", "/readyz", "/metrics"}


def _undeclared(app: App, asked: Iterable[tuple[str, str]]) -> list[str]:
    """Addresses whose permission is none that a plugin declares, or that are open although nobody said so."""
    known = {*app.permissions, SIGNED_IN}
    return [
        f"{place} asks for “{permission}”"
        for place, permission in asked
        if permission not in known and not (permission == PUBLIC and place in _OPEN)
    ]


def _asked(app: App) -> Iterator[tuple[str, str]]:
    for _plugin, route in page_routes(app):
        yield route.path, route.permission
    for prefix, rest in _rest(app):
        yield f"{rest.method} /api/v1{prefix}{rest.path}", rest.permission


def test_every_route_declares_a_permission_and_only_those_listed_are_open(app: App) -> None:
    assert _undeclared(app, _asked(app)) == []
    assert {place for place, permission in _asked(app) if permission == PUBLIC} == _OPEN


def test_a_route_without_a_declared_permission_fails_the_build(app: App) -> None:
    with pytest.raises(TypeError, match="permission"):
        Pages().get("/billing/new")  # type: ignore[call-arg]  # what is to be refused
    with pytest.raises(TypeError, match="permission"):
        RestRoutes("/billing", "billing").post("/new")  # type: ignore[call-arg]  # what is to be refused
    new = [("/billing/new", "billing.new.list"), ("/billing/open", PUBLIC), ("/billing/empty", "")]
    assert [text.split()[0] for text in _undeclared(app, new)] == [place for place, _permission in new]


def test_the_server_answers_nothing_that_is_not_declared(app: App) -> None:
    declared = {route.path for _plugin, route in page_routes(app)} | _SERVED
    web = make_web(app)
    served = {str(getattr(route, "path", route)) for route in web.routes}
    assert {path for path in served - declared if not path.startswith("/static/")} == {"/api/v1"}
    rest = {f"{prefix}{route.path}" for prefix, route in _rest(app)}
    assert set(web.state.api.openapi()["paths"]) == rest


def _over(app: App, make_client: Callable[[], Browser]) -> dict[str, tuple[Browser, str]]:
    """Administrators' browsers whose sessions are over, each in its way, with the form's token that was good before."""
    from sqlmodel import col, delete, select, update

    from trunkline.auth.models import User, UserSession, UserStatus

    found, keys = {}, {}
    for way in ("idle", "too old", "revoked", "disabled"):
        email = f"over-{way.replace(' ', '-')}@example.com"
        keys[way] = create_user(app, email, "administrator")
        browser = make_client().sign_in(email)
        found[way] = (browser, browser.csrf("/"))
    long_ago = app.clock() - timedelta(days=2)
    with app.unit_of_work() as ctx:

        def of(way: str) -> Any:
            return col(UserSession.user_id) == keys[way]

        assert len(ctx.session.scalars(select(UserSession).where(of("idle"))).all()) == 1
        ctx.session.execute(update(UserSession).where(of("idle")).values(last_seen_at=long_ago))
        ctx.session.execute(update(UserSession).where(of("too old")).values(expires_at=app.clock()))
        ctx.session.execute(delete(UserSession).where(of("revoked")))
        ctx.session.get_one(User, keys["disabled"]).status = UserStatus.DISABLED
    return found


@pytest.mark.timeout(600)
def test_a_session_that_is_over_opens_nothing_and_does_nothing(
    app: App, known: dict[str, str], make_client: Callable[[], Browser]
) -> None:
    wrong, over = [], _over(app, make_client)
    for route in _pages(app, "GET"):
        if route.permission == PUBLIC:
            continue
        path = real_path(route.path, known)
        for way, (browser, _token) in over.items():
            answer = browser.get(path, follow_redirects=False)
            if answer.status_code != 303 or not answer.headers["location"].startswith("/sign-in"):
                wrong.append(f"{way} GET {path}: {answer.status_code}")
        fragment = over["idle"][0].get(path, headers={"HX-Request": "true"}).status_code
        if fragment != 401:
            wrong.append(f"idle fragment {path}: {fragment}")
    for route in _pages(app, "POST"):
        path = real_path(route.path, known)
        for way, (browser, token) in over.items():
            answer = browser.post(path, data={"csrf_token": token}, follow_redirects=False)
            # Whoever is signed out is led to where they sign in; a form that is everybody's is out of date.
            led = answer.status_code == 303 and answer.headers["location"].startswith("/sign-in")
            if not (answer.status_code == 403 if route.permission == PUBLIC else led):
                wrong.append(f"{way} POST {path}: {answer.status_code}")
    assert not wrong, "\n".join(wrong)


@pytest.mark.timeout(600)
def test_tokens_that_are_over_open_no_rest_route(
    app: App, clock: Hands, make_client: Callable[[], Browser]
) -> None:
    from trunkline.auth.models import User, UserStatus

    client, heads = make_client(), {}
    for way in ("revoked", "disabled", "expired"):
        key = create_user(app, f"rest-{way}@example.com", "administrator")
        body = {"email": f"rest-{way}@example.com", "password": PASSWORD}
        pair = client.post("/api/v1/auth/login", json=body).json()
        heads[way] = {"Authorization": f"Bearer {pair['access_token']}", "If-Match": "*"}
        if way == "revoked":
            client.post("/api/v1/auth/logout", json={"refresh_token": pair["refresh_token"]})
        if way == "disabled":
            with app.unit_of_work() as ctx:
                ctx.session.get_one(User, key).status = UserStatus.DISABLED
    wrong = []
    for way, headers in heads.items():
        if way == "expired":
            assert client.get("/api/v1/customers", headers=headers).status_code == 200
            clock.ahead = timedelta(minutes=16)
        for prefix, route in _rest(app):
            if route.permission == PUBLIC:
                continue
            path = f"/api/v1{prefix}" + _PARAMETER.sub("1", route.path)
            status = client.request(route.method, path, json={}, headers=headers).status_code
            if status != 401:
                wrong.append(f"{way} {route.method} {path}: {status}")
    assert not wrong, "\n".join(wrong)


@pytest.mark.timeout(600)
def test_no_address_breaks_whatever_stands_in_it(
    app: App, make_client: Callable[[], Browser], staff: Callable[..., Browser]
) -> None:
    wrong, browser = [], staff()
    nasty = [
        "99999999999999999999",
        "-1",
        "%00",
        "..%2f..%2fetc%2fpasswd",
        "%7B%7B7*7%7D%7D",
        "%22%3E%3Cimg%20src=x%3E",
    ]
    for route in _pages(app, "GET"):
        if "{" not in route.path or route.permission == PUBLIC:
            continue
        for text in nasty:
            path = _PARAMETER.sub(text, route.path)
            answer = browser.get(path, follow_redirects=False)
            if answer.status_code >= 500 or "<img src=x" in answer.text or "/>49<" in answer.text:
                wrong.append(f"{path}: {answer.status_code}")
    assert not wrong, "\n".join(wrong)
