"""The first steps of the line over REST, for tests that begin where it stands ready to sell."""

from typing import Any

from tests.line.api import Api
from tests.line.samples import TARIFF, Samples
from tests.line.system import System

NAME, TAX_ID, EMAIL = "Clara Menezes", "52998224725", "clara.menezes@correio.example"
PRODUCT = "mobile_10"


def stock_up(system: System, files: Samples) -> None:
    """Bring in stock and tariff on the command line."""
    system.run("import", "inventory", "--template", "sim", str(files.sims))
    system.run("import", "inventory", "--template", "number", str(files.numbers))
    system.run("import", "tariff", "--tariff", TARIFF, "--currency", "BRL", str(files.tariff))


def add_product(api: Api, playbook: str = "mobile_line") -> None:
    api.post(
        "/catalog/products",
        {
            "code": PRODUCT,
            "name": "Mobile 10 GB",
            "needs": ["sim", "number"],
            "playbook": playbook,
            "tariff": TARIFF,
            "allowances": [
                {"type": "data", "quantity": 10_000_000_000, "unit": "B"},
                {"type": "voice", "quantity": 6000, "unit": "s"},
            ],
            "setup_price": "10.00",
            "monthly_price": "49.90",
            "currency": "BRL",
        },
    )


def register(api: Api, name: str = NAME, tax_id: str = TAX_ID, email: str = EMAIL) -> str:
    body = {"kind": "individual", "name": name, "tax_id": tax_id, "email": email}
    return str(api.post("/customers", body)["number"])


def order(api: Api, customer: str, key: str = "first order") -> Any:
    """Order one mobile line; the same key gives the same order."""
    body = {
        "customer_number": customer,
        "lines": [{"product_code": PRODUCT}],
        "idempotency_key": key,
    }
    return api.post("/catalog/orders", body)
