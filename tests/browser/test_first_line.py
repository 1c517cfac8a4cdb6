"""The whole line in the browser, from an empty database to a paid invoice in the customer's own hands."""

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.chromium import PATIENCE
from tests.browser.console import Console
from tests.line.network import subscriber
from tests.line.samples import TARIFF, write_samples
from tests.line.system import ADMINISTRATOR, PASSWORD, System, installed
from tests.services.programs import PROGRAMS
from trunkline.demo.stock import sims

NAME, TAX_ID, EMAIL = "Clara Menezes", "529.982.247-25", "clara.menezes@correio.example"
OWN_PASSWORD = "pinhão na chapa em julho"


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def system(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[System]:
    with installed(request.param, tmp_path) as system:
        system.start()
        yield system


@pytest.mark.browser
@pytest.mark.tool("pdftotext")
@pytest.mark.timeout(900)
def test_a_customer_is_sold_provisioned_charged_invoiced_and_paid(
    system: System, page: Page, visitor: BrowserContext, tmp_path: Path
) -> None:
    files = write_samples(tmp_path / "files")
    console = Console(page, system.url)
    console.sign_in(ADMINISTRATOR, PASSWORD)

    # Files come in by the upload page.
    assert console.import_file("customers", files.customers) == 12
    assert console.import_file("inventory", files.sims, template="sim") == 12
    assert console.import_file("inventory", files.numbers, template="number") == 12
    assert console.import_file("tariff", files.tariff, tariff=TARIFF, currency="BRL") > 5000

    # A product is made, a customer registered and sold it.
    console.add_product("mobile_10", "Mobile 10 GB", TARIFF)
    customer = console.register(NAME, TAX_ID, EMAIL)
    order = console.order(NAME, "Mobile 10 GB")

    # The job shows the playbook's tasks while it runs, and ends well.
    page.get_by_role("link", name=re.compile(r"^J\d+")).first.click()
    expect(page.locator("#job-log")).to_contain_text("Subscriber and number in the HLR")
    expect(page.locator("#job-head")).to_contain_text("Succeeded")

    # The service is active, and the network knows its SIM by its number.
    console.open(f"/catalog/orders/{order}")
    page.locator("main").get_by_role("link", name=re.compile(r"^S\d+")).first.click()
    expect(page.locator("#detail-head")).to_contain_text("Active")
    service = page.url.rpartition("/")[2]
    card = next(sims(1, 1))
    known = subscriber(system.data, card["imsi"])
    assert known is not None
    msisdn = f"+{known.msisdn}"
    assert msisdn.lstrip("+") in re.sub(r"\D", "", page.locator("main").inner_text())

    # What the customer does is rated: allowances go down, the call abroad costs.
    assert console.import_file("cdr", files.usage_of(msisdn), source="switch-1") == 4
    console.open(f"/catalog/services/{service}")
    expect(page.locator("main")).to_contain_text("3 GB")

    # Invoice now, as a PDF, and cash.
    invoice = console.invoice_now(customer)
    text = _text_of(console.download(f"/billing/invoices/{invoice}/pdf", tmp_path / "staff.pdf"))
    assert "Mobile 10 GB" in text
    assert NAME in text
    assert "no fiscal value" in text.lower()
    console.pay_in_cash(customer)
    assert re.sub(r"[^\d.,]", "", console.balance(customer)) == "0.00"

    # The customer is invited, chooses a password and sees all of it.
    console.invite(customer)
    link = system.link_in_mail_to(EMAIL)
    assert visitor.browser is not None
    own = visitor.browser.new_context(locale="en-GB", viewport={"width": 390, "height": 844})
    own.set_default_timeout(PATIENCE)
    try:
        _in_the_portal(own.new_page(), system, link, msisdn, invoice, tmp_path)
    finally:
        own.close()


def _in_the_portal(page: Page, system: System, link: str, msisdn: str, invoice: str, folder: Path) -> None:
    page.goto(system.url + link)
    page.get_by_label("New password").fill(OWN_PASSWORD)
    page.get_by_label("The same again").fill(OWN_PASSWORD)
    page.get_by_role("button").last.click()
    page.wait_for_url(f"{system.url}/portal")
    expect(page.get_by_role("heading", name="Hello, Clara")).to_be_visible()
    expect(page.locator("main")).to_contain_text("Everything is paid")
    expect(page.locator("main")).to_contain_text("Mobile 10 GB")
    bar = page.get_by_role("navigation", name="Main, at the bottom")
    bar.get_by_role("link", name="Usage").click()
    expect(page.locator("main")).to_contain_text("Argentina")
    bar.get_by_role("link", name="Services").click()
    page.get_by_role("link", name="Mobile 10 GB").click()
    shown = re.sub(r"\D", "", page.locator("main").inner_text())
    assert msisdn.lstrip("+") in shown
    bar.get_by_role("link", name="Invoices").click()
    page.locator("main").get_by_role("link", name=invoice).first.click()
    with page.expect_download() as download:
        page.get_by_role("link", name="Download PDF").click()
    path = folder / "own.pdf"
    download.value.save_as(path)
    assert "Mobile 10 GB" in _text_of(path)


def _text_of(path: Path) -> str:
    program = PROGRAMS["pdftotext"].path()
    assert program is not None
    return subprocess.run([program, "-layout", path, "-"], capture_output=True, text=True, check=True).stdout
