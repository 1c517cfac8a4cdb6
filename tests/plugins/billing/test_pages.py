"""Pages of billing in a signed-in browser."""

import re
from collections.abc import Callable
from dataclasses import replace

import pytest
from sqlmodel import col, select
from starlette.testclient import TestClient

from tests.plugins.billing.conftest import World
from tests.plugins.billing.test_rest import signed_in
from trunkline.auth.models import User
from trunkline.customers import operations as customers
from trunkline.customers.models import Customer
from trunkline.customers.schemas import RegisterCustomer
from trunkline.testing import Browser, work_until_idle
from trunkline_billing import operations, queries
from trunkline_billing.operations.invoicing import snapshots
from trunkline_billing.settings import BillingSettings

Staff = Callable[..., Browser]


@pytest.fixture
def billed(world: World) -> World:
    """October is invoiced."""
    world.usage([world.call("a", 6050), world.call("b", 90, "+12025550142"), world.data("c", 2 * 10**9)])
    world.at(2026, 11, 2, 9)
    operations.run_period(world.app, "2026-10")
    return world


def test_one_day_is_no_days(billed: World) -> None:
    with billed.app.reading() as ctx:
        line = next(one for one in queries.invoice(ctx, "F00000001").lines if one.kind == "monthly")
    assert [replace(line, quantity=n).quantity_text for n in (1, 2)] == ["1 day", "2 days"]


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


def _head(browser: Browser, path: str) -> str:
    """The words of the head of a record's page."""
    found = re.search(r'<header class="dh".*?</header>', browser.get(path).text, re.DOTALL)
    assert found is not None
    return " ".join(re.sub(r"<[^>]*>", " ", found[0]).split())


def test_each_tab_of_a_customer_says_what_they_owe_to_those_who_may_see_it(
    billed: World, staff: Staff
) -> None:
    for tab in ("", "/contacts", "/services"):
        assert "Balance due R$59.96" in _head(staff("customer_care"), f"/customers/C000001{tab}")
        assert "R$" not in _head(staff("provisioning_engineer"), f"/customers/C000001{tab}")


@pytest.mark.both_databases
def test_an_administrator_sees_every_page(billed: World, staff: Staff) -> None:
    browser = staff()
    answers = {path: browser.get(path) for path in PATHS}
    assert {path: answer.status_code for path, answer in answers.items()} == dict.fromkeys(PATHS, 200)
    assert [path for path, answer in answers.items() if "slot-error" in answer.text] == []


