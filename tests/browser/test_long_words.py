"""A word of a hundred letters leaves the columns beside it where they can be read."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import sign_in
from trunkline.app import App
from trunkline.customers import operations
from trunkline.customers.models import Contact, CustomerKind
from trunkline.customers.schemas import RegisterCustomer

pytestmark = [pytest.mark.browser, pytest.mark.plugins(), pytest.mark.timeout(300)]
_WORD = "Donaudampfschiff" * 7


@pytest.mark.parametrize(("width", "height"), [(1440, 900), (390, 844)])
def test_every_column_stays_in_view(app: App, page: Page, url: str, width: int, height: int) -> None:
    with app.unit_of_work() as ctx:
        customer = operations.register(ctx, RegisterCustomer(kind=CustomerKind.BUSINESS, name=_WORD))
        ctx.session.add(Contact(customer_id=customer.key, name=_WORD, email=f"{_WORD[:60]}@mail.example"))
        number = customer.number
    page.set_viewport_size({"width": width, "height": height})
    sign_in(page, url)
    for path in ("/customers", f"/customers/{number}/contacts"):
        page.goto(f"{url}{path}")
        table = page.locator("main table").first
        expect(table).to_contain_text(_WORD)
        assert table.evaluate("table => table.offsetWidth <= table.parentElement.clientWidth"), path
