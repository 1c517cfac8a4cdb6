"""Contracts for tests: a customer, a text, and the acceptance that makes it active."""

from datetime import date
from io import BytesIO
from typing import Any

from trunkline.app import App
from trunkline.contracts import operations
from trunkline.contracts.schemas import AcceptContract, ContractTerms
from trunkline.customers import operations as customers
from trunkline.customers.schemas import RegisterCustomer

TEXT = b"%PDF-1.4\nWhat is agreed.\n%%EOF\n"
OTHER_TEXT = b"%PDF-1.4\nWhat is agreed now.\n%%EOF\n"


def add_customer(app: App, **values: Any) -> str:
    with app.unit_of_work() as ctx:
        facts = {"kind": "individual", "name": "Ana Souza", "email": "ana@example.com", **values}
        return customers.register(ctx, RegisterCustomer.model_validate(facts)).number


def draft(app: App, customer: str = "", **values: Any) -> str:
    """A draft without a text; a customer is registered where none is named."""
    customer = customer or add_customer(app)
    terms = {"title": "Internet 500", "starts_on": date(2026, 1, 31), "term_months": 12, **values}
    with app.unit_of_work() as ctx:
        return operations.create(ctx, customer, ContractTerms.model_validate(terms)).number


def attach(app: App, number: str, content: bytes = TEXT) -> None:
    with app.unit_of_work() as ctx:
        operations.attach(ctx, number, BytesIO(content), "contract.pdf")


def accept(app: App, number: str, **values: Any) -> None:
    facts = {"how": "desk", "accepted_by": "Ana Souza", **values}
    with app.unit_of_work() as ctx:
        operations.accept(ctx, number, AcceptContract.model_validate(facts))


def agreed(app: App, customer: str = "", **values: Any) -> str:
    """An active contract."""
    number = draft(app, customer, **values)
    attach(app, number)
    accept(app, number)
    return number
