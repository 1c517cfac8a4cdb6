"""Contracts of the sample operator's customers: in force, about to end, to be indexed, sent and drafted."""

from datetime import date
from typing import TYPE_CHECKING, Any

from sqlmodel import col, select

from trunkline.contracts import operations
from trunkline.contracts.dates import add_months
from trunkline.contracts.models import AcceptedBy
from trunkline.contracts.schemas import AcceptContract, ContractTerms, SendContract
from trunkline.contracts.terms import today
from trunkline.customers.models import Customer, CustomerStatus
from trunkline.operation import Actor, ActorKind

if TYPE_CHECKING:
    from trunkline.app import App
    from trunkline.operation import Context

#: Months since the start, the rest of the terms, and how far it got.
_TERMS: tuple[tuple[int, dict[str, Any], str], ...] = (
    (4, {"title": "Business access 24 months", "term_months": 24, "renewal": "same_term", "notice_days": 30,
         "penalty": "share", "penalty_percent": "30", "indexation": "index", "index_name": "IPCA"}, "active"),
    (11, {"title": "Fibre 12 months", "term_months": 12, "renewal": "open_ended", "notice_days": 30,
          "penalty": "fixed", "penalty_amount": "300.00"}, "active"),
    (12, {"title": "Mobile fleet", "notice_days": 60, "indexation": "index", "index_name": "IGP-M"}, "active"),
    (2, {"title": "Voice 12 months", "term_months": 12, "notice_days": 30, "penalty": "per_month",
         "penalty_amount": "25.00", "indexation": "fixed", "indexation_percent": "4.5"}, "active"),
    (0, {"title": "Fibre 24 months", "term_months": 24, "renewal": "same_term", "notice_days": 30,
         "penalty": "share", "penalty_percent": "30"}, "sent"),
    (0, {"title": "Second site", "term_months": 12, "notice_days": 30}, "draft"),
)  # fmt: skip


def leave_contracts(app: "App") -> None:
    """One contract of each kind, with customers who have been there longest."""
    agent = Actor(ActorKind.STAFF, None, "Juliana Martins", permissions=None)
    with app.unit_of_work(agent) as ctx:
        customers = ctx.session.scalars(
            select(Customer)
            .where(col(Customer.status) == CustomerStatus.ACTIVE, col(Customer.email) != "")
            .order_by(col(Customer.kind), col(Customer.id))
            .limit(len(_TERMS))
        ).all()
        for customer, (months, terms, state) in zip(customers, _TERMS, strict=False):
            _leave(ctx, customer, months, terms, state)


def _leave(ctx: "Context", customer: Customer, months: int, terms: dict[str, Any], state: str) -> None:
    begun: date = add_months(today(ctx), -months)
    starts = {"starts_on": begun} if state == "active" else {}
    command = ContractTerms.model_validate({**terms, **starts})
    number = operations.create(ctx, customer.number, command).number
    if state == "sent":
        operations.send(ctx, number, SendContract())
    if state == "active":
        operations.adopt_print(ctx, number)
        operations.accept(
            ctx,
            number,
            AcceptContract(
                how=AcceptedBy.DESK, accepted_by=customer.name, tax_id=customer.tax_id, accepted_on=begun
            ),
        )
