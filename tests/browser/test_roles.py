"""The matrix of permissions in the browser: narrowed while one types, by keyboard, its changes said before they are saved."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import sign_in
from trunkline.access import queries
from trunkline.app import App

pytestmark = [pytest.mark.browser, pytest.mark.plugins(), pytest.mark.timeout(300)]


@pytest.mark.parametrize("width", [1440, 390])
def test_the_matrix_by_keyboard(app: App, url: str, page: Page, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 844})
    sign_in(page, url)
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
