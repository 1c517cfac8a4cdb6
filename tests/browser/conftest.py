"""A browser of its own for each test, with the machine's Chromium."""

import threading
from collections.abc import Iterator
from typing import Any

import pytest
import uvicorn
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from tests.browser.chromium import PATIENCE, launch
from tests.browser.sample import CUSTOMER, DESK, STAFF, Demo, demo_in, open_context
from tests.line.system import PASSWORD as DEMO_PASSWORD
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


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """A small sample operator."""
    with demo_in(tmp_path_factory.mktemp("demo")) as running:
        yield running


@pytest.fixture(scope="module")
def demo(running: Demo) -> str:
    """The address of the sample operator."""
    return running.url


@pytest.fixture(scope="module")
def sessions(running: Demo, demo: str, chromium: Browser) -> dict[str, Any]:
    """The cookies of its administrator and of a customer, by role."""
    states: dict[str, Any] = {}
    for role in (STAFF, CUSTOMER):
        context = chromium.new_context()
        context.set_default_timeout(PATIENCE)
        page = context.new_page()
        page.goto(f"{demo}/sign-in")
        page.locator('[name="email"]').fill(running.sign_ins[role])
        page.locator('[name="password"]').fill(DEMO_PASSWORD)
        page.locator('button[type="submit"]').click()
        page.wait_for_url(lambda url: "/sign-in" not in url)
        states[role] = context.storage_state()
        context.close()
    return states


@pytest.fixture
def staff_page(demo: str, chromium: Browser, sessions: dict[str, Any]) -> Iterator[Page]:
    """A page of its administrator at the desk."""
    context = open_context(chromium, sessions[STAFF], *DESK)
    yield context.new_page()
    context.close()


def sign_in(page: Page, url: str) -> None:
    """Sign the administrator in, as far as the password goes; the answer has come by the end."""
    page.goto(f"{url}/sign-in")
    page.get_by_label("E-mail").fill(EMAIL)
    page.get_by_label("Password").fill(PASSWORD)
    # Whoever opens another page before it has come is nobody yet.
    with page.expect_response(lambda answer: answer.request.method == "POST"):
        page.get_by_role("button", name="Sign in", exact=True).click()
