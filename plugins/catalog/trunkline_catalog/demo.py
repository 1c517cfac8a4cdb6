"""The sample operator's products, and what its customers order month by month."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from random import Random

from trunkline.app import App
from trunkline.customers import queries as customers
from trunkline.demo.month import DemoMonth, NewCustomer
from trunkline.operation import Context
from trunkline_catalog import demo_contracts, operations
from trunkline_catalog.schemas import (
    Allowance,
    CreateProduct,
    Member,
    Parameter,
    ProductKind,
    RecordExistingService,
    ServiceKind,
    ServiceView,
)

_GB, _MINUTE = 10**9, 60


@dataclass(frozen=True)
class _Offer:
    """A product of the sample operator, and how often each kind of customer takes it."""

    code: str
    name: str
    monthly: str
    setup: str
    needs: tuple[str, ...]
    kind: ServiceKind
    individual: int
    business: int
    allowances: tuple[Allowance, ...] = ()


def _mobile(gigabytes: int, minutes: int) -> tuple[Allowance, ...]:
    return (
        Allowance(type="data", quantity=gigabytes * _GB, unit="B"),
        Allowance(type="voice", quantity=minutes * _MINUTE, unit="s"),
        Allowance(type="sms", quantity=100, unit="messages"),
    )


#: The newest customers have no service yet: their orders are placed last, for a worker to carry out.
WAITING = 4
#: Every so many months a household takes the bundle.
_SEASON = 4
_SIM = ("sim", "number")
_OFFERS = (
    _Offer("movel_10gb", "Móvel 10 GB", "49.90", "10.00", _SIM, ServiceKind.MOBILE, 44, 20, _mobile(10, 120)),
    _Offer("movel_30gb", "Móvel 30 GB", "79.90", "10.00", _SIM, ServiceKind.MOBILE, 22, 12, _mobile(30, 600)),
    _Offer(
        "movel_empresas",
        "Móvel Empresas 50 GB",
        "99.90",
        "0",
        _SIM,
        ServiceKind.MOBILE,
        0,
        28,
        _mobile(50, 2000),
    ),
    _Offer(
        "fixo_brasil",
        "Fixo Brasil",
        "39.90",
        "0",
        ("landline",),
        ServiceKind.OTHER,
        8,
        26,
        (Allowance(type="voice", quantity=600 * _MINUTE, unit="s"),),
    ),
    _Offer("fibra_600", "Fibra 600 Mega", "119.90", "150.00", ("ont",), ServiceKind.OTHER, 26, 14),
)


def create_products(ctx: Context) -> None:
    """Put the offers on sale; billing adds their tariff when it has one."""
    for offer in _OFFERS:
        asked = (Parameter(name="wifi_name", label="Wi-Fi name", ask=True),) if "ont" in offer.needs else ()
        operations.create_product(
            ctx,
            CreateProduct(
                code=offer.code,
                name=offer.name,
                service_kind=offer.kind,
                needs=offer.needs,
                parameters=asked,
                allowances=offer.allowances,
                setup_price=Decimal(offer.setup),
                monthly_price=Decimal(offer.monthly),
                currency=ctx.app.config.currency,
                effective_from=ctx.now(),
            ),
        )


#: Fibre and a landline for less than both cost alone.
BUNDLE = "combo_casa"
#: Data abroad, added to a mobile line.
ADD_ON = "roaming_mundo"


def _create_combinations(ctx: Context) -> None:
    operations.create_product(
        ctx,
        CreateProduct(
            code=BUNDLE,
            name="Combo Casa",
            kind=ProductKind.BUNDLE,
            service_kind=ServiceKind.OTHER,
            members=(Member(product="fibra_600"), Member(product="fixo_brasil")),
            setup_price=Decimal(150),
            monthly_price=Decimal("139.90"),
            currency=ctx.app.config.currency,
            effective_from=ctx.now(),
        ),
    )
    operations.create_product(
        ctx,
        CreateProduct(
            code=ADD_ON,
            name="Roaming Mundo",
            kind=ProductKind.ADD_ON,
            fits=tuple(offer.code for offer in _OFFERS if offer.kind is ServiceKind.MOBILE),
            most_per_service=1,
            monthly_price=Decimal("19.90"),
            currency=ctx.app.config.currency,
            effective_from=ctx.now(),
        ),
    )


def live(app: App, month: DemoMonth) -> None:
    """New customers get their services a day or two after signing; the newest ones still wait for theirs."""
    if month.number == 0:
        month.clock.move_to(month.begins)
        with app.unit_of_work() as ctx:
            create_products(ctx)
            _create_combinations(ctx)
    random = month.random("orders")
    waiting = month.new_customers[-WAITING:] if month.is_current else ()
    settled = month.new_customers[: len(month.new_customers) - len(waiting)]
    with app.unit_of_work() as ctx:
        services = [one for customer in settled for one in _services(ctx, month, customer, random)]
        if services:
            month.clock.move_to(max(one.activated_at for one in services))
        recorded = operations.record_existing_services(ctx, services)
    if recorded and month.number % _SEASON == 0:
        with app.unit_of_work() as ctx:
            _combine(ctx, settled[0], recorded)
    demo_contracts.live(app, month)


def _combine(ctx: Context, household: NewCustomer, recorded: Sequence[ServiceView]) -> None:
    """A household takes the bundle, and one of the new mobile lines the add-on."""
    bundle = RecordExistingService(
        customer_number=household.number, product_code=BUNDLE, activated_at=ctx.now()
    )
    number = operations.record_existing_service(ctx, bundle).number
    part = bundle.model_copy(update={"parent_service": number})
    operations.record_existing_services(
        ctx,
        [
            part.model_copy(
                update={"product_code": "fibra_600", "parameters": {"wifi_name": "ConectaSul-Casa"}}
            ),
            part.model_copy(update={"product_code": "fixo_brasil"}),
        ],
    )
    mobile = next((one for one in recorded if one.product_code.startswith("movel_")), None)
    if mobile is not None:
        owner = customers.by_id(ctx, mobile.customer_id)
        operations.record_existing_service(
            ctx,
            RecordExistingService(
                customer_number=owner.number,
                product_code=ADD_ON,
                activated_at=ctx.now(),
                parent_service=mobile.number,
            ),
        )


def _services(
    ctx: Context, month: DemoMonth, customer: NewCustomer, random: Random
) -> Iterator[RecordExistingService]:
    sites = customers.sites_of(ctx, customer.customer_id)
    for _ in range(customer.lines):
        offer = _choose(random, customer.kind)
        wait = timedelta(hours=random.uniform(2, 40))
        begins = min(customer.signed_at + wait, month.ends - timedelta(hours=1))
        yield RecordExistingService(
            customer_number=customer.number,
            product_code=offer.code,
            activated_at=begins,
            parameters={"wifi_name": f"ConectaSul-{random.randrange(1000, 9999)}"}
            if "ont" in offer.needs
            else {},
            site_id=sites[0].id if sites else None,
        )


def _choose(random: Random, kind: str) -> _Offer:
    weights = [offer.individual if kind == "individual" else offer.business for offer in _OFFERS]
    return random.choices(_OFFERS, weights=weights)[0]
