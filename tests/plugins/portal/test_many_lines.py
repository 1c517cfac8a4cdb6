"""The invoice of a customer with hundreds of services: a page of its lines at a time, for the customer and the operator."""

import csv
import io
import re
import zipfile
from collections.abc import Callable

import pytest
from sqlmodel import select

from tests.plugins.portal.conftest import Household
from trunkline.app import App
from trunkline.testing import Browser
from trunkline_billing.models import BillingInvoice, BillingInvoiceLine
from trunkline_billing.queries import invoice


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


def _reader(
    audience: str, of: Household, staff: Callable[..., Browser], portal_client: Callable[..., Browser]
) -> tuple[Browser, str]:
    if audience == "staff":
        return staff("accountant"), f"/billing/invoices/{of.invoice}"
    return portal_client(of), f"/portal/invoices/{of.invoice}"


@pytest.mark.parametrize("audience", ["staff", "portal"])
def test_each_line_stands_on_one_page_and_is_found_by_its_service(
    audience: str,
    long: Household,
    staff: Callable[..., Browser],
    portal_client: Callable[..., Browser],
) -> None:
    browser, here = _reader(audience, long, staff, portal_client)

    def shown(query: str) -> list[str]:
        return re.findall(r"S90\d{4}", browser.get(f"{here}?{query}").text.partition("<tbody>")[2])

    pages = [shown(f"page={at}") for at in (1, 2, 3)]
    assert [number for page in pages for number in page] == [f"S90{n:04d}" for n in range(120)]
    assert max(map(len, pages)) <= 50
    assert shown("q=900117") == ["S900117"]
    assert "Nothing matches" in browser.get(f"{here}?q=nothing+like+it").text


@pytest.mark.parametrize("audience", ["staff", "portal"])
def test_a_file_has_every_line_and_adds_up_to_the_invoice(
    audience: str,
    app: App,
    long: Household,
    staff: Callable[..., Browser],
    portal_client: Callable[..., Browser],
) -> None:
    browser, here = _reader(audience, long, staff, portal_client)
    page = browser.get(here).text
    assert all(f'href="{here}/lines.{form}"' in page for form in ("csv", "xlsx"))
    found = browser.get(f"{here}/lines.csv")
    assert f'filename="{long.invoice}.csv"' in found.headers["content-disposition"]
    rows = list(csv.DictReader(io.StringIO(found.content.decode("utf-8-sig"))))
    with app.reading() as ctx:
        lines = invoice(ctx, long.invoice).lines
    assert [row["Service"] for row in rows] == [line.service_number for line in lines]
    for column, amounts in (("Net", [line.net for line in lines]), ("Tax", [line.tax for line in lines])):
        assert [row[column] for row in rows] == [str(amount) for amount in amounts]
    assert {row["Currency"] for row in rows} == {"BRL"}
    fee = next(row for row in rows if row["Service"] == "S900117")
    assert fee["From"].count("-") == len(("month", "day"))
    assert fee["Quantity"].endswith(("day", "days"))
    with zipfile.ZipFile(io.BytesIO(browser.get(f"{here}/lines.xlsx").content)) as book:
        sheet = book.read("xl/worksheets/sheet1.xml").decode()
    assert sheet.count("<row ") == len(lines) + len(("heads",))


def test_a_short_invoice_has_no_search(ana: Household, staff: Callable[..., Browser]) -> None:
    page = staff("accountant").get(f"/billing/invoices/{ana.invoice}").text
    assert "Search in Lines" not in page
    assert ana.service in page
