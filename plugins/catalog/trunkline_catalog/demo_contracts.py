"""The sample operator's contracts over services: one that was indexed, one that ended before its term."""

from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal

from sqlalchemy import func, select
from sqlmodel import col

from trunkline.app import App
from trunkline.contracts import operations as contracts
from trunkline.contracts.dates import add_months
from trunkline.contracts.models import (
    AcceptedBy,
    Contract,
    ContractStatus,
    IndexationKind,
    PenaltyKind,
    Renewal,
)
from trunkline.contracts.schemas import AcceptContract, ContractTerms, IndexContract, TerminateContract
from trunkline.customers.models import Customer, CustomerKind
from trunkline.demo.month import DemoMonth
from trunkline.operation import Context
from trunkline_catalog import operations
from trunkline_catalog.models import CatalogService
from trunkline_catalog.schemas import ServiceState, SetContract

_STAYS, _LEAVES = "Conectividade da matriz", "Linhas da filial"
#: In which month of the history each is signed, and what then becomes of it.
_SIGNED = {2: _STAYS, 3: _LEAVES}
_INDEXED, _LEFT = 8, 9


def live(app: App, month: DemoMonth) -> None:
    """Businesses sign in two of the months; later charges of one follow the index, and the other leaves early."""
    moment = month.clock.moment
    if month.number in _SIGNED:
        with app.unit_of_work() as ctx:
            _sign(ctx, _SIGNED[month.number])
    if month.number in (_INDEXED, _LEFT):
        # Days into the month, so that its invoice shows both prices.
        month.clock.move_to(min(month.begins + timedelta(days=14, hours=13), month.ends))
        with app.unit_of_work() as ctx:
            _index(ctx) if month.number == _INDEXED else _leave(ctx)
        month.clock.move_to(max(moment, month.clock.moment))


def _sign(ctx: Context, title: str) -> None:
    services = _services_of_somebody(ctx)
    if not services:
        return
    customer = ctx.session.get_one(Customer, services[0].customer_id)
    today = ctx.now().astimezone(ctx.app.config.zone).date()
    terms = ContractTerms(
        title=title,
        term_months=24,
        renewal=Renewal.SAME_TERM,
        penalty=PenaltyKind.SHARE,
        penalty_percent=Decimal(30),
        indexation=IndexationKind.INDEX,
        index_name="IPCA",
        next_indexation_on=add_months(today, 6).replace(day=15),
    )
    number = contracts.create(ctx, customer.number, terms).number
    contracts.adopt_print(ctx, number)
    signed = AcceptContract(how=AcceptedBy.DESK, accepted_by=customer.name, accepted_on=today)
    contracts.accept(ctx, number, signed)
    for service in services:
        operations.set_contract(ctx, service.number, SetContract(contract=number))


def _services_of_somebody(ctx: Context) -> Sequence[CatalogService]:
    """Two services of the first business that has two and no contract."""
    owner = ctx.session.scalar(
        select(col(CatalogService.customer_id))
        .join(Customer, col(Customer.id) == col(CatalogService.customer_id))
        .where(
            col(Customer.kind) == CustomerKind.BUSINESS,
            col(CatalogService.state) == ServiceState.ACTIVE,
            col(CatalogService.parent_id).is_(None),
            col(CatalogService.customer_id).not_in(select(col(Contract.customer_id))),
        )
        .group_by(col(CatalogService.customer_id))
        .having(func.count() > 1)
        .order_by(col(CatalogService.customer_id))
        .limit(1)
    )
    return ctx.session.scalars(
        select(CatalogService)
        .where(
            col(CatalogService.customer_id) == owner,
            col(CatalogService.state) == ServiceState.ACTIVE,
            col(CatalogService.parent_id).is_(None),
        )
        .order_by(col(CatalogService.id))
        .limit(2)
    ).all()


def _index(ctx: Context) -> None:
    for number in _active(ctx, _STAYS):
        contracts.index(ctx, number, IndexContract(percent=Decimal("4.83")))


def _leave(ctx: Context) -> None:
    for number in _active(ctx, _LEAVES):
        contracts.terminate(
            ctx, number, TerminateContract(reason="A filial mudou para fora da área atendida")
        )


def _active(ctx: Context, title: str) -> Sequence[str]:
    return ctx.session.scalars(
        select(col(Contract.number)).where(
            col(Contract.title) == title, col(Contract.status) == ContractStatus.ACTIVE
        )
    ).all()