def test_the_ledger_adds_its_books_up_at_once_or_else_when_asked(
    billed: World, staff: Staff, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = staff("accountant")
    assert "Add up" not in (at_once := browser.get("/billing/ledger").text)
    # No book is added up in no time at all.
    monkeypatch.setattr("trunkline_billing.pages.books._PATIENCE", 0.0)
    monkeypatch.setattr("trunkline.db.haste._INSTRUCTIONS", 1)
    waiting = browser.get("/billing/ledger").text
    assert 'href="/billing/ledger?books=all"' in waiting
    assert "Receivables" not in waiting.partition("table-entries")[0]
    asked = browser.get("/billing/ledger?books=all").text
    assert "Add up" not in asked
    assert _trial(asked) == _trial(at_once) != ""


def _trial(page: str) -> str:
    return page.partition('aria-label="Trial balance"')[2].partition("</table>")[0]


def test_an_invoice_shows_its_lines_and_total(billed: World, staff: Staff) -> None:
    page = staff().get("/billing/invoices/F00000001").text
    for text in ("Mobile 10 GB", "ICMS", "17", "F00000001", "R$", "59.96"):
        assert text in page


def test_an_address_names_its_country_only_abroad_and_in_the_customers_language(world: World) -> None:
    with world.app.unit_of_work() as ctx:
        for country, city in (("BR", "Recife"), ("AR", "Rosário")):
            place = {"city": city, "street": "Rua A 1"}
            command = {"kind": "individual", "name": city, "language": "pt_BR", "address": place}
            customer = customers.register(
                ctx, RegisterCustomer.model_validate({**command, "country": country})
            )
            address = snapshots(ctx, [customer.key])[customer.key]["address"]
            assert address == ["Rua A 1", city, *(["Argentina"] if country == "AR" else [])]


def test_settings_offer_the_engines_and_tariffs_there_are_and_refuse_others(
    world: World, staff: Staff
) -> None:
    browser = staff()
    page = browser.get("/settings/billing").text
    for name, value in (("charging_engine", "embedded"), ("default_tariff", "retail")):
        chooser = page[page.index(f'name="{name}"') :]
        assert f'value="{value}"' in chooser[: chooser.index("</select>")]
    values = {"charging_engine": "embeded", "default_tariff": "retai", "due_days": "15"}
    answer = browser.submit("/settings/billing", values)
    assert answer.status_code == 422
    assert all(f'id="f-{name}-error"' in answer.text for name in ("charging_engine", "default_tariff"))


@pytest.mark.parametrize("written", ["+55", "55; 351", "Brazil"])
def test_prefixes_that_would_cover_no_number_are_refused(world: World, staff: Staff, written: str) -> None:
    answer = staff().submit("/settings/billing", {"allowance_prefixes": written, "due_days": "15"})
    assert answer.status_code == 422
    assert "Numbers that allowances cover: write it like 55, 351." in answer.text


#: What the form of settings has always filled in.
NEEDED = {"charging_engine": "embedded", "due_days": "15"}


@pytest.mark.parametrize(
    ("typed", "why"),
    [
        ("12.345.678/0001-96", "Its check digits do not fit"),
        ("12345", "too few or too many digits"),
        ("529.982.247-25", "This is a CPF"),
    ],
)
def test_a_tax_id_that_the_operator_cannot_have_is_refused_beside_its_field(
    world: World, staff: Staff, make_client: Callable[[], TestClient], typed: str, why: str
) -> None:
    browser = staff()
    answer = browser.submit("/settings/billing", {"operator_tax_id": typed, **NEEDED})
    assert answer.status_code == 422
    beside = answer.text.partition('id="f-operator_tax_id-error"')[2].partition("</div>")[0]
    assert f"“{typed}” is not a valid CNPJ." in beside
    assert why in beside
    body = {"values": {"operator_tax_id": typed}}
    over_rest = signed_in(world, make_client, "administrator").patch("/api/v1/settings/billing", json=body)
    assert over_rest.status_code == 422
    assert [error["field"] for error in over_rest.json()["errors"]] == ["operator_tax_id"]


def test_the_operators_tax_id_is_kept_as_people_write_it(world: World, staff: Staff) -> None:
    browser = staff()
    browser.submit("/settings/billing", {"operator_tax_id": "12345678000195", **NEEDED})
    page = browser.get("/settings/billing").text
    assert 'value="12.345.678/0001-95"' in page
    assert browser.submit("/settings/billing", {"operator_tax_id": "", **NEEDED}).status_code == 200
    with world.app.reading() as ctx:
        assert ctx.settings(BillingSettings).operator_tax_id == ""


def test_what_waits_is_shown_to_those_who_can_do_it(billed: World, staff: Staff) -> None:
    billed.at(2027, 1, 15, 9)
    assert 'href="/billing/invoices?view=overdue"' in staff("cashier").get("/").text
    watching = staff("auditor").get("/").text
    assert "Nothing waits for you" in watching
    assert "Overdue invoices" in watching


def test_who_looks_after_some_customers_is_told_of_their_overdue_invoices(
    billed: World, staff: Staff
) -> None:
    billed.at(2027, 1, 15, 9)
    empty = "Nothing waits for you"
    dealer = staff("dealer")
    assert empty in dealer.get("/").text
    with billed.app.unit_of_work() as ctx:
        user = ctx.session.scalars(select(User).where(col(User.email).startswith("dealer-"))).one()
        ctx.session.scalars(select(Customer)).one().registered_by_id = user.key
    assert empty not in dealer.get("/").text
    assert empty in staff("care_reader").get("/").text


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
        assert [run.period for run in ctx.session.execute(queries.run_select(ctx))] == ["2026-10"]
        assert len(queries.invoices_of(ctx, 1)) == 1


def test_months_are_named_as_readers_name_them(billed: World, staff: Staff) -> None:
    accountant = staff("accountant")
    for page in ("/billing/invoices/F00000001", "/billing/runs", "/billing/invoices?cols=number,period"):
        assert "Oct 2026" in accountant.get(page).text, page
    assert "Nov 2026" in accountant.get("/billing/runs/new?period=2026-11").text
    assert accountant.get("/billing/runs/new?period=nonsense").status_code == 422
    accountant.submit("/profile", {"name": "Ana", "language": "pt_BR"})
    assert "out. de 2026" in accountant.get("/billing/runs").text


def test_charges_of_usage_are_named_in_the_readers_language(billed: World, staff: Staff) -> None:
    accountant = staff("accountant")
    accountant.submit("/profile", {"name": "Ana", "language": "pt_BR"})
    page = accountant.get("/customers/C000001/billing").text
    assert "<span>Chamadas</span>" in page
    assert "<span>Calls</span>" not in page


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
