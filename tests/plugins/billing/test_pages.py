"""Pages of billing in a signed-in browser."""

from collections.abc import Callable

import pytest

from tests.plugins.billing.conftest import World
from trunkline.testing import Browser, work_until_idle
from trunkline_billing import operations, queries

Staff = Callable[..., Browser]


@pytest.fixture
def billed(world: World) -> World:
    """October is invoiced."""
    world.usage([world.call("a", 6050), world.call("b", 90, "+12025550142"), world.data("c", 2 * 10**9)])
    world.at(2026, 11, 2, 9)
    operations.run_period(world.app, "2026-10")
    return world


PATHS = (
    "/billing/invoices",
    "/billing/invoices?view=overdue",
    "/billing/invoices/F00000001",
    "/billing/invoices/F00000001/void",
    "/billing/payments",
    "/billing/payments/new",
    "/billing/payments/new?account=A000001",
    "/billing/payments/accounts?account_number=ana",
    "/billing/accounts",
    "/billing/runs",
    "/billing/runs/new",
    "/billing/tariffs",
    "/billing/tariffs/retail",
    "/billing/tariffs/retail?q=5511",
    "/billing/ledger",
    "/billing/taxes",
    "/billing/taxes/new",
    "/billing/customers/C000001/accounts/new",
    "/customers/C000001",
    "/customers/C000001/billing",
    "/customers/C000001/usage",
    "/catalog/services/S000001",
    "/",
)


def test_an_administrator_sees_every_page(billed: World, staff: Staff) -> None:
    browser = staff()
    answers = {path: browser.get(path) for path in PATHS}
    assert {path: answer.status_code for path, answer in answers.items()} == dict.fromkeys(PATHS, 200)
    assert [path for path, answer in answers.items() if "slot-error" in answer.text] == []


def test_an_invoice_shows_its_lines_and_total(billed: World, staff: Staff) -> None:
    page = staff().get("/billing/invoices/F00000001").text
    for text in ("Mobile 10 GB", "ICMS", "17", "F00000001", "R$", "59.96"):
        assert text in page


def test_the_pdf_is_kept_and_comes_again_with_the_same_bytes(billed: World, staff: Staff) -> None:
    browser = staff()
    first = browser.get("/billing/invoices/F00000001/pdf")
    assert first.headers["content-type"] == "application/pdf"
    assert first.content.startswith(b"%PDF")
    kept = [path for path in (billed.app.config.data / "files").rglob("*") if path.is_file()]
    assert [path.read_bytes() for path in kept] == [first.content]
    kept[0].unlink()
    assert browser.get("/billing/invoices/F00000001/pdf").content == first.content


def test_a_cashier_takes_a_payment_and_the_invoice_is_paid(billed: World, staff: Staff) -> None:
    cashier = staff("cashier")
    answer = cashier.submit(
        "/billing/payments/new",
        {"account_number": "A000001", "amount": "80", "method": "cash", "desk": "Main street", "key": "k1"},
        follow_redirects=False,
    )
    assert answer.status_code == 303, answer.text[:3000]
    receipt = cashier.get(answer.headers["location"]).text
    assert "Main street" in receipt
    assert "F00000001" in receipt
    with billed.app.reading() as ctx:
        assert queries.invoice(ctx, "F00000001").status == "paid"


def test_a_payment_to_an_unknown_account_is_refused_beside_its_field(billed: World, staff: Staff) -> None:
    answer = staff("cashier").submit(
        "/billing/payments/new", {"account_number": "A999999", "amount": "80", "method": "cash", "key": "k1"}
    )
    assert answer.status_code == 422
    assert "There is no account A999999." in answer.text


def test_a_cashier_may_neither_void_nor_run(billed: World, staff: Staff) -> None:
    cashier = staff("cashier")
    assert cashier.get("/billing/invoices/F00000001/void").status_code == 403
    assert cashier.get("/billing/runs/new").status_code == 403


def test_a_run_started_in_the_browser_is_a_job_that_invoices(world: World, staff: Staff) -> None:
    world.at(2026, 11, 2, 9)
    answer = staff("accountant").submit("/billing/runs/new", {"period": "2026-10"}, follow_redirects=False)
    assert answer.status_code == 303, answer.text[:3000]
    work_until_idle(world.app)
    with world.app.reading() as ctx:
        assert [run.period for run in queries.runs(ctx)] == ["2026-10"]
        assert len(queries.invoices_of(ctx, 1)) == 1


def test_a_quote_tells_cost_and_parts_and_refuses_an_unknown_prefix(world: World, staff: Staff) -> None:
    manager = staff("product_manager")
    asked = {"to": "+12025550142", "type": "voice", "usage": "90s"}
    answer = manager.submit("/billing/tariffs/retail/quote", asked, page="/billing/tariffs/retail")
    assert answer.status_code == 200
    assert "1.30" in answer.text
    answer = manager.submit(
        "/billing/tariffs/retail/quote", asked | {"to": "+999123"}, page="/billing/tariffs/retail"
    )
    assert answer.status_code == 422
    assert "no voice rate for “+999123”" in answer.text
