"""A clock that stands still, a tariff, a tax, a plan, and customers with a number each."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from tests.clock import StandingClock
from trunkline.app import App
from trunkline.clock import Clock
from trunkline.customers import operations as customers
from trunkline.customers.models import CustomerKind
from trunkline.customers.schemas import RegisterCustomer
from trunkline.imports.importer import ImportOptions, ImportReport
from trunkline.operation import SYSTEM
from trunkline_billing import operations
from trunkline_billing.imports import cdr, tariff
from trunkline_billing.operations import ChargeService
from trunkline_billing.schemas import CreateTaxScheme
from trunkline_catalog import operations as catalog
from trunkline_catalog.schemas import Allowance, CreateProduct, RecordExistingService
from trunkline_inventory import operations as stock

RATES = """prefix,destination,connect_fee,rate,rate_unit,increment,interval_start,effective_from
55,Brazil,0,0.12,60,6,0,2025-01-01
5511,São Paulo,0,0.06,60,6,0,2025-01-01
1,United States,0.10,0.60,60,60,0,2025-01-01
sms:55,Brazil,0,0.08,1,1,0,2025-01-01
data,Data,0,0.05,1000000,1000000,0,2025-01-01
"""
COLUMNS = [column.name for column in cdr.COLUMNS]


@pytest.fixture
def clock() -> Clock:
    return StandingClock(datetime(2026, 10, 5, 15, tzinfo=UTC))


@dataclass
class World:
    """An operator with one plan; what a test does to it in short words."""

    app: App
    folder: Path
    clock: StandingClock
    numbers: list[str] = field(default_factory=list)
    services: list[int] = field(default_factory=list)
    accounts: list[str] = field(default_factory=list)

    def at(self, year: int, month: int, day: int, hour: int = 0, minute: int = 0) -> None:
        """Move the clock to a UTC time."""
        self.clock.moment = datetime(year, month, day, hour, minute, tzinfo=UTC)

    def file(self, text: str, name: str = "file.csv") -> Path:
        path = self.folder / name
        path.write_text(text, encoding="utf-8")
        return path

    def tariff(self, text: str, name: str = "retail", currency: str = "BRL") -> ImportReport:
        return tariff.run(self.app, SYSTEM, self.file(text), ImportOptions(tariff=name, currency=currency))

    def usage(
        self, rows: Iterable[dict[str, str]], *, source: str = "switch", dry_run: bool = False
    ) -> ImportReport:
        lines = [",".join(COLUMNS), *(",".join(row.get(column, "") for column in COLUMNS) for row in rows)]
        path = self.file("\n".join(lines) + "\n", "usage.csv")
        return cdr.run(self.app, SYSTEM, path, ImportOptions(source=source, dry_run=dry_run))

    def call(self, key: str, seconds: int, to: str = "+551133334444", **more: str) -> dict[str, str]:
        return {
            "source_key": key,
            "type": "voice",
            "identifier": self.numbers[0],
            "direction": "out",
            "callee": to,
            "start": "2026-10-05T12:00:00Z",
            "quantity": str(seconds),
            "unit": "s",
            **more,
        }

    def data(self, key: str, size: int, **more: str) -> dict[str, str]:
        return self.call(key, size, "internet", type="data", unit="B", **more)


@pytest.fixture
def world(app: App, clock: StandingClock, tmp_path: Path) -> World:
    """Customer C000001 has Mobile 10 GB since 21 September 2026: 49.90 a month, 10 GB, 100 minutes at home, 17 % ICMS."""
    made = World(app, tmp_path, clock)
    made.tariff(RATES)
    with app.unit_of_work() as ctx:
        operations.create_tax_scheme(ctx, CreateTaxScheme(name="Brazil", rates=["ICMS 17"], is_default=True))
        catalog.create_product(
            ctx,
            CreateProduct(
                code="mobile_10",
                name="Mobile 10 GB",
                needs=("number",),
                tariff="retail",
                setup_price=Decimal(10),
                monthly_price=Decimal("49.90"),
                currency="BRL",
                allowances=(
                    Allowance(type="data", quantity=10**10, unit="B"),
                    Allowance(type="voice", quantity=6000, unit="s"),
                ),
                effective_from=datetime(2025, 1, 1, tzinfo=UTC),
            ),
        )
    add_customers(made, 1)
    return made


def add_customers(world: World, count: int) -> None:
    """Customers with one service each, charged since 21 September 2026 without set-up."""
    began = datetime(2026, 9, 21, 12, tzinfo=UTC)
    with world.app.unit_of_work() as ctx:
        for _ in range(count):
            position = len(world.numbers) + 1
            number = f"+55119912{position:05d}"
            stock.add_items(ctx, "number", [{"number": number}])
            customer = customers.register(
                ctx,
                RegisterCustomer(
                    kind=CustomerKind.INDIVIDUAL, name=f"Ana {position}", email=f"ana{position}@example.com"
                ),
            )
            service = catalog.record_existing_service(
                ctx,
                RecordExistingService(
                    customer_number=customer.number, product_code="mobile_10", activated_at=began
                ),
            )
            operations.charge_service(ctx, ChargeService(service.id, began, setup=False))
            world.numbers.append(number)
            world.services.append(service.id)
            world.accounts.append(operations.default_account(ctx, customer.key).number)


@pytest.fixture
def more(world: World) -> Callable[[int], World]:
    def add(count: int) -> World:
        add_customers(world, count)
        return world

    return add


@pytest.fixture
def plans(world: World) -> World:
    """Besides Mobile 10 GB at 49.90 there is Mobile 30 GB at 79.90, whose calls to Brazil cost a quarter."""
    world.tariff(
        "prefix,destination,connect_fee,rate,rate_unit,increment,interval_start,effective_from\n"
        "55,Brazil,0,0.03,60,6,0,2025-01-01\n",
        "cheap",
    )
    with world.app.unit_of_work() as ctx:
        catalog.create_product(
            ctx,
            CreateProduct(
                code="mobile_30",
                name="Mobile 30 GB",
                needs=("number",),
                tariff="cheap",
                monthly_price=Decimal("79.90"),
                currency="BRL",
                effective_from=datetime(2025, 1, 1, tzinfo=UTC),
            ),
        )
    return world
