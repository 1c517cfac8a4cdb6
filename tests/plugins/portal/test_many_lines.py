"""The invoice of a customer with hundreds of services: a page of its lines at a time, for the customer and the operator."""

import re
from collections.abc import Callable

import pytest
from sqlmodel import select

from tests.plugins.portal.conftest import Household
from trunkline.app import App
from trunkline.testing import Browser
from trunkline_billing.models import BillingInvoice, BillingInvoiceLine


@pytest.fixture
def long(app: App, ana: Household) -> Household:
    """Ana's invoice with 120 more lines, each of a service of its own."""
    with app.unit_of_work() as ctx:
        line = ctx.session.scalars(
            select(BillingInvoiceLine)
            .join(BillingInvoice)
            .where(BillingInvoice.number == ana.invoice, BillingInvoiceLine.kind == "monthly")
        ).one()
        facts = line.model_dump(exclude={"seq", "service_number"})
        ctx.session.add_all(
            BillingInvoiceLine(seq=1000 + n, service_number=f"S90{n:04d}", **facts) for n in range(120)
        )
    return ana


@pytest.mark.parametrize("audience", ["staff", "portal"])
def test_each_line_stands_on_one_page_and_is_found_by_its_service(
    audience: str,
    long: Household,
    staff: Callable[..., Browser],
    portal_client: Callable[..., Browser],
) -> None:
    browser, here = (
        (staff("accountant"), f"/billing/invoices/{long.invoice}")
        if audience == "staff"
        else (portal_client(long), f"/portal/invoices/{long.invoice}")
    )

    def shown(query: str) -> list[str]:
        return re.findall(r"S90\d{4}", browser.get(f"{here}?{query}").text.partition("<tbody>")[2])

    pages = [shown(f"page={at}") for at in (1, 2, 3)]
    assert [number for page in pages for number in page] == [f"S90{n:04d}" for n in range(120)]
    assert max(map(len, pages)) <= 50
    assert shown("q=900117") == ["S900117"]
    assert "Nothing matches" in browser.get(f"{here}?q=nothing+like+it").text


def test_a_short_invoice_has_no_search(ana: Household, staff: Callable[..., Browser]) -> None:
    page = staff("accountant").get(f"/billing/invoices/{ana.invoice}").text
    assert "Search in Lines" not in page
    assert ana.service in page
