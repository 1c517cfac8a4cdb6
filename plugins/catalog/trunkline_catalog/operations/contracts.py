"""Putting services under a customer's contract, and taking them out."""

from sqlmodel import col, select

from trunkline.contracts.models import Contract, ContractStatus
from trunkline.errors import Refused
from trunkline.i18n import gettext as _
from trunkline.operation import Context, operation
from trunkline_catalog.events import ServiceContractChanged
from trunkline_catalog.models import CatalogProduct, CatalogService
from trunkline_catalog.queries.services import service_views
from trunkline_catalog.schemas import ServiceState, ServiceView, SetContract

_OVER = (ServiceState.TERMINATED, ServiceState.CANCELLED, ServiceState.FAILED)


def contract_for(ctx: Context, customer_id: int, number: str) -> Contract | None:
    """The customer's contract with this number, None for an empty one. Raises Refused (field `contract`) for one not in force."""
    if not number:
        return None
    contract = ctx.session.scalars(
        select(Contract).where(
            col(Contract.number) == number.strip().upper(), col(Contract.customer_id) == customer_id
        )
    ).one_or_none()
    if contract is None:
        raise Refused(
            _("This customer has no contract {number}.", number=number),
            field="contract",
            remedy=_("Choose one of this customer’s contracts."),
        )
    if contract.status != ContractStatus.ACTIVE:
        raise Refused(
            _("Contract {number} is not in force.", number=contract.number),
            field="contract",
            remedy=_("Choose one that is, or have it accepted first."),
        )
    return contract


def contract_of_host(ctx: Context, host: CatalogService) -> int | None:
    """The contract under which what is added to a service will stand: the service's own while it is in force."""
    contract = ctx.session.get(Contract, host.contract_id) if host.contract_id is not None else None
    return contract.key if contract is not None and contract.status == ContractStatus.ACTIVE else None


@operation("catalog.service.assign")
def set_contract(ctx: Context, number: str, command: SetContract) -> ServiceView:
    """Put a service and what belongs to it under a contract of its customer, or under none. The same again changes nothing.

    Raises Refused for a service that has ended, and for a contract that is another customer's or not in force.
    """
    service = ctx.load_by(CatalogService, CatalogService.number, number, lock=True)
    if service.state in _OVER:
        raise Refused(_("{service} has ended and keeps its contract.", service=number), field="contract")
    contract = contract_for(ctx, service.customer_id, command.contract)
    wanted = contract.key if contract is not None else None
    for one in (service, *_belonging(ctx, service)):
        if one.contract_id != wanted:
            _move(ctx, one, contract)
    ctx.session.flush()
    ctx.note(service, label=service.number, contract=contract.number if contract is not None else "")
    return service_views(ctx, [service])[0]


def _belonging(ctx: Context, service: CatalogService) -> list[CatalogService]:
    found: list[CatalogService] = []
    parents = [service.key]
    while parents:
        rows = ctx.session.scalars(
            select(CatalogService)
            .where(col(CatalogService.parent_id).in_(parents), col(CatalogService.state).not_in(_OVER))
            .order_by(col(CatalogService.id))
            .with_for_update()
        ).all()
        found += rows
        parents = [row.key for row in rows]
    return found


def _move(ctx: Context, service: CatalogService, contract: Contract | None) -> None:
    before = ctx.session.get(Contract, service.contract_id) if service.contract_id is not None else None
    service.contract_id = contract.key if contract is not None else None
    ctx.session.flush()
    ctx.emit(
        ServiceContractChanged(
            entity_id=service.key,
            customer_id=service.customer_id,
            number=service.number,
            product_code=ctx.session.get_one(CatalogProduct, service.product_id).code,
            contract=contract.number if contract is not None else "",
            before=before.number if before is not None else "",
        )
    )
