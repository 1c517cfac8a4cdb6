"""A simulated HLR, and a shop whose product runs the playbook `mobile_line` in it."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from sqlmodel import select
from stdnum import luhn

from trunkline.app import App
from trunkline.config import Config
from trunkline.customers import operations as customers
from trunkline.customers.models import CustomerKind
from trunkline.customers.schemas import RegisterCustomer
from trunkline.jobs.models import Job
from trunkline.testing import work_until_idle
from trunkline_catalog import operations
from trunkline_catalog.schemas import CreateProduct, OrderView, PlaceOrder
from trunkline_inventory import operations as stock
from trunkline_provisioning.handing_over import require_declared
from trunkline_provisioning.hlr.simulated import serving
from trunkline_provisioning.hlr.subscriber import Hlr, Subscriber
from trunkline_provisioning.hlr.vty import Vty

IMSI, MSISDN = "724990000000001", "5551991234501"
KI, OPC = "0F1E2D3C4B5A69788796A5B4C3D2E1F0", "F0E1D2C3B4A5968778695A4B3C2D1E0F"
ODD_NAME = "{{ lookup('pipe','id') }} Ltda"


@pytest.fixture
def hlr(tmp_path: Path) -> Iterator[tuple[str, int]]:
    """Address of a simulated HLR without subscribers."""
    with serving(tmp_path / "hlr.db") as address:
        yield address


@pytest.fixture
def find(hlr: tuple[str, int]) -> Callable[..., Subscriber | None]:
    """`find()` is what the HLR holds of the shop's first SIM."""

    def look(imsi: str = IMSI) -> Subscriber | None:
        with Vty(*hlr) as vty:
            return Hlr(vty).find(imsi)

    return look


@pytest.fixture
def config(config: Config, hlr: tuple[str, int]) -> Config:
    """The system talks to that HLR."""
    place = {"hlr": "simulated", "hlr_host": hlr[0], "hlr_port": hlr[1]}
    return config.model_copy(update={"plugin": {"provisioning": place}})


@pytest.fixture
def shop(app: App) -> App:
    """Customer C000001 with an odd name, product `mobile_10`, one SIM and one number."""
    body = "895599000000000001"
    with app.unit_of_work() as ctx:
        customers.register(
            ctx, RegisterCustomer(kind=CustomerKind.INDIVIDUAL, name=ODD_NAME, email="odd@example.com")
        )
        iccid = body + luhn.calc_check_digit(body)
        stock.add_items(ctx, "sim", [{"iccid": iccid, "imsi": IMSI, "ki": KI, "opc": OPC}])
        stock.add_items(ctx, "number", [{"number": f"+{MSISDN}"}])
        operations.create_product(
            ctx,
            CreateProduct(
                code="mobile_10",
                name="Mobile 10 GB",
                needs=("sim", "number"),
                playbook="mobile_line",
                setup_price=Decimal(10),
                monthly_price=Decimal("49.90"),
                currency="BRL",
                effective_from=datetime(2025, 1, 1, tzinfo=UTC),
            ),
        )
    return app


@pytest.fixture
def order(shop: App) -> Callable[..., OrderView]:
    """Places an order of one Mobile 10 GB; keyword arguments say more of the order."""

    def place(**more: object) -> OrderView:
        with shop.unit_of_work() as ctx:
            wish = {"customer_number": "C000001", "lines": [{"product_code": "mobile_10"}], **more}
            return operations.place_order(ctx, PlaceOrder.model_validate(wish))

    return place


class WorkerDied(BaseException):
    """Stands for kill -9 inside one process: nothing of ours handles it."""


@pytest.fixture
def die_after_the_run(monkeypatch: pytest.MonkeyPatch) -> Callable[[App, str], None]:
    """Works until the playbook of a job has ended and its worker dies, before anybody is told; the next one may go on."""
    after_the_run = "trunkline_provisioning.steps.require_declared"
    # A short run is over before its lines are written, and what the dead had not written is lost.
    monkeypatch.setattr("trunkline_provisioning.run_log._UNSEEN_PAUSE_SECONDS", 0.0)

    def die(*_: object) -> None:
        monkeypatch.setattr(after_the_run, require_declared)
        raise WorkerDied

    def work(app: App, number: str) -> None:
        monkeypatch.setattr(after_the_run, die)
        with pytest.raises(WorkerDied):
            work_until_idle(app)
        with app.unit_of_work() as ctx:
            row = ctx.session.scalars(select(Job).where(Job.number == number)).one()
            row.lease_until = ctx.now() - timedelta(seconds=1)

    return work
