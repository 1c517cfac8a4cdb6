"""What belongs to the settings and lies elsewhere is found on the settings page, and leads back there."""

import re
from collections.abc import Callable

import pytest

from trunkline.testing import Browser

pytestmark = pytest.mark.plugins("inventory", "catalog", "billing")
ENTRIES = ("/settings/numbering", "/billing/taxes", "/letters", "/branding")


def _crumbs(browser: Browser, path: str) -> list[str]:
    head = browser.get(path).text.partition('aria-label="Breadcrumb"')[2].partition("</nav>")[0]
    return re.findall(r'href="([^"]+)"', head)


def test_each_entry_leads_to_its_page_and_back(staff: Callable[..., Browser]) -> None:
    browser = staff("administrator")
    shown = browser.get("/settings").text
    places = [shown.find(f'class="t" href="{path}"') for path in ENTRIES]
    assert min(places) > 0
    assert places == sorted(places)
    for path in ENTRIES:
        assert "/settings" in _crumbs(browser, path), path


def test_who_sees_no_settings_is_not_led_there(staff: Callable[..., Browser]) -> None:
    assert _crumbs(staff("accountant"), "/billing/taxes") == []
