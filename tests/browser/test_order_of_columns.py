"""The order of a list's columns by keyboard: a column is moved from one end to the other without looking for its button again."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import sign_in

pytestmark = [pytest.mark.browser, pytest.mark.plugins(), pytest.mark.timeout(300)]


def test_keys_move_a_column_to_its_end_and_back(page: Page, url: str) -> None:
    sign_in(page, url)
    page.goto(f"{url}/lists/customers/columns")
    rows = page.locator("#columns ul").first.get_by_role("listitem")
    names = [text.strip() for text in rows.all_inner_texts()]
    moved = names[2]
    up = page.get_by_role("link", name=f"Move {moved} up")
    up.focus()
    page.keyboard.press("Enter")
    expect(rows.nth(1)).to_contain_text(moved)
    expect(up).to_be_focused()
    page.keyboard.press("Enter")
    expect(rows.nth(0)).to_contain_text(moved)
    # There is no further up, which the arrow says and the keys are not left on.
    expect(up).to_be_disabled()
    expect(page.get_by_role("link", name=f"Move {moved} down")).to_be_focused()
    page.keyboard.press("Enter")
    expect(rows.nth(1)).to_contain_text(moved)


def test_arrows_stand_under_each_other(page: Page, url: str) -> None:
    sign_in(page, url)
    for width, height in ((1440, 900), (390, 844)):
        page.set_viewport_size({"width": width, "height": height})
        page.goto(f"{url}/lists/customers/columns")
        for arrow in ("up", "down"):
            boxes = [one.bounding_box() for one in page.get_by_label(f" {arrow}").all()]
            assert len(boxes) > 2
            assert len({box and round(box["x"]) for box in boxes}) == 1
