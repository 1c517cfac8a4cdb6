"""What the trunk asks of the catalogue for a contract: what its services cost, and that an index changes it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

from trunkline.contracts.models import Contract, ContractStatus
from trunkline.contracts.operations.ending import outlook_of
from trunkline.contracts.worth import ContractWorth, Indexation
from trunkline.money import Money, minor_digits, round_to_minor
from trunkline.operation import Context
from trunkline_catalog import queries
from trunkline_catalog.operations.service_prices import AdjustPrices, adjust_prices
from trunkline_catalog.schemas import ServiceState, ServiceView

_WORKED = (ServiceState.ACTIVE, ServiceState.TERMINATING, ServiceState.TERMINATED)


def worth(ctx: Context, contract: Contract, on: date) -> Sequence[ContractWorth]:
    """What each service under the contract costs a month on a day; none for what does not work then or is paid with a bundle."""
    zone = ctx.app.config.zone
    services = [
        one
        for one in queries.services_under(ctx, contract.key)
        if one.state in _WORKED and not one.covered and _works_on(one, on, zone)
    ]
    return list(_worths(ctx, services, on))


def _works_on(service: ServiceView, day: date, zone: ZoneInfo) -> bool:
    ended = service.ended_at
    return ended is None or ended.astimezone(zone).date() >= day


def _worths(ctx: Context, services: Sequence[ServiceView], on: date) -> Iterator[ContractWorth]:
    own = queries.own_prices(ctx, [one.id for one in services])
    at = datetime.combine(on, time(23, 59, 59), ctx.app.config.zone).astimezone(UTC)
    for service in services:
        # A contract may be older than the price list.
        moment = max(at, service.activated_at or at)
        price = queries.monthly_at(ctx, service, own.get(service.id, ()), moment)
        if price.micros:
            unit = 10 ** (6 - minor_digits(price.currency))
            yield ContractWorth(
                name=service.product_name,
                amount_minor=round_to_minor(price.micros, price.currency) // unit,
                currency=price.currency,
                service=service.number,
                path=f"/catalog/services/{service.number}",
            )


@dataclass(frozen=True)
class Leaving:
    """A contract whose term goes on, and what ending it on the first day that keeps its notice costs."""

    number: str
    ends_on: date
    on: date
    penalty: Money


def leaving(ctx: Context, service: ServiceView) -> Leaving | None:
    """The contract of a service, while its term goes on and no notice was given; None for any other service."""
    contract = ctx.session.get(Contract, service.contract_id) if service.contract_id is not None else None
    if contract is None or contract.ends_on is None or contract.status != ContractStatus.ACTIVE:
        return None
    if contract.terminates_on is not None:
        return None
    outlook = outlook_of(ctx, contract, None)
    penalty = Money.of_minor(outlook.penalty_minor, outlook.currency)
    return Leaving(contract.number, contract.ends_on, outlook.on, penalty)


def indexing(ctx: Context, contract: Contract, indexation: Indexation) -> None:
    """Give the services under the contract the adjusted prices from the day on."""
    adjust_prices(
        ctx,
        queries.services_under(ctx, contract.key),
        AdjustPrices(
            contract_id=contract.key,
            index_name=indexation.index_name,
            basis_points=indexation.basis_points,
            effective_from=datetime.combine(indexation.effective_on, time(), ctx.app.config.zone).astimezone(
                UTC
            ),
        ),
    )
