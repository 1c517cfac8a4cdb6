"""The course of a contract: drafted, accepted, changed, terminated, indexed."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from hashlib import sha256
from io import BytesIO
from typing import Any

import pytest
from sqlmodel import col, select

from tests.clock import StandingClock
from tests.core.contracts.agreeing import OTHER_TEXT, TEXT, accept, agreed, attach, draft
from trunkline.app import App
from trunkline.clock import Clock
from trunkline.contracts import operations
from trunkline.contracts.models import AcceptedBy, Contract, ContractAcceptance, ContractStatus, DocumentKind
from trunkline.contracts.operations.accepting import Scan
from trunkline.contracts.operations.ending import outlook_of
from trunkline.contracts.queries import documents_of
from trunkline.contracts.schemas import (
    AcceptContract,
    EditContract,
    IndexContract,
    TerminateContract,
    WithdrawContract,
)
from trunkline.contracts.terms import terms_digest
from trunkline.contracts.worth import ContractTermination, ContractWorth, Indexation
from trunkline.customers.models import Customer
from trunkline.errors import Conflict, Forbidden, Refused
from trunkline.events.models import OutboxEvent
from trunkline.files import operations as files
from trunkline.operation import Context
from trunkline.plugin import hookimpl
from trunkline.testing import actor_with

pytestmark = pytest.mark.plugins()


@pytest.fixture
def clock() -> Clock:
    return StandingClock(datetime(2026, 6, 15, 15, 0, tzinfo=UTC))


class Charges:
    """What a plugin that charges answers and hears."""

    def __init__(self) -> None:
        self.monthly = 10_000
        self.heard: list[ContractTermination | Indexation] = []
        self.refuse = False

    @hookimpl
    def contract_worth(self, contract: Contract, on: date) -> list[ContractWorth]:
        return [ContractWorth("Fibre", self.monthly, "BRL", "S000001")]

    @hookimpl
    def contract_terminating(self, contract: Contract, termination: ContractTermination) -> None:
        if self.refuse:
            raise Refused("There is no account to charge.")
        self.heard.append(termination)

    @hookimpl
    def contract_indexing(self, contract: Contract, indexation: Indexation) -> None:
        self.heard.append(indexation)


@pytest.fixture
def charges(app: App) -> Iterator[Charges]:
    plugin = Charges()
    app.hooks.manager.register(plugin, "charges")
    yield plugin
    app.hooks.manager.unregister(plugin)


def look(app: App, number: str) -> Contract:
    with app.unit_of_work() as ctx:
        contract = ctx.load_by(Contract, Contract.number, number)
        ctx.session.expunge(contract)
        return contract


def events(app: App) -> list[str]:
    with app.unit_of_work() as ctx:
        names = ctx.session.scalars(
            select(col(OutboxEvent.name))
            .where(col(OutboxEvent.entity) == "contract")
            .order_by(col(OutboxEvent.id))
        )
        return list(names)


def terminate(ctx: Context, number: str, **values: Any) -> Contract:
    command = TerminateContract.model_validate({"reason": "Moves away", **values})
    return operations.terminate(ctx, number, command)


@pytest.mark.both_databases
def test_a_contract_begins_with_the_acceptance_of_its_text(app: App) -> None:
    number = draft(app, starts_on=None, indexation="index", index_name="IPCA")
    with app.unit_of_work() as ctx, pytest.raises(Refused, match="no text to accept"):
        operations.accept(ctx, number, AcceptContract(how=AcceptedBy.DESK, accepted_by="Ana Souza"))
    attach(app, number)
    accept(app, number, tax_id="529.982.247-25")
    contract = look(app, number)
    assert (contract.status, contract.starts_on) == ("active", date(2026, 6, 15))
    assert (contract.ends_on, contract.next_indexation_on) == (date(2027, 6, 14), date(2027, 6, 15))
    with app.unit_of_work() as ctx:
        acceptance = ctx.session.scalars(select(ContractAcceptance)).one()
        assert acceptance.terms_digest == terms_digest(contract)
        assert acceptance.digest == sha256(TEXT).hexdigest()
    assert events(app) == ["contract.created", "contract.changed", "contract.accepted"]


def test_a_paper_needs_its_scan_and_a_call_its_protocol_number(app: App) -> None:
    number = draft(app)
    attach(app, number)
    with app.unit_of_work() as ctx:
        with pytest.raises(Refused) as refused:
            operations.accept(ctx, number, AcceptContract(how=AcceptedBy.PAPER, accepted_by="Ana"))
        assert refused.value.field == "scan"
        with pytest.raises(Refused) as refused:
            operations.accept(ctx, number, AcceptContract(how=AcceptedBy.TELEPHONE, accepted_by="Ana"))
        assert refused.value.field == "reference"
        with pytest.raises(Refused, match="recorded by itself"):
            operations.accept(ctx, number, AcceptContract(how=AcceptedBy.PORTAL, accepted_by="Ana"))
    with app.unit_of_work() as ctx:
        scan = Scan(BytesIO(OTHER_TEXT), "signed.pdf")
        made = operations.accept(ctx, number, AcceptContract(how=AcceptedBy.PAPER, accepted_by="Ana"), scan)
        assert made.scan_digest == sha256(OTHER_TEXT).hexdigest()
    assert look(app, number).status == ContractStatus.ACTIVE


def test_terms_of_the_chosen_kinds_are_asked_for_together(app: App) -> None:
    with pytest.raises(Refused) as refused:
        draft(app, penalty="share", indexation="index")
    fields = [refused.value.field, *(other.field for other in refused.value.others)]
    assert fields == ["penalty_percent", "index_name"]
    with pytest.raises(Refused) as refused:
        draft(app, penalty="fixed", penalty_amount="1.005", currency="BRL")
    assert refused.value.field == "penalty_amount"
    with pytest.raises(Refused) as refused:
        draft(app, penalty="fixed", penalty_amount="10", term_months=None)
    assert refused.value.field == "penalty"


def test_the_second_editor_is_told_and_other_terms_are_kept(app: App) -> None:
    number = draft(app)
    with app.unit_of_work() as ctx:
        command = EditContract(title="Internet 700", starts_on=date(2026, 1, 31), term_months=24, version=1)
        operations.edit(ctx, number, command)
    assert look(app, number).ends_on == date(2028, 1, 30)
    with app.unit_of_work() as ctx, pytest.raises(Conflict, match="Internet 700"):
        operations.edit(ctx, number, EditContract(title="Internet 900", version=1))


def test_another_text_keeps_the_former_one_and_a_document_of_a_contract_stays(app: App) -> None:
    number = agreed(app)
    attach(app, number, OTHER_TEXT)
    with app.unit_of_work() as ctx:
        contract = ctx.load_by(Contract, Contract.number, number)
        kinds = {document.kind: document.file_id for document in documents_of(ctx, contract)}
        assert set(kinds) == {DocumentKind.TEXT, DocumentKind.REPLACED}
        customer = ctx.session.get_one(Customer, contract.customer_id)
        with pytest.raises(Refused, match=number):
            files.remove(ctx, customer.number, kinds[DocumentKind.TEXT])
        with pytest.raises(Refused, match="annex"):
            operations.remove_annex(ctx, number, kinds[DocumentKind.TEXT])


@pytest.mark.both_databases
def test_leaving_early_costs_the_share_of_what_remains_and_is_charged_once(
    app: App, charges: Charges
) -> None:
    number = agreed(app, penalty="share", penalty_percent="30", currency="BRL", notice_days=30)
    with app.unit_of_work() as ctx:
        outlook = outlook_of(ctx, ctx.load_by(Contract, Contract.number, number), None)
        assert (outlook.on, outlook.remaining_months) == (date(2026, 7, 15), 6)
        assert (outlook.monthly_minor, outlook.penalty_minor) == (10_000, 18_000)
        terminate(ctx, number, on=date(2026, 6, 15))
    assert look(app, number).status == ContractStatus.TERMINATED
    assert charges.heard == [
        ContractTermination(date(2026, 6, 15), "Moves away", 7, 21_000, "BRL", waived=False)
    ]
    with app.unit_of_work() as ctx, pytest.raises(Refused, match="terminated"):
        terminate(ctx, number)
    assert events(app)[-1] == "contract.terminated"


def test_notice_waits_for_its_day_and_can_be_taken_back(app: App, charges: Charges) -> None:
    number = agreed(app, penalty="fixed", penalty_amount="50", currency="BRL", notice_days=30)
    with app.unit_of_work() as ctx:
        terminate(ctx, number)
    contract = look(app, number)
    assert (contract.status, contract.terminates_on) == ("active", date(2026, 7, 15))
    assert contract.termination_penalty_minor == 5_000
    assert not charges.heard
    with app.unit_of_work() as ctx, pytest.raises(Refused, match="Notice was given"):
        operations.index(ctx, number, IndexContract(percent=Decimal("4")))
    with app.unit_of_work() as ctx:
        operations.keep(ctx, number)
    assert look(app, number).terminates_on is None


def test_a_contract_that_nobody_can_charge_does_not_end(app: App, charges: Charges) -> None:
    number = agreed(app, penalty="fixed", penalty_amount="50", currency="BRL")
    charges.refuse = True
    with pytest.raises(Refused, match="no account"), app.unit_of_work() as ctx:
        terminate(ctx, number)
    contract = look(app, number)
    assert (contract.status, contract.terminates_on) == ("active", None)


def test_waiving_a_penalty_needs_a_permission_of_its_own(app: App, charges: Charges) -> None:
    number = agreed(app, penalty="fixed", penalty_amount="50", currency="BRL")
    colleague = actor_with("core.contract.terminate")
    with pytest.raises(Forbidden, match="Waive"), app.unit_of_work(colleague) as ctx:
        terminate(ctx, number, waive=True)
    boss = actor_with("core.contract.terminate", "core.contract_penalty.cancel")
    with app.unit_of_work(boss) as ctx:
        terminate(ctx, number, waive=True)
    assert charges.heard == [ContractTermination(date(2026, 6, 15), "Moves away", 7, 0, "BRL", waived=True)]


def test_charges_are_indexed_once_in_twelve_months(app: App, charges: Charges) -> None:
    number = agreed(app, indexation="index", index_name="IPCA", next_indexation_on=date(2026, 7, 1))
    with app.unit_of_work() as ctx, pytest.raises(Refused) as refused:
        operations.index(ctx, number, IndexContract(percent=Decimal("4.62"), effective_on=date(2026, 6, 30)))
    assert refused.value.field == "effective_on"
    assert "1 Jul 2026" in str(refused.value)
    with app.unit_of_work() as ctx:
        operations.index(ctx, number, IndexContract(percent=Decimal("4.62")))
    assert charges.heard == [Indexation(462, date(2026, 7, 1), "IPCA")]
    assert look(app, number).next_indexation_on == date(2027, 7, 1)
    with app.unit_of_work() as ctx, pytest.raises(Refused, match="due on"):
        operations.index(ctx, number, IndexContract(percent=Decimal("4.62"), effective_on=date(2026, 8, 1)))


def test_a_contract_that_fixes_its_share_is_indexed_by_it(app: App, charges: Charges) -> None:
    number = agreed(app, indexation="fixed", indexation_percent="5", next_indexation_on=date(2026, 6, 1))
    with app.unit_of_work() as ctx:
        operations.index(ctx, number, IndexContract())
    assert charges.heard == [Indexation(500, date(2026, 6, 15), "")]


def test_what_never_began_is_withdrawn_and_nothing_follows(app: App) -> None:
    number = draft(app)
    with app.unit_of_work() as ctx:
        operations.withdraw(ctx, number, WithdrawContract(reason="Went elsewhere"))
    assert look(app, number).status == ContractStatus.WITHDRAWN
    for act in (
        lambda ctx: operations.withdraw(ctx, number, WithdrawContract()),
        lambda ctx: operations.edit(ctx, number, EditContract(title="Other")),
        lambda ctx: terminate(ctx, number),
        lambda ctx: operations.accept(ctx, number, AcceptContract(how=AcceptedBy.DESK, accepted_by="Ana")),
        lambda ctx: operations.attach(ctx, number, BytesIO(TEXT), "contract.pdf"),
    ):
        with app.unit_of_work() as ctx, pytest.raises(Refused, match="withdrawn"):
            act(ctx)
