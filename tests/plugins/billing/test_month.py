"""A month of a customer: charges, usage, invoice, payment, books."""

from collections.abc import Callable
from decimal import Decimal

import pytest
from sqlalchemy import text

from tests.plugins.billing.conftest import World
from trunkline.customers.queries import latest_activity_of
from trunkline.errors import Refused
from trunkline_billing import operations, queries
from trunkline_billing.schemas import RecordPayment, ReversePayment, VoidInvoice

pytestmark = pytest.mark.both_databases


def test_a_month_ends_in_an_invoice_of_fee_and_usage_with_tax(world: World) -> None:
    # 100 minutes are included; 50 seconds more to São Paulo cost 9 steps of 6 s: 0.054, and 90 s abroad 0.10 + 2 x 0.60.
    assert (
        world.usage(
            [world.call("a", 6050), world.call("b", 90, "+12025550142"), world.data("c", 2 * 10**9)]
        ).created
        == 3
    )
    world.at(2026, 11, 2, 9)
    with world.app.unit_of_work() as ctx:
        operations.run_billing(ctx, "2026-09")
        operations.run_billing(ctx, "2026-10")
        first, second = reversed(queries.invoices_of(ctx, 1))
        october = queries.invoice(ctx, second.number)
    # Ten of September's thirty days.
    assert (str(first.net), str(first.tax), str(first.total)) == ("16.63", "2.83", "19.46")
    assert [(line.kind, line.usage_type, str(line.net), str(line.tax)) for line in october.lines] == [
        ("monthly", "", "49.90", "8.48"),
        ("usage", "voice", "1.35", "0.23"),
        ("usage", "data", "0.00", "0.00"),
    ]
    assert str(october.total) == "59.96"
    assert [(tax.name, str(tax.tax)) for tax in october.taxes] == [("ICMS", "8.71")]
    assert (first.number, second.number) == ("F00000001", "F00000002")
    assert str(october.due_date) == "2026-11-17"


def test_every_entry_balances_and_the_balance_follows_from_postings(world: World) -> None:
    world.usage([world.call("a", 6051), world.call("b", 91, "+12025550142")])
    world.at(2026, 11, 2, 9)
    with world.app.unit_of_work() as ctx:
        operations.run_billing(ctx, "2026-10")
        operations.record_payment(ctx, RecordPayment(account_number=world.accounts[0], amount=Decimal("20")))
    with world.app.reading() as ctx:
        unbalanced = ctx.session.execute(
            text(
                "SELECT entry_id, currency FROM billing_posting GROUP BY entry_id, currency HAVING sum(amount_micros) <> 0"
            )
        ).all()
        account = queries.account(ctx, world.accounts[0])
        invoice = queries.invoices_of(ctx, 1)[0]
        trial = queries.trial_balance(ctx)
    assert unbalanced == []
    assert account.balance == invoice.total - invoice.paid == invoice.due
    assert sum(line.balance.micros for line in trial) == 0
    assert {line.ledger: str(line.balance) for line in trial}["cash"] == "20.00"
    # What was charged and what was invoiced differ by what rounding took.
    assert account.unbilled.micros == 0


def test_a_payment_takes_the_oldest_invoice_first_and_the_rest_is_credit_for_the_next(world: World) -> None:
    world.at(2026, 11, 2, 9)
    with world.app.unit_of_work() as ctx:
        operations.run_billing(ctx, "2026-09")
        payment = operations.record_payment(
            ctx, RecordPayment(account_number=world.accounts[0], amount=Decimal("30.00"), key="desk-1")
        )
        again = operations.record_payment(
            ctx, RecordPayment(account_number=world.accounts[0], amount=Decimal("30.00"), key="desk-1")
        )
        assert again.number == payment.number == "R000001"
        assert str(queries.account(ctx, world.accounts[0]).balance) == "-10.54"
        operations.run_billing(ctx, "2026-10")
        seen = queries.payment(ctx, payment.number)
        second = queries.invoices_of(ctx, 1)[0]
    assert [(number, str(amount)) for number, amount in seen.allocations] == [
        ("F00000001", "19.46"),
        ("F00000002", "10.54"),
    ]
    assert (second.status, str(second.due)) == ("open", "47.84")


def test_a_reversed_payment_opens_its_invoices_again(world: World) -> None:
    world.at(2026, 11, 2, 9)
    with world.app.unit_of_work() as ctx:
        operations.run_billing(ctx, "2026-09")
        payment = operations.record_payment(
            ctx, RecordPayment(account_number=world.accounts[0], amount=Decimal("19.46"))
        )
        assert queries.invoices_of(ctx, 1)[0].status == "paid"
        operations.reverse_payment(ctx, payment.number, ReversePayment(reason="Wrong customer"))
        assert queries.invoices_of(ctx, 1)[0].status == "open"
        assert str(queries.balance(ctx, 1)) == "19.46"
        with pytest.raises(Refused, match="reversed before"):
            operations.reverse_payment(ctx, payment.number, ReversePayment(reason="Twice"))


def test_a_void_invoice_keeps_its_number_and_its_charges_come_with_the_next(world: World) -> None:
    world.at(2026, 11, 2, 9)
    with world.app.unit_of_work() as ctx:
        operations.run_billing(ctx, "2026-09")
        operations.void_invoice(ctx, "F00000001", VoidInvoice(reason="Wrong address"))
        assert queries.balance(ctx, 1).micros == 0
        operations.run_billing(ctx, "2026-09")
        numbers = [(invoice.number, invoice.status) for invoice in queries.invoices_of(ctx, 1)]
    assert numbers == [("F00000002", "open"), ("F00000001", "void")]


def test_invoicing_an_account_with_nothing_open_is_refused(world: World) -> None:
    with world.app.unit_of_work() as ctx, pytest.raises(Refused, match="nothing to invoice"):
        operations.issue_invoice(ctx, world.accounts[0])


def test_a_month_that_is_not_over_cannot_be_run(world: World) -> None:
    with world.app.unit_of_work() as ctx, pytest.raises(Refused, match="not over"):
        operations.run_billing(ctx, "2026-10")


def test_the_history_of_a_customer_tells_of_its_own_payment_of_a_banks_file_and_of_no_others(
    world: World, more: Callable[[int], World]
) -> None:
    more(1)
    world.at(2026, 10, 2)
    with world.app.unit_of_work() as ctx:
        operations.run_billing(ctx, "2026-09")
        operations.record_payments(
            ctx,
            [
                RecordPayment(account_number=account, amount=Decimal(1), method="bank_transfer", key="bank 1")
                for account in world.accounts
            ],
        )
    with world.app.reading() as ctx:
        told = [
            [
                row
                for row in latest_activity_of(ctx, customer, 50)
                if row.operation == "billing.payment.record"
            ]
            for customer in (1, 2)
        ]
        invoices = [queries.invoices_of(ctx, customer)[0].id for customer in (1, 2)]
    assert [[row.subject for row in rows] for rows in told] == [["R000001"], ["R000002"]]
    assert [[change["id"] for change in rows[0].changes] for rows in told] == [[key] for key in invoices]
