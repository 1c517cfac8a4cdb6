"""Money of a payment goes back: how much, by which way, in the books, and who has to agree."""

from collections.abc import Callable
from decimal import Decimal

import pytest
from sqlmodel import select

from tests.plugins.billing.conftest import World
from trunkline.activity.models import ActivityEntry
from trunkline.config import Config
from trunkline.errors import Refused
from trunkline.mail.models import Email
from trunkline.settings import operations as settings
from trunkline.testing import PASSWORD, Browser, create_user, work_until_idle
from trunkline_billing import operations, queries
from trunkline_billing.refund_schemas import FailRefund, RefundPayment
from trunkline_billing.schemas import RecordPayment, ReversePayment, VoidInvoice

Staff = Callable[..., Browser]
FORM = "/billing/payments/R000002/refund"
SLOW = """
from trunkline.errors import Refused
from trunkline.plugin import hookimpl
from trunkline.providers import PaymentResult, RefundResult
from trunkline_billing.operations import record_payment
from trunkline_billing.schemas import RecordPayment

class Wallet:
    name, label, self_service = "wallet", "Wallet", True
    def take(self, ctx, request):
        command = RecordPayment(account_number=request.account_number, amount=request.amount.decimal(), key=request.key)
        return PaymentResult(settled=True, reference=record_payment(ctx, command, provider="wallet").number)
    def refund(self, ctx, request):
        if request.amount.micros == 13_000_000:
            raise RuntimeError("the wallet fell")
        return RefundResult(settled=False, reference=f"W-{request.key}")

@hookimpl
def payment_providers():
    return [Wallet()]
"""


@pytest.fixture
def config(config: Config) -> Config:
    """An extension that takes money by a wallet and gives it back there, later."""
    config.extension_folder.mkdir(parents=True)
    (config.extension_folder / "wallet.py").write_text(SLOW)
    return config.model_copy(update={"strict_plugins": False})


@pytest.fixture
def twice(world: World) -> World:
    """October's invoice of 59.96 was paid twice: the first payment pays it, the second is credit."""
    world.usage([world.call("a", 6050), world.call("b", 90, "+12025550142"), world.data("c", 2 * 10**9)])
    world.at(2026, 11, 2, 9)
    operations.run_period(world.app, "2026-10")
    with world.app.unit_of_work() as ctx:
        for _twice in range(2):
            operations.record_payment(ctx, RecordPayment(account_number="A000001", amount=Decimal("59.96")))
    work_until_idle(world.app)
    return world


def refund(world: World, payment: str, amount: str, key: str = "", method: str = "cash") -> str:
    command = RefundPayment.model_validate(
        {"amount": amount, "method": method, "reason": "Paid twice", "key": key}
    )
    with world.app.unit_of_work() as ctx:
        return operations.refund_payment(ctx, payment, command).number


def balance(world: World) -> str:
    with world.app.reading() as ctx:
        assert all(sum(line.balance.micros for line in queries.trial_balance(ctx)) == 0 for _once in "1")
        return str(queries.account(ctx, "A000001").balance)


def invoice(world: World) -> str:
    with world.app.reading() as ctx:
        return queries.invoice(ctx, "F00000001").status


@pytest.mark.both_databases
def test_either_of_two_payments_goes_back_and_the_invoice_stays_paid(twice: World) -> None:
    assert balance(twice) == "-59.96"
    assert refund(twice, "R000001", "59.96", key="once") == refund(twice, "R000001", "59.96", key="once")
    assert (balance(twice), invoice(twice)) == ("0.00", "paid")
    with twice.app.reading() as ctx:
        assert queries.payment(ctx, "R000001").state == "refunded"
        # What it had paid is paid by the other one now.
        assert [n for n, _amount in queries.payment(ctx, "R000002").allocations] == ["F00000001"]


