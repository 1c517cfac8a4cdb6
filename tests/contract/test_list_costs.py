"""A list page asks the database as often for many rows as for one."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import event

from tests.plugins.portal.conftest import Household, households
from trunkline.app import App
from trunkline.auth.service_accounts import operations as service_accounts
from trunkline.auth.service_accounts.schemas import CreateServiceAccount
from trunkline.sms import operations as texts
from trunkline.testing import Browser, create_user
from trunkline.web import tables
from trunkline_billing.operations import record_payment
from trunkline_billing.schemas import RecordPayment

__all__ = ["households"]


class Asked:
    """Every statement that SQLite runs. The driver itself tells: what is prepared does not go through SQLAlchemy."""

    def __init__(self, app: App) -> None:
        self.statements: list[str] = []
        event.listen(app.database.engine, "checkout", self._watch)

    def _watch(self, connection: Any, *_rest: object) -> None:
        connection.set_trace_callback(self.statements.append)

    def by(self, browser: Browser, path: str) -> tuple[int, int]:
        """How many statements a page takes, and how many rows its table shows.

        Now and then one asks more, when what the process remembers is over: the least of a few counts.
        """
        counts, rows = [], 0
        for _try in range(3):
            self.statements.clear()
            answer = browser.get(path)
            assert answer.status_code == 200, path
            counts.append(len(self.statements))
            rows = answer.text.count("<tr") - 1
        return min(counts), rows


def _more(app: App, households: tuple[Household, Household]) -> None:
    for one in households:
        create_user(app, f"{one.account}@example.com", "cashier")
        with app.unit_of_work() as ctx:
            record_payment(ctx, RecordPayment(account_number=one.account, amount=Decimal(5)))
            texts.queue(ctx, to=one.msisdn, text="Hello", key=one.number)
            account = CreateServiceAccount(code=one.account.lower(), name=one.account, roles=["cashier"])
            service_accounts.create(ctx, account)


def test_a_list_costs_the_same_number_of_statements_however_many_rows_it_shows(
    app: App,
    staff: Callable[..., Browser],
    households: tuple[Household, Household],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(tables, "LIMITS", (1, 50))
    _more(app, households)
    browser, asked, told, dear = staff(), Asked(app), [], []
    for found in app.lists.values():
        few, _one = asked.by(browser, f"{found.path}?limit=1")
        many, rows = asked.by(browser, f"{found.path}?limit=50")
        if rows > 1:
            told.append(found.name)
        if many > few:
            dear.append(f"{found.name}: {few} statements for one row, {many} for {rows}")
    assert dear == []
    # Two households leave more than one row nearly everywhere, or this proves little.
    assert len(told) >= 15, " ".join(f for f in app.lists if f not in told)
