"""Folded boxes on a phone, by keyboard: the head of an area counts as they are ticked. Steps with long names stay in sight."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import sign_in

pytestmark = [pytest.mark.browser, pytest.mark.plugins(), pytest.mark.timeout(300)]


@pytest.fixture
def phone(page: Page, url: str) -> Page:
    page.set_viewport_size({"width": 390, "height": 844})
    sign_in(page, url)
    expect(page.get_by_role("main")).to_be_visible()
    return page


def test_an_area_counts_what_is_ticked_in_it(phone: Page, url: str) -> None:
    phone.goto(f"{url}/webhooks/new")
    head = phone.locator("summary", has_text="Customers")
    expect(head).to_contain_text("0 of")
    registered = phone.get_by_role("checkbox", name="customer.registered")
    expect(registered).to_be_hidden()
    head.focus()
    phone.keyboard.press("Enter")
    expect(registered).to_be_visible()
    registered.focus()
    phone.keyboard.press("Space")
    expect(head).to_contain_text("1 of")
    phone.keyboard.press("Space")
    expect(head).to_contain_text("0 of")
    assert phone.evaluate("document.documentElement.scrollWidth") <= 390


def test_no_step_with_a_long_name_is_out_of_sight(phone: Page, url: str) -> None:
    phone.goto(f"{url}/customers/guided")
    steps = phone.get_by_role("list", name="Steps of adding a customer")
    expect(steps).to_be_visible()
    steps.evaluate(
        """list => [...list.children].forEach(step => { step.textContent = "Zusammenfassung"; })"""
    )
    assert steps.evaluate("list => list.scrollWidth - list.clientWidth") <= 0
