"""Contracts over services: the penalty of one that ends early, its name on invoices, and what an index makes of prices."""

from datetime import date
from decimal import Decimal
from io import BytesIO

import pytest
from sqlmodel import col, select

from tests.plugins.billing.conftest import World
from tests.plugins.billing.test_own_prices import NEW, OLD, invoice, numbers
from tests.plugins.billing.test_plan_changes import bill, charges, share
from trunkline.contracts import daily
from trunkline.contracts import operations as contracts
from trunkline.contracts.models import AcceptedBy, Contract, IndexationKind, PenaltyKind
from trunkline.contracts.operations.ending import carry_out
from trunkline.contracts.schemas import AcceptContract, ContractTerms, IndexContract, TerminateContract
from trunkline.contracts.worth import worth_of
from trunkline.errors import Refused
from trunkline_billing import queries
from trunkline_billing.models.accounts import BillingCharge, ChargeKind, ChargeState
from trunkline_billing.operations.accounts import default_account
from trunkline_billing.operations.penalties import ChargePenalty, charge_penalty
from trunkline_catalog import operations as catalog
from trunkline_catalog import queries as offers
from trunkline_catalog.schemas import SetContract


def agree(world: World, customer: str = "C000001", **terms: object) -> str:
    """A contract over twelve months since 1 October 2026, in force: 30.00 for each month that remains, and indexed by IPCA."""
    agreed = ContractTerms.model_validate(
        {
            "title": "Mobile lines",
            "starts_on": date(2026, 10, 1),
            "term_months": 12,
            "penalty": PenaltyKind.PER_MONTH,
            "penalty_amount": Decimal(30),
            "indexation": IndexationKind.INDEX,
            "index_name": "IPCA",
            "next_indexation_on": date(2026, 10, 6),
            **terms,
        }
    )
    with world.app.unit_of_work() as ctx:
        number = contracts.create(ctx, customer, agreed).number
        contracts.attach(ctx, number, BytesIO(b"%PDF-1.4 what was agreed"), "contract.pdf")
        accepted = AcceptContract(how=AcceptedBy.DESK, accepted_by="Ana 1")
        contracts.accept(ctx, number, accepted)
    return number


def cover(world: World, contract: str, service: str = "S000001") -> None:
    with world.app.unit_of_work() as ctx:
        catalog.set_contract(ctx, service, SetContract(contract=contract))


def end(world: World, contract: str, on: date, **more: object) -> None:
    wish = TerminateContract.model_validate({"on": on, "reason": "Moved away", **more})
    with world.app.unit_of_work() as ctx:
        contracts.terminate(ctx, contract, wish)


def penalties(world: World) -> list[tuple[str, str, int]]:
    with world.app.reading() as ctx:
        assert sum(line.balance.micros for line in queries.trial_balance(ctx)) == 0
        rows = ctx.session.scalars(
            select(BillingCharge).where(
                col(BillingCharge.kind) == ChargeKind.PENALTY, col(BillingCharge.state) != ChargeState.VOID
            )
        )
        return [(row.contract_number, row.description, row.amount_micros) for row in rows]


@pytest.mark.both_databases
def test_a_penalty_stands_once_on_the_next_invoice_with_its_contract_and_reason_and_is_taxed(
    world: World,
) -> None:
    contract = agree(world)
    cover(world, contract)
    end(world, contract, date(2026, 10, 5))
    assert penalties(world) == [(contract, "Moved away", 11 * 30_000_000)]
    # Whatever asks for it again gets what is there.
    with world.app.unit_of_work() as ctx:
        again = ctx.session.scalars(select(Contract)).one()
        carry_out(ctx, again)
    assert len(penalties(world)) == 1
    world.at(2026, 11, 1, 9)
    bill(world, "2026-10")
    [number] = numbers(world)
    shown = invoice(world, number)
    [line] = [one for one in shown.lines if one.kind == "penalty"]
    assert (line.text, line.note) == ("Early termination: Moved away", f"Contract {contract}")
    # 330.00 and 17 % of it.
    assert (line.net.micros, line.tax.micros) == (330_000_000, 56_100_000)
    assert shown.net.micros == sum(one.net.micros for one in shown.lines)
    assert shown.total.micros == shown.net.micros + sum(one.tax.micros for one in shown.lines)
    world.at(2026, 12, 1, 9)
    bill(world, "2026-11")
    assert "penalty" not in {one.kind for one in invoice(world, numbers(world)[-1]).lines}


def test_a_waived_penalty_and_one_of_nothing_are_not_charged(world: World) -> None:
    waived, none = agree(world), agree(world, penalty=PenaltyKind.NONE, penalty_amount=None)
    end(world, waived, date(2026, 10, 5), waive=True)
    end(world, none, date(2026, 10, 5))
    assert penalties(world) == []


def test_without_a_service_the_penalty_goes_to_the_default_account_and_never_into_another_currency(
    world: World,
) -> None:
    dollars = agree(world, currency="USD")
    with pytest.raises(Refused, match="USD"):
        end(world, dollars, date(2026, 10, 5))
    assert penalties(world) == []
    end(world, agree(world), date(2026, 10, 5))
    with world.app.reading() as ctx:
        charge = ctx.session.scalars(
            select(BillingCharge).where(col(BillingCharge.kind) == ChargeKind.PENALTY)
        ).one()
        assert charge.account_id == default_account(ctx, 1).key
    # The contract whose penalty could not be charged is in force as before.
    with world.app.reading() as ctx:
        assert ctx.load_by(Contract, Contract.number, dollars).status == "active"


