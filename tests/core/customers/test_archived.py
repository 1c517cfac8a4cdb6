"""Customers who were archived or erased: what is said to who would change them still."""

import io
from collections.abc import Callable

import pytest

from trunkline.app import App
from trunkline.contracts.operations import create
from trunkline.contracts.schemas import ContractTerms
from trunkline.customers import operations as customers
from trunkline.customers import queries
from trunkline.customers.erasing.operations import erase
from trunkline.customers.erasing.schemas import EraseCustomer
from trunkline.customers.merging.operations import merge
from trunkline.customers.merging.schemas import MergeCustomers
from trunkline.customers.models import CustomerStatus
from trunkline.customers.schemas import ContactData, RegisterCustomer, SetStatus, UpdateCustomer
from trunkline.errors import Refused
from trunkline.files.operations import attach
from trunkline.interactions.operations import record
from trunkline.interactions.schemas import RecordInteraction
from trunkline.operation import Context
from trunkline_billing.operations.accounts import open_account
from trunkline_billing.schemas import OpenAccount
from trunkline_portal.operations import invite
from trunkline_portal.schemas import InviteToPortal


def _register(app: App, name: str) -> str:
    with app.unit_of_work() as ctx:
        return customers.register(
            ctx, RegisterCustomer.model_validate({"kind": "individual", "name": name})
        ).number


def _told(app: App, number: str, other: str) -> dict[str, str]:
    """What each thing that nobody may do with an archived customer says."""
    tried: dict[str, Callable[[Context], object]] = {
        "change": lambda ctx: customers.update(ctx, number, UpdateCustomer(name="Somebody")),
        "status": lambda ctx: customers.set_status(ctx, number, SetStatus(status=CustomerStatus.ACTIVE)),
        "contact": lambda ctx: customers.add_contact(ctx, number, ContactData(name="Somebody")),
        "contract": lambda ctx: create(ctx, number, ContractTerms(title="Internet")),
        "file": lambda ctx: attach(ctx, number, io.BytesIO(b"%PDF-1.4"), "contract.pdf"),
        "protocol": lambda ctx: record(ctx, number, RecordInteraction(subject="A call")),
        "account": lambda ctx: open_account(ctx, OpenAccount(customer_id=queries.get(ctx, number).key)),
        "sign-in": lambda ctx: invite(ctx, number, InviteToPortal(name="Ana", email="a@example.com")),
        "merge": lambda ctx: merge(ctx, other, MergeCustomers(source=number)),
    }
    told = {}
    for what, attempt in tried.items():
        with pytest.raises(Refused) as refusal, app.unit_of_work() as ctx:
            attempt(ctx)
        told[what] = str(refusal.value)
    return told


def test_who_would_change_an_archived_customer_is_told_to_restore_it(app: App) -> None:
    number, other = _register(app, "Ana Souza"), _register(app, "Bruno Lima")
    with app.unit_of_work() as ctx:
        customers.set_status(ctx, number, SetStatus(status=CustomerStatus.CLOSED, reason="moved"))
        customers.archive(ctx, number)
    told = _told(app, number, other)
    assert not {what: said for what, said in told.items() if "Restore it first." not in said}


def test_nobody_is_told_to_restore_who_was_erased(app: App) -> None:
    number, other = _register(app, "Ana Souza"), _register(app, "Bruno Lima")
    with app.unit_of_work() as ctx:
        erase(ctx, number, EraseCustomer(confirm=number))
    told = _told(app, number, other)
    assert not {what: said for what, said in told.items() if "erased" not in said}
    assert not {what: said for what, said in told.items() if "Restore" in said or "active first" in said}