@pytest.mark.both_databases
def test_no_more_goes_back_than_is_left_of_the_payment_and_the_credit(twice: World) -> None:
    refund(twice, "R000002", "20")
    for payment, amount, why in (("R000002", "39.97", "left"), ("R000001", "39.97", "credit")):
        with pytest.raises(Refused, match=why) as refused:
            refund(twice, payment, amount)
        assert refused.value.field == "amount"
    refund(twice, "R000002", "39.96")
    with pytest.raises(Refused, match="credit"):
        refund(twice, "R000001", "0.01")
    assert (balance(twice), invoice(twice)) == ("0.00", "paid")
    with twice.app.unit_of_work() as ctx:
        operations.void_invoice(ctx, "F00000001", VoidInvoice(reason="Never used it"))
    refund(twice, "R000001", "59.96")
    assert balance(twice) == "0.00"


def test_money_that_came_back_is_credit_again_and_a_refunded_payment_is_not_reversed(twice: World) -> None:
    number = refund(twice, "R000002", "59.96", method="bank_transfer")
    with pytest.raises(Refused, match="was refunded"), twice.app.unit_of_work() as ctx:
        operations.reverse_payment(ctx, "R000002", ReversePayment(reason="Bounced"))
    with twice.app.unit_of_work() as ctx:
        operations.fail_refund(ctx, number, FailRefund(reason="Account closed"))
    assert balance(twice) == "-59.96"
    with pytest.raises(Refused, match="failed before"), twice.app.unit_of_work() as ctx:
        operations.fail_refund(ctx, number, FailRefund(reason="Account closed"))
    assert refund(twice, "R000002", "59.96") != number
    assert balance(twice) == "0.00"


def test_the_customer_is_told_once_in_their_words_and_the_page_is_the_receipt(
    twice: World, staff: Staff
) -> None:
    page = staff("accountant").submit(
        FORM, {"amount": "20", "method": "bank_transfer", "reference": "E2E77", "reason": "Paid twice"}
    )
    assert page.url.path == "/billing/refunds/D000001"
    for words in ("Ana 1", "Bank transfer", "E2E77", "Paid twice", "R000002", "20.00"):
        assert words in page.text
    work_until_idle(twice.app)
    with twice.app.reading() as ctx:
        mails = ctx.session.scalars(select(Email).where(Email.template == "billing/mail/refund_paid")).all()
        assert [(mail.recipient, "20.00" in mail.text, "Paid twice" in mail.text) for mail in mails] == [
            ("ana1@example.com", True, True)
        ]
    tab = staff().get("/customers/C000001/billing").text
    assert "/billing/refunds/D000001" in tab


def test_who_has_nothing_to_refund_reads_why_and_what_to_do(twice: World, staff: Staff) -> None:
    browser = staff("accountant")
    browser.submit(FORM, {"amount": "59.96", "method": "cash", "reason": "Paid twice"})
    assert "All of it was given back" in browser.get(FORM).text
    assert "Void the invoice" in browser.get("/billing/payments/R000001/refund").text


def test_above_the_limit_it_waits_and_small_ones_that_add_up_do_as_well(twice: World, staff: Staff) -> None:
    with twice.app.unit_of_work() as ctx:
        settings.save(ctx, "billing", {"second_person_above": "40"})
    first, second = staff("accountant"), staff("supervisor")
    first.submit(FORM, {"amount": "30", "method": "cash", "reason": "Paid twice"})
    asked = first.submit(FORM, {"amount": "10.01", "method": "cash", "reason": "The rest"})
    assert asked.url.path == "/approvals/V000001"
    for words in ("The rest", "10.01", "30.00", "Cash"):
        assert words in asked.text
    assert balance(twice) == "-29.96"
    second.submit("/approvals/V000001/approve", {"note": ""})
    assert balance(twice) == "-19.95"
    with twice.app.reading() as ctx:
        entries = ctx.session.scalars(
            select(ActivityEntry).where(ActivityEntry.operation == "billing.refund.create")
        ).all()
        assert [entry.details.get("approval") for entry in entries] == [None, "V000001"]
        assert "accountant" in entries[1].actor.lower()
        assert "supervisor" in entries[1].details["approved_by"].lower()


