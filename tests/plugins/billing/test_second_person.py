"""Reversals, voids and price changes above the operator's limits wait for a second person."""

from collections.abc import Callable
from decimal import Decimal

import pytest
from sqlalchemy import select
from sqlmodel import col

from tests.plugins.billing.conftest import World
from trunkline.activity.models import ActivityEntry
from trunkline.activity.words import title
from trunkline.errors import WaitsForSecondPerson
from trunkline.money import Money
from trunkline.settings import operations as settings
from trunkline.testing import PASSWORD, Browser, actor_with, create_user
from trunkline_billing import queries
from trunkline_billing.models.accounts import BillingCharge
from trunkline_billing.operations import give_credit, run_billing
from trunkline_billing.operations.payments import record_payment
from trunkline_billing.schemas import GiveCredit, RecordPayment
from trunkline_catalog import operations as catalog
from trunkline_catalog import queries as products
from trunkline_catalog.schemas import SetPrice


@pytest.fixture
def limited(world: World) -> World:
    """Reversals above 100 and price changes by more than 5 need a second person; two payments came in."""
    with world.app.unit_of_work() as ctx:
        settings.save(ctx, "billing", {"second_person_above": "100"})
        settings.save(ctx, "catalog", {"second_person_above": "5"})
        for amount in ("100", "100.01"):
            record_payment(ctx, RecordPayment(account_number="A000001", amount=Decimal(amount)))
    return world


def states(world: World) -> list[str]:
    with world.app.reading() as ctx:
        return [queries.payment(ctx, number).state for number in ("R000001", "R000002")]


def test_a_reversal_above_the_limit_waits_and_one_within_it_does_not(
    limited: World, staff: Callable[..., Browser]
) -> None:
    first, second = staff("accountant"), staff("supervisor")
    first.submit("/billing/payments/R000001/reverse", {"reason": "Bounced"})
    asked = first.submit("/billing/payments/R000002/reverse", {"reason": "Bounced too"})
    assert states(limited) == ["reversed", "received"]
    assert asked.url.path == "/approvals/V000001"
    assert "Reverse payment R000002" in asked.text
    assert "Bounced too" in asked.text
    second.submit("/approvals/V000001/approve", {"note": ""})
    assert states(limited) == ["reversed", "reversed"]


def test_what_is_done_only_once_waits_only_once_whatever_the_reason(
    limited: World, staff: Callable[..., Browser]
) -> None:
    first, other, second = staff("accountant"), staff("accountant"), staff("supervisor")
    form = "/billing/payments/R000002/reverse"
    asked = [
        first.submit(form, {"reason": "Bounced"}),
        other.submit(form, {"reason": "The bank took it back"}),
    ]
    assert [one.url.path for one in asked] == ["/approvals/V000001"] * 2
    second.submit("/approvals/V000001/approve", {"note": ""})
    assert states(limited) == ["received", "reversed"]
    assert second.get("/approvals/V000002").status_code == 404


def given(world: World) -> list[str]:
    with world.app.reading() as ctx:
        rows = ctx.session.scalars(
            queries.charge_select(ctx).with_only_columns(col(BillingCharge.amount_micros))
        )
        return sorted(str(Money(micros, "BRL")) for micros in rows if micros < 0)


def test_credits_above_the_limit_wait_and_so_do_small_ones_that_add_up(
    limited: World, staff: Callable[..., Browser]
) -> None:
    first, second = staff("accountant"), staff("supervisor")
    form = "/billing/accounts/A000001/credit"
    first.submit(form, {"amount": "60", "reason": "Slow line in September"})
    asked = first.submit(form, {"amount": "40.01", "reason": "And in October"})
    assert given(limited) == ["-60.00"]
    assert "And in October" in asked.text
    assert "60.00" in asked.text
    second.submit("/approvals/V000001/approve", {"note": ""})
    assert given(limited) == ["-40.01", "-60.00"]
    with limited.app.reading() as ctx:
        entries = ctx.session.scalars(
            select(ActivityEntry)
            .where(col(ActivityEntry.operation) == "billing.credit.create")
            .order_by(col(ActivityEntry.id).desc())
        ).all()
        assert title(entries[0].operation, entries[0].subject_kind) == "Credit registered"
        assert entries[0].details["amount_micros"] == 40_010_000
        assert "approved_by" in entries[0].details
        assert "approved_by" not in entries[1].details


def test_a_credit_comes_off_the_next_invoice_with_its_tax(world: World) -> None:
    with world.app.unit_of_work() as ctx:
        for _twice in range(2):
            give_credit(ctx, "A000001", GiveCredit(amount=Decimal(10), reason="Slow line", key="once"))
    world.at(2026, 11, 1, 15)
    with world.app.unit_of_work() as ctx:
        run_billing(ctx, "2026-10")
        view = queries.invoice(ctx, "F00000001")
        charged = [line.net.micros for line in view.lines if line.kind != "credit"]
        assert [(line.kind, str(line.net)) for line in view.lines][-1] == ("credit", "-10.00")
        assert view.net.micros == sum(charged) - 10_000_000
        assert view.tax.micros == round(view.net.micros * 17 / 100, -4)


def test_over_rest_the_answer_says_that_it_waits_and_where(limited: World, client: Browser) -> None:
    create_user(limited.app, "books@example.com", "accountant")
    body = {"email": "books@example.com", "password": PASSWORD}
    token = client.post("/api/v1/auth/login", json=body).json()["access_token"]
    headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": "once"}
    path = "/api/v1/billing/payments/R000002/reverse"
    answers = [client.post(path, json={"reason": "Bounced"}, headers=headers) for _ in range(2)]
    assert [(one.status_code, one.json()["approval"]) for one in answers] == [(202, "V000001")] * 2
    waiting = client.get(answers[0].headers["location"], headers=headers).json()
    assert (waiting["state"], waiting["amount"]) == ("waiting", "100.01")
    assert states(limited) == ["received", "received"]


def test_a_price_that_moves_by_more_than_the_limit_waits(limited: World) -> None:
    with limited.app.unit_of_work(actor_with("catalog.price.change")) as ctx:
        now = products.prices(ctx, products.product(ctx, "mobile_10").id)[0]
        setup, monthly = (Decimal(price).scaleb(-6) for price in (now.setup_micros, now.monthly_micros))
        with pytest.raises(WaitsForSecondPerson, match="Change the price"):
            catalog.set_price(
                ctx, "mobile_10", SetPrice(setup_price=setup, monthly_price=monthly + Decimal("5.01"))
            )
        catalog.set_price(ctx, "mobile_10", SetPrice(setup_price=setup, monthly_price=monthly + 5))
