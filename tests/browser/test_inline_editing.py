"""A value of a customer edited where it stands, by keyboard: the head follows, the focus stays, the page is not loaded again."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import sign_in
from trunkline.app import App
from trunkline.customers import operations
from trunkline.customers.schemas import RegisterCustomer

pytestmark = [pytest.mark.browser, pytest.mark.plugins(), pytest.mark.timeout(300)]


def test_head_and_field_are_new_and_the_focus_stays(app: App, url: str, page: Page) -> None:
    with app.unit_of_work() as ctx:
        command = RegisterCustomer.model_validate(
            {"kind": "individual", "name": "Ana Souza", "phone": "+55 11 91234-5678", "status": "pending"}
        )
        number = operations.register(ctx, command).number
    sign_in(page, url)
    expect(page.get_by_role("main")).to_be_visible()
    page.goto(f"{url}/customers/{number}")
    page.evaluate("window.stayed = true")
    head = page.locator("#detail-head")

    phone = page.get_by_role("link", name="Edit Phone")
    phone.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("textbox", name="Phone")).to_be_focused()
    page.get_by_role("textbox", name="Phone").fill("+55 11 98765-4321")
    page.keyboard.press("Enter")
    expect(page.get_by_role("link", name="Edit Phone")).to_be_focused()
    expect(page.get_by_role("link", name="Edit Phone")).to_contain_text("98765-4321")
    expect(head).to_contain_text("98765-4321")

    page.get_by_role("link", name="Edit Full name").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("textbox", name="Full name")).to_be_focused()
    page.get_by_role("textbox", name="Full name").fill("Ana Clara")
    page.keyboard.press("Enter")
    expect(page.get_by_role("link", name="Edit Full name")).to_be_focused()
    expect(page.get_by_role("heading", level=1)).to_have_text("Ana Clara")
    expect(page.get_by_role("navigation", name="Breadcrumb")).to_contain_text("Ana Clara")
    expect(page).to_have_title("Ana Clara · Trunkline")
    assert page.evaluate("window.stayed") is True

    # The head is of this version of the customer now: what it offers is not refused as out of date.
    page.get_by_role("button", name="More actions").click()
    page.get_by_role("button", name="Activate").click()
    expect(head).to_contain_text("Active")