def test_the_same_penalty_asked_for_twice_is_one_charge(world: World) -> None:
    contract = agree(world)
    wish = ChargePenalty(1, contract, 1, 5_000_000, "BRL", "Moved away", date(2026, 10, 5))
    keys = []
    for _ in range(2):
        with world.app.unit_of_work() as ctx:
            keys.append(charge_penalty(ctx, wish).id)
    assert keys[0] == keys[1]
    assert len(penalties(world)) == 1


@pytest.mark.both_databases
def test_an_indexed_contract_charges_its_services_more_from_the_day_on_and_says_so(world: World) -> None:
    contract = agree(world)
    cover(world, contract)
    with world.app.unit_of_work() as ctx:
        wish = IndexContract(percent=Decimal("4.83"), effective_on=date(2026, 10, 16))
        contracts.index(ctx, contract, wish)
    world.at(2026, 11, 1, 9)
    bill(world, "2026-10")
    assert charges(world) == [
        ("Mobile 10 GB", 1, 15, share(OLD, 15)),
        ("Mobile 10 GB", 16, 31, share(NEW, 16)),
    ]
    lines = invoice(world, numbers(world)[0]).lines
    assert [one.note for one in lines if one.kind == "monthly"] == [
        f"Contract {contract}",
        f"Contract {contract} · IPCA +4.83% since 16 Oct 2026",
    ]
    with world.app.reading() as ctx:
        row = ctx.load_by(Contract, Contract.number, contract)
        worth = [
            [(one.service, one.amount_minor, one.currency) for one in worth_of(ctx, row, day)]
            for day in (date(2026, 10, 15), date(2026, 10, 16))
        ]
    assert worth == [[("S000001", 4990, "BRL")], [("S000001", 5231, "BRL")]]


def test_what_no_contract_covers_is_not_indexed(world: World) -> None:
    contract = agree(world)
    with world.app.unit_of_work() as ctx:
        contracts.index(ctx, contract, IndexContract(percent=Decimal(10), effective_on=date(2026, 10, 6)))
    with world.app.reading() as ctx:
        assert offers.own_prices(ctx, world.services) == {}


def test_an_invoice_names_the_contract_that_its_services_stood_under_when_it_was_issued(world: World) -> None:
    contract = agree(world)
    cover(world, contract)
    world.at(2026, 11, 1, 9)
    bill(world, "2026-10")
    [number] = numbers(world)
    before = invoice(world, number).lines
    assert {one.contract_number for one in before} == {contract}
    with world.app.unit_of_work() as ctx:
        catalog.set_contract(ctx, "S000001", SetContract())
    assert invoice(world, number).lines == before


@pytest.mark.both_databases
def test_no_line_names_a_contract_for_days_after_its_end_or_before_its_start(world: World) -> None:
    over, next_one = agree(world), agree(world, starts_on=date(2026, 12, 1), next_indexation_on=None)
    cover(world, over)
    end(world, over, date(2026, 10, 15), waive=True)
    world.at(2026, 10, 16, 9)
    with world.app.unit_of_work() as ctx:
        daily.run(ctx)
    world.at(2026, 11, 1, 9)
    bill(world, "2026-10")
    world.at(2026, 11, 10, 9)
    cover(world, next_one)
    named = []
    for month, period in ((12, "2026-11"), (1, "2026-12")):
        world.at(2027 if month == 1 else 2026, month, 1, 9)
        bill(world, period)
    for number in numbers(world):
        named.append({one.contract_number for one in invoice(world, number).lines if one.kind == "monthly"})
    assert named == [{over}, {""}, {next_one}]


def test_a_term_that_ran_out_is_named_no_more(world: World) -> None:
    contract = agree(world, starts_on=date(2025, 10, 16), next_indexation_on=None)
    cover(world, contract)
    for month, period in ((11, "2026-10"), (12, "2026-11")):
        world.at(2026, month, 1, 9)
        with world.app.unit_of_work() as ctx:
            daily.run(ctx)
        bill(world, period)
    named = [{one.contract_number for one in invoice(world, number).lines} for number in numbers(world)]
    assert named == [{contract}, {""}]


def test_a_months_use_names_the_contract_that_was_in_force_on_one_of_its_days(world: World) -> None:
    contract = agree(world, starts_on=date(2026, 10, 10), next_indexation_on=None)
    cover(world, contract)
    world.at(2026, 10, 20, 15)
    calls = [
        world.call("before", 60, "+552133334444", start="2026-10-06T12:00:00Z"),
        world.call("after", 60, "+552133334444", start="2026-10-12T12:00:00Z"),
    ]
    assert world.usage(calls).created == 2
    world.at(2026, 11, 1, 9)
    bill(world, "2026-10")
    [used] = [one for one in invoice(world, numbers(world)[0]).lines if one.kind == "usage"]
    assert used.contract_number == contract
