"""A system whose people sign in at a real identity provider."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.services.oidc_provider import (
    CLIENT_ID,
    CLIENT_SECRET,
    IdentityProvider,
    identity_provider,
)
from trunkline.app import App
from trunkline.settings import operations as settings
from trunkline.testing import Browser

#: Where the system under test says that it is.
HERE = "http://127.0.0.1:8000"


@pytest.fixture(scope="module")
def running() -> Iterator[IdentityProvider]:
    """oidc-provider."""
    with identity_provider(f"{HERE}/oidc/callback", f"{HERE}/sign-in") as provider:
        yield provider


@pytest.fixture
def there(running: IdentityProvider) -> IdentityProvider:
    """The provider, with a browser that knows nobody yet."""
    running.forget_browser()
    return running


@pytest.fixture
def set_up(app: App, there: IdentityProvider) -> Callable[..., None]:
    """`set_up()` names the provider in the settings; keywords change some of them."""

    def save(**changes: Any) -> None:
        values = {
            "issuer": there.issuer,
            "client_id": CLIENT_ID,
            "client_secret": CLIENT_SECRET,
            "label": "Example account",
            "scopes": "openid email profile groups",
            "role_map": "customer_care: care-team\naccountant: books",
            **changes,
        }
        with app.unit_of_work() as ctx:
            settings.save(ctx, "oidc", values)

    return save


def somebody(sub: str = "ana", *groups: str, **claims: Any) -> dict[str, Any]:
    """What the provider's login page is told: who signs in, with which claims; `amr` and `acr` are how."""
    how: dict[str, Any] = {name: claims.pop(name) for name in ("amr", "acr") if name in claims}
    told: dict[str, Any] = {
        "email": f"{sub}@example.com",
        "email_verified": True,
        "name": sub.title(),
        "groups": list(groups) or ["care-team"],
    }
    return {"sub": sub, "claims": {**told, **claims}, **how}


def way_there(browser: Browser, path: str = "/oidc/sign-in") -> str:
    """Press the button; returns where the browser is sent."""
    shown = browser.get(path, follow_redirects=False)
    assert shown.status_code == 303, shown.text
    return str(shown.headers["location"])


def way_back(address: str) -> str:
    """The path of our callback with the provider's answer."""
    assert address.startswith(HERE), address
    return address.removeprefix(HERE)


def sign_in(
    browser: Browser, there: IdentityProvider, who: dict[str, Any], path: str = "/oidc/sign-in"
) -> Any:
    """The whole way; returns the answer of our callback."""
    answer = there.visit(way_there(browser, path), who)
    return browser.get(way_back(answer), follow_redirects=False)
