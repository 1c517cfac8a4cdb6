"""Of an erased customer, contracts that were agreed are kept as proof, and those that nobody accepted are not."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from sqlmodel import col, select

from tests.clock import StandingClock
from tests.core.contracts.agreeing import add_customer, agreed, attach, draft
from trunkline.app import App
from trunkline.clock import Clock
from trunkline.contracts import operations
from trunkline.contracts.models import Contract, ContractDocument
from trunkline.contracts.schemas import TerminateContract, WithdrawContract
from trunkline.customers.erasing.operations import erase
from trunkline.customers.erasing.queries import preview
from trunkline.customers.erasing.schemas import EraseCustomer
from trunkline.files.models import StoredFile
from trunkline.testing import Browser, work_until_idle

pytestmark = pytest.mark.plugins()


@pytest.fixture
def clock() -> Clock:
    return StandingClock(datetime(2026, 6, 15, 15, 0, tzinfo=UTC))


def _erase(app: App, customer: str) -> None:
    with app.unit_of_work() as ctx:
        erase(ctx, customer, EraseCustomer(confirm=customer))
    work_until_idle(app)


def _title(app: App, number: str) -> str:
    with app.reading() as ctx:
        return ctx.load_by(Contract, Contract.number, number).title


def _stored(app: App) -> int:
    return sum(path.is_file() for path in (app.config.data / "files").rglob("*"))


@pytest.mark.both_databases
@pytest.mark.parametrize("withdrawn", [True, False])
def test_what_nobody_accepted_goes_with_the_person(
    app: App, staff: Callable[..., Browser], withdrawn: bool
) -> None:
    customer = add_customer(app)
    number = draft(app, customer, title="Internet for Ana")
    attach(app, number)
    if withdrawn:
        with app.unit_of_work() as ctx:
            operations.withdraw(ctx, number, WithdrawContract())
    with app.reading() as ctx:
        told = {(part.what, str(part.fate)) for part in preview(ctx, customer).parts}
    assert ("Contracts that nobody accepted", "pseudonymised") in told
    assert ("Documents of contracts", "deleted") in told
    _erase(app, customer)
    assert _title(app, number) == ""
    assert _stored(app) == 0
    with app.reading() as ctx:
        assert not ctx.session.scalars(select(ContractDocument)).all()
        assert not ctx.session.scalars(select(StoredFile)).all()
    assert "Nothing had to be kept." in staff("supervisor").get(f"/customers/{customer}").text


@pytest.mark.both_databases
def test_what_was_agreed_is_kept_as_proof_beside_it(app: App) -> None:
    customer = add_customer(app)
    proof = agreed(app, customer, title="Internet 500")
    with app.unit_of_work() as ctx:
        operations.terminate(ctx, proof, TerminateContract(reason="moved"))
    offer = draft(app, customer, title="Internet for Ana")
    attach(app, offer, b"%PDF-1.4\nAn offer.\n%%EOF\n")
    _erase(app, customer)
    assert (_title(app, proof), _title(app, offer)) == ("Internet 500", "")
    assert _stored(app) == 1
    with app.reading() as ctx:
        kept = ctx.session.scalars(select(col(StoredFile.note))).all()
    assert kept == [proof]
