"""The matrix of permissions in the browser: narrowed while one types, by keyboard, its changes said before they are saved."""

import threading
from collections.abc import Iterator

import pytest
import uvicorn
from playwright.sync_api import Page, expect

from tests.services.loopback import free_port, wait_until
from trunkline.access import queries
from trunkline.app import App
from trunkline.testing import PASSWORD, create_user
from trunkline.web.app import make_web

pytestmark = [pytest.mark.browser, pytest.mark.plugins(), pytest.mark.timeout(300)]

EMAIL = "helena@example.com"


@pytest.fixture
def url(app: App) -> Iterator[str]:
    create_user(app, EMAIL, "administrator")
    port = free_port()
    server = uvicorn.Server(uvicorn.Config(make_web(app), port=port, log_level="warning"))
    thread = threading.Thread(target=server.run)
    thread.start()
    wait_until(lambda: server.started, thread)
    yield f"http://localhost:{port}"
    server.should_exit = True
    thread.join()


@pytest.mark.parametrize("width", [1440, 390])
def test_the_matrix_by_keyboard(app: App, url: str, page: Page, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 844})
    page.goto(f"{url}/sign-in")
    page.get_by_label("E-mail").fill(EMAIL)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.get_by_role("main")).to_be_visible()
    page.goto(f"{url}/roles/warehouse/edit")
    view = page.get_by_role("checkbox", name="View customers")
    expect(view).to_be_visible()
    expect(page.get_by_role("heading", name="What saving changes")).to_be_hidden()

    page.get_by_role("searchbox", name="Filter permissions").fill("view customers")
    expect(view).to_be_visible()
    expect(page.get_by_role("checkbox", name="Register customers")).to_be_hidden()

    view.focus()
    page.keyboard.press("Space")
    expect(page.get_by_text("Customers: View customers")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= width

    page.get_by_role("searchbox", name="Filter permissions").fill("")
    expect(page.get_by_role("checkbox", name="Register customers")).to_be_visible()
    page.get_by_role("button", name="Save").click()
    page.wait_for_url(f"{url}/roles/warehouse")
    with app.reading() as ctx:
        granted = queries.grants_of(ctx, queries.role(ctx, "warehouse").key)
    assert {"core.customer.view", "core.home.view"} <= granted
