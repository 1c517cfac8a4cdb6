"""Many payments and invoices at once: each that needs a second person waits for one by itself."""

import html
from collections.abc import Callable

from sqlalchemy import select
from sqlmodel import col

from tests.core.lists.bulk import begin
from tests.plugins.billing.conftest import World
from tests.plugins.billing.test_second_person import limited as limited
from tests.plugins.billing.test_second_person import states
from trunkline.approvals.models import Approval
from trunkline.customers.models import Customer
from trunkline.lists.models import ListRunRow
from trunkline.testing import Browser, work_until_idle
from trunkline_billing.models.accounts import BillingAccount
from trunkline_billing.models.payments import BillingPayment


def test_of_many_reversals_those_above_the_limit_wait_for_a_second_person(
    limited: World, staff: Callable[..., Browser]
) -> None:
    first, second = staff("accountant"), staff("supervisor")
    with limited.app.reading() as ctx:
        keys = ctx.session.scalars(select(col(BillingPayment.id))).all()
    run = begin(first, "/billing/payments", "payments", "billing.payment_reverse", keys, reason="Bounced")
    work_until_idle(limited.app)
    assert states(limited) == ["reversed", "received"]
    assert "V000001 waits for a second person" in first.get(run).text
    second.submit("/approvals/V000001/approve", {"note": ""})
    assert states(limited) == ["reversed", "reversed"]
    with limited.app.reading() as ctx:
        assert len(ctx.session.scalars(select(Approval)).all()) == 1


def test_who_may_not_reverse_one_payment_may_not_reverse_many(
    limited: World, staff: Callable[..., Browser]
) -> None:
    cashier = staff("cashier")
    asked = cashier.submit(
        "/lists/payments/do/billing.payment_reverse", {"ids": ["1"]}, page="/billing/payments"
    )
    assert asked.status_code == 403
    assert states(limited) == ["received", "received"]


def test_what_waits_for_a_second_person_has_not_failed_and_is_not_asked_for_again(
    limited: World, staff: Callable[..., Browser]
) -> None:
    first = staff("accountant")
    with limited.app.reading() as ctx:
        keys = ctx.session.scalars(select(col(BillingPayment.id))).all()
    run = begin(first, "/billing/payments", "payments", "billing.payment_reverse", keys, reason="Bounced")
    work_until_idle(limited.app)
    page = first.get(run).text
    assert "One row waits for a second person." in page
    assert 'href="/approvals/V000001"' in page
    assert "Try these again" not in page
    again = first.submit(
        "/lists/payments/do/billing.payment_reverse",
        {"failed_of": run.rpartition("/")[2]},
        page="/billing/payments",
    )
    assert "Nothing is selected." in again.text


def test_why_rows_were_not_done_is_said_once_and_in_the_readers_language(
    limited: World, staff: Callable[..., Browser]
) -> None:
    first = staff("accountant")
    first.submit("/profile", {"name": "Ana Souza", "language": "pt_BR"})
    with limited.app.reading() as ctx:
        keys = ctx.session.scalars(select(col(BillingAccount.id))).all()
    for _twice in range(2):
        run = begin(first, "/billing/accounts", "accounts", "billing.account_invoice", keys)
        work_until_idle(limited.app)
    with limited.app.reading() as ctx:
        reasons = ctx.session.scalars(
            select(col(ListRunRow.message)).where(col(ListRunRow.outcome) == "failed")
        ).all()
    assert reasons
    for reason in reasons:
        assert "nothing to invoice" not in reason
        assert reason.count("Charges and usage") + reason.count("cobranças") <= 1
    assert str(reasons[-1]) in html.unescape(first.get(run).text)


def test_what_is_to_be_done_to_a_row_says_whose_it_is(limited: World, staff: Callable[..., Browser]) -> None:
    asked = staff("accountant").submit(
        "/lists/payments/do/billing.payment_reverse", {"ids": ["1"]}, page="/billing/payments"
    )
    with limited.app.reading() as ctx:
        payment = ctx.session.scalars(select(BillingPayment).where(col(BillingPayment.id) == 1)).one()
        name = ctx.session.scalars(
            select(col(Customer.name)).where(col(Customer.id) == payment.customer_id)
        ).one()
    assert f"{payment.number} · {name}" in html.unescape(asked.text)


def test_leaving_an_action_alone_is_never_called_as_the_action_is(
    limited: World, staff: Callable[..., Browser]
) -> None:
    asked = staff("accountant").submit(
        "/lists/payments/do/billing.payment_reverse", {"ids": ["1"]}, page="/billing/payments"
    )
    form = asked.text.partition('id="rows-form"')[2].partition("</form>")[0]
    assert "Back to the list" in form
    assert ">Cancel<" not in form