def test_a_provider_gives_back_what_it_took_and_says_later_that_it_arrived(
    world: World, staff: Staff
) -> None:
    cashier, books = staff("cashier"), staff("accountant")
    taken = {"account_number": "A000001", "amount": "80", "provider": "wallet", "key": "w1"}
    cashier.submit("/billing/payments/new", taken, page="/billing/payments/new?account=A000001")
    cashier.submit(
        "/billing/payments/new",
        taken | {"provider": "cash", "key": "w2"},
        page="/billing/payments/new?account=A000001",
    )
    form = "/billing/payments/{}/refund"
    assert "Wallet" in books.get(form.format("R000001")).text
    assert "Wallet" not in books.get(form.format("R000002")).text
    fell = books.submit(form.format("R000001"), {"amount": "13", "method": "provider", "reason": "Too much"})
    assert "“Wallet” failed" in fell.text.partition('id="f-method-error"')[2][:300]
    page = books.submit(form.format("R000001"), {"amount": "50", "method": "provider", "reason": "Too much"})
    assert "Under way" in page.text
    assert "W-D000001" in page.text
    assert balance(world) == "-110.00"
    assert "Paid out" in books.submit(f"{page.url.path}/settle", page=page.url.path).text
    refused = books.submit(
        form.format("R000002"), {"amount": "5", "method": "provider", "reason": "Too much"}
    )
    assert "Choose cash" in refused.text


def test_over_rest_a_key_refunds_once_and_lists_show_it(twice: World, client: Browser) -> None:
    create_user(twice.app, "books@example.com", "accountant")
    body = {"email": "books@example.com", "password": PASSWORD}
    token = client.post("/api/v1/auth/login", json=body).json()["access_token"]
    headers = {"Authorization": f"Bearer {token}"}
    path = "/api/v1/billing/payments/R000002/refunds"
    asked = {"amount": "9.99", "method": "card", "reason": "Paid twice", "key": "r1"}
    made = [client.post(path, json=asked, headers=headers) for _twice in range(2)]
    assert [(one.status_code, one.json()["number"]) for one in made] == [(201, "D000001")] * 2
    rows = client.get("/api/v1/billing/refunds?state=paid", headers=headers).json()["items"]
    assert [(row["number"], row["amount"], row["payment_number"]) for row in rows] == [
        ("D000001", "9.99", "R000002")
    ]
    payment = client.get("/api/v1/billing/payments/R000002", headers=headers).json()
    assert payment["refunded"] == {"amount": "9.99", "currency": "BRL"}
    wrong = client.post(path, json=asked | {"amount": "60", "key": ""}, headers=headers)
    assert (wrong.status_code, wrong.json()["errors"][0]["field"]) == (422, "amount")
    back = client.post("/api/v1/billing/refunds/D000001/fail", json={"reason": "Bounced"}, headers=headers)
    assert back.json()["state"] == "failed"


def test_the_accountants_start_page_tells_of_refunds_that_failed_for_a_week(
    twice: World, staff: Staff
) -> None:
    said = "Refunds that failed in the last seven days"
    number = refund(twice, "R000002", "59.96")
    assert said not in staff("accountant").get("/").text
    with twice.app.unit_of_work() as ctx:
        operations.fail_refund(ctx, number, FailRefund(reason="Account closed"))
    assert said in staff("accountant").get("/").text
    assert said not in staff("cashier").get("/").text
    twice.at(2026, 11, 20)
    assert said not in staff("accountant").get("/").text


def test_the_accountants_start_page_tells_of_refunds_that_do_not_arrive(twice: World, staff: Staff) -> None:
    said = "Refunds that have not arrived for days"
    paid = RecordPayment(account_number="A000001", amount=Decimal(12))
    with twice.app.unit_of_work() as ctx:
        payment = operations.record_payment(ctx, paid, provider="wallet").number
    refund(twice, payment, "12", method="provider")
    assert said not in staff("accountant").get("/").text
    twice.at(2026, 11, 9)
    assert said in staff("accountant").get("/").text
    assert staff("accountant").get("/billing/refunds?state=under_way").status_code == 200
