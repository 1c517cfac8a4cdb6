"""A customer with services, use and invoices, and a neighbour with the same: what the portal must keep apart."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from trunkline.app import App
from trunkline.customers import operations as customers
from trunkline.customers.schemas import RegisterCustomer
from trunkline.demo.stock import mobile_numbers, sims
from trunkline.imports.importer import ImportOptions
from trunkline.operation import SYSTEM, Context
from trunkline.testing import Browser, create_user, work_until_idle
from trunkline_billing import operations as billing
from trunkline_billing import queries as billing_queries
from trunkline_catalog import operations as catalog
from trunkline_catalog.schemas import Allowance, CreateProduct, RecordExistingService
from trunkline_inventory import operations as inventory


@dataclass(frozen=True)
class Household:
    """One customer of the portal with what belongs to them."""

    number: str
    customer_id: int
    service: str
    msisdn: str
    invoice: str
    account: str


@pytest.fixture
def households(app: App, tmp_path: Path) -> tuple[Household, Household]:
    """Two customers alike: one mobile line, three uses, one unpaid invoice each."""
    with app.unit_of_work() as ctx:
        inventory.add_items(ctx, "sim", list(sims(1, 2)))
        inventory.add_items(ctx, "number", list(mobile_numbers(2)))
        _product(app, ctx)
    tariff = "prefix,destination,rate,rate_unit,increment\n55,Brazil,0.30,60,6\nsms,SMS,0.1,1,1\ndata,Data,0.01,1000000,1000\n"
    _import(app, tmp_path, "tariff", tariff, ImportOptions(tariff="retail", currency="BRL"))
    with app.unit_of_work() as ctx:
        from trunkline_catalog.schemas import UpdateProduct

        catalog.update_product(ctx, "mobile", UpdateProduct(tariff="retail"))
    return _household(app, tmp_path, "Ana Souza"), _household(app, tmp_path, "Bruno Weber")


def _product(app: App, ctx: Context) -> None:
    catalog.create_product(
        ctx,
        CreateProduct(
            code="mobile",
            name="Mobile 10 GB",
            needs=("sim", "number"),
            allowances=(
                Allowance(type="data", quantity=10 * 10**9, unit="B"),
                Allowance(type="voice", quantity=6000, unit="s"),
            ),
            monthly_price=Decimal("49.90"),
            currency="BRL",
            effective_from=app.clock() - timedelta(days=40),
        ),
    )


def _import(app: App, folder: Path, kind: str, text: str, options: ImportOptions) -> None:
    path = folder / f"{kind}.csv"
    path.write_text(text)
    report = app.importers[kind].run(app, SYSTEM, path, options)
    assert report.refused == []


def _household(app: App, folder: Path, name: str) -> Household:
    # Moments ago, or in the first hour of a month its charges and uses would be the month's before.
    began = app.clock() - timedelta(seconds=2)
    with app.unit_of_work() as ctx:
        facts = {"kind": "individual", "name": name, "email": f"{name.split()[0].lower()}@correio.example"}
        customer = customers.register(ctx, RegisterCustomer.model_validate(facts))
        command = RecordExistingService(
            customer_number=customer.number, product_code="mobile", activated_at=began
        )
        service = catalog.record_existing_service(ctx, command)
        billing.charge_service(ctx, billing.ChargeService(service.id, began))
        account = billing.default_account(ctx, customer.key)
        number = account.number
    work_until_idle(app)
    msisdn = service.identifiers["msisdn"]
    header = "source_key,type,identifier,callee,start,quantity,unit"
    at = (began + timedelta(seconds=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
    uses = (
        "voice,{m},+555133334444,{t},90,s",
        "sms,{m},+5551997001234,{t},1,messages",
        "data,{m},web,{t},2500000000,B",
    )
    rows = [f"{msisdn}-{n}," + use.format(m=msisdn, t=at) for n, use in enumerate(uses)]
    _import(app, folder, "cdr", "\n".join([header, *rows]) + "\n", ImportOptions(source="test"))
    with app.unit_of_work() as ctx:
        invoice = billing.issue_invoice(ctx, number).number
    work_until_idle(app)
    return Household(customer.number, customer.key, service.number, msisdn, invoice, number)


@pytest.fixture
def ana(households: tuple[Household, Household]) -> Household:
    return households[0]


@pytest.fixture
def bruno(households: tuple[Household, Household]) -> Household:
    return households[1]


@pytest.fixture
def portal_client(app: App, make_client: Callable[[], Browser]) -> Callable[..., Browser]:
    """A browser signed in as a portal user of a household; role `portal_owner` unless named."""

    def make(household: Household, *roles: str) -> Browser:
        email = f"{'-'.join(roles) or 'owner'}-{household.number.lower()}@correio.example"
        create_user(app, email, *(roles or ("portal_owner",)), customer_id=household.customer_id)
        return make_client().sign_in(email)

    return make


def owed(app: App, household: Household) -> Decimal:
    """What the household's invoice still wants, in reais."""
    with app.reading() as ctx:
        return billing_queries.invoice(ctx, household.invoice).due.decimal()
