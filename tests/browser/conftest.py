"""A browser of its own for each test, with the machine's Chromium."""

import threading
from collections.abc import Iterator

import pytest
import uvicorn
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from tests.browser.chromium import PATIENCE, launch
from tests.services.loopback import free_port, wait_until
from trunkline.app import App
from trunkline.testing import PASSWORD, create_user
from trunkline.web.app import make_web

#: The administrator of a system that `url` serves.
EMAIL = "helena@example.com"


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = launch(playwright)
        yield browser
        browser.close()


@pytest.fixture
def visitor(chromium: Browser) -> Iterator[BrowserContext]:
    """Somebody's browser: its own cookies, English, 1440 × 900."""
    context = chromium.new_context(viewport={"width": 1440, "height": 900}, locale="en-GB")
    context.set_default_timeout(PATIENCE)
    yield context
    context.close()


@pytest.fixture
def page(visitor: BrowserContext) -> Page:
    return visitor.new_page()


@pytest.fixture
def url(app: App) -> Iterator[str]:
    """Where the system answers, with an administrator; at a name, because browsers know no passkeys at network addresses."""
    create_user(app, EMAIL, "administrator")
    port = free_port()
    server = uvicorn.Server(uvicorn.Config(make_web(app), port=port, log_level="warning"))
    thread = threading.Thread(target=server.run)
    thread.start()
    wait_until(lambda: server.started, thread)
    yield f"http://localhost:{port}"
    server.should_exit = True
    thread.join()


def sign_in(page: Page, url: str) -> None:
    """Sign the administrator in, as far as the password goes."""
    page.goto(f"{url}/sign-in")
    page.get_by_label("E-mail").fill(EMAIL)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
