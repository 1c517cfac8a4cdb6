"""Sessions cannot be planted, carried over or read by scripts."""

from collections.abc import Callable
from http.cookies import SimpleCookie

import pytest

from trunkline.app import App
from trunkline.testing import PASSWORD, Browser, _token_in, create_user
from trunkline.web.cookies import ANONYMOUS_NAME, PLAIN_NAME, SECURE_ANONYMOUS_NAME, SECURE_NAME

pytestmark = pytest.mark.plugins()
_EMAIL = "ana@example.com"


def _both(client: Browser) -> str:
    return f"{PLAIN_NAME}=planted-by-somebody-else; {ANONYMOUS_NAME}={client.cookies[ANONYMOUS_NAME]}"


def _set(answer: object) -> dict[str, SimpleCookie]:
    lines = answer.headers.get_list("set-cookie")  # type: ignore[attr-defined]  # httpx2's response
    return {name: SimpleCookie(line) for line in lines for name in SimpleCookie(line)}


def test_a_session_planted_before_signing_in_is_not_the_one_after(app: App, client: Browser) -> None:
    create_user(app, _EMAIL, "administrator")
    planted = {"Cookie": f"{PLAIN_NAME}=planted-by-somebody-else"}
    token = _token_in(client.get("/sign-in", headers=planted).text)
    form = {"csrf_token": token, "email": _EMAIL, "password": PASSWORD}
    client.post("/sign-in", data=form, headers=planted | {"Cookie": _both(client)}, follow_redirects=False)
    assert "planted" not in client.cookies[PLAIN_NAME]
    assert client.get("/users", follow_redirects=False).status_code == 200
    thief = Browser(
        client.app, base_url="http://testserver", cookies={PLAIN_NAME: "planted-by-somebody-else"}
    )
    assert thief.get("/users", follow_redirects=False).status_code == 303


def test_each_sign_in_has_a_token_of_its_own_and_signing_out_ends_it(app: App, client: Browser) -> None:
    create_user(app, _EMAIL, "administrator")
    first = client.sign_in(_EMAIL).cookies[PLAIN_NAME]
    client.submit("/sign-out", page="/")
    second = client.sign_in(_EMAIL).cookies[PLAIN_NAME]
    assert first != second
    assert len(second) >= 40
    replay = Browser(client.app, base_url="http://testserver", cookies={PLAIN_NAME: first})
    assert replay.get("/users", follow_redirects=False).status_code == 303


def test_a_forms_token_planted_before_signing_in_is_worth_nothing_after(app: App, client: Browser) -> None:
    create_user(app, _EMAIL, "administrator")
    client.cookies.set(ANONYMOUS_NAME, "planted-by-somebody-else")
    planted = client.csrf("/sign-in")
    client.sign_in(_EMAIL)
    answer = client.post("/sign-out", data={"csrf_token": planted}, follow_redirects=False)
    assert answer.status_code == 403
    assert client.get("/users").status_code == 200


@pytest.mark.parametrize(("scheme", "name"), [("http", PLAIN_NAME), ("https", SECURE_NAME)])
def test_cookies_are_for_the_browser_alone(
    app: App, make_client: Callable[[], Browser], scheme: str, name: str
) -> None:
    create_user(app, _EMAIL, "administrator")
    browser = make_client()
    browser.base_url = f"{scheme}://testserver"
    before = browser.get("/sign-in")
    answer = browser.submit("/sign-in", {"email": _EMAIL, "password": PASSWORD}, follow_redirects=False)
    anonymous = ANONYMOUS_NAME if scheme == "http" else SECURE_ANONYMOUS_NAME
    for given in (_set(before)[anonymous][anonymous], _set(answer)[name][name]):
        assert given["httponly"]
        assert given["samesite"] == "lax"
        assert given["path"] == "/"
        assert given["domain"] == ""
        assert bool(given["secure"]) == (scheme == "https")
    assert _set(answer)[name][name]["max-age"] == _set(answer)[name][name]["expires"] == ""


@pytest.mark.parametrize(
    ("scheme", "name"), [("http", "trunkline_toast"), ("https", "__Host-trunkline_toast")]
)
def test_the_message_for_the_next_page_is_as_closed_as_the_session(
    app: App, make_client: Callable[[], Browser], scheme: str, name: str
) -> None:
    create_user(app, _EMAIL, "administrator")
    browser = make_client()
    browser.base_url = f"{scheme}://testserver"
    browser.sign_in(_EMAIL)
    form = {"name": "Ana Lima", "language": "en"}
    given = _set(browser.submit("/profile", form, follow_redirects=False))[name][name]
    assert (bool(given["httponly"]), given["samesite"], given["path"]) == (True, "lax", "/")
    assert bool(given["secure"]) == (scheme == "https")
    shown = browser.get("/profile")
    assert "Saved" in shown.text
    assert _set(shown)[name][name]["max-age"] == "0"


def test_a_refresh_token_is_no_session_and_a_session_no_token(app: App, client: Browser) -> None:
    create_user(app, _EMAIL, "administrator")
    pair = client.post("/api/v1/auth/login", json={"email": _EMAIL, "password": PASSWORD}).json()
    for token in pair["refresh_token"], pair["access_token"]:
        wearing = Browser(client.app, base_url="http://testserver", cookies={PLAIN_NAME: token})
        assert wearing.get("/users", follow_redirects=False).status_code == 303
    session = client.sign_in(_EMAIL).cookies[PLAIN_NAME]
    for wrong in (session, pair["refresh_token"]):
        answer = client.get("/api/v1/users", headers={"Authorization": f"Bearer {wrong}"})
        assert answer.status_code == 401
    # The browser's session itself opens no REST route: there is no form's token that could guard it.
    assert client.get("/api/v1/users").status_code == 401
