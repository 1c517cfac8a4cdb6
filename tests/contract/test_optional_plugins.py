"""The plugins that no new system has enabled keep what the walk over every address asks of the others."""

from collections.abc import Callable

import pytest

from trunkline.access.roles import BUILTIN_ROLES
from trunkline.app import App
from trunkline.testing import Browser
from trunkline.web.app import page_routes
from trunkline.web.pages import PUBLIC, PageRoute

pytestmark = pytest.mark.plugins("ldap", "oidc")
OPTIONAL = ("ldap", "oidc")


def _routes(app: App, method: str) -> list[PageRoute]:
    found = [route for plugin, route in page_routes(app) if plugin in OPTIONAL and method in route.methods]
    assert all("{" not in route.path for route in found), "a path with parameters needs something to fill in"
    return found


def test_their_pages_let_in_whom_they_declare_and_nobody_else(
    app: App, client: Browser, staff: Callable[..., Browser]
) -> None:
    pages = _routes(app, "GET")
    assert {"/ldap", "/oidc/sign-in"} <= {route.path for route in pages}
    for route in pages:
        # Nothing is set up: a public page answers that it is not there.
        expected = {200, 404} if route.permission == PUBLIC else {303}
        assert client.get(route.path, follow_redirects=False).status_code in expected, route.path
    for role in (role for role in BUILTIN_ROLES if role.audience == "staff"):
        browser = staff(role.name)
        for route in pages:
            open_to = route.permission == PUBLIC or role.name == "administrator"
            status = browser.get(route.path, follow_redirects=False).status_code
            assert (status == 403) is not open_to, f"{role.name} {route.path}: {status}"


def test_their_actions_ask_for_the_forms_token(app: App, staff: Callable[..., Browser]) -> None:
    actions = _routes(app, "POST")
    assert actions
    browser = staff()
    for route in actions:
        for headers in ({}, {"Origin": "https://elsewhere.example"}):
            assert browser.post(route.path, data={}, headers=headers).status_code == 403, route.path
