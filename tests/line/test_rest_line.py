"""The whole line over REST, from an empty database, with real processes under it."""

import subprocess
from pathlib import Path

import httpx2
import pytest

from tests.line.api import Api
from tests.line.line import EMAIL, PRODUCT, add_product, order, register, stock_up
from tests.line.network import subscriber
from tests.line.samples import ABROAD_COST, CALL_SECONDS, DATA_BYTES, write_samples
from tests.line.system import System, wait_for
from tests.services.programs import PROGRAMS
from trunkline.demo.stock import sims


@pytest.mark.tool("pdftotext")
@pytest.mark.timeout(900)
def test_a_program_sells_provisions_charges_invoices_and_takes_the_payment(
    system: System, api: Api, tmp_path: Path
) -> None:
    files = write_samples(tmp_path / "files")
    assert "12 created" in system.run("import", "customers", str(files.customers)).lower()
    stock_up(system, files)
    add_product(api)
    customer = register(api)
    problem = api.refused("/customers", {"kind": "individual", "name": "X", "tax_id": "11111111111"}, 422)
    assert problem["errors"][0]["field"] == "tax_id"

    placed = order(api, customer)
    assert order(api, customer)["number"] == placed["number"]
    done = api.order_is_over(placed["number"])
    assert done["state"] == "completed", api.get(f"/jobs/{done['lines'][0]['job_number']}")
    service = api.get(f"/catalog/services/{done['lines'][0]['service_number']}")
    assert service["state"] == "active"
    msisdn = service["identifiers"]["msisdn"]
    known = subscriber(system.data, next(sims(1, 1))["imsi"])
    assert known is not None
    assert known.msisdn == msisdn.lstrip("+")

    usage = str(files.usage_of(msisdn))
    system.run("import", "cdr", "--source", "switch-1", usage)
    system.run("import", "cdr", "--source", "switch-1", usage)
    uses = api.get("/billing/usage")["items"]
    assert len(uses) == 4
    left = {one["type"]: one for one in api.get("/billing/balances", customer=customer)["allowances"]}
    assert left["data"]["used"] == DATA_BYTES
    assert CALL_SECONDS <= left["voice"]["used"] < CALL_SECONDS + 6

    account = api.get("/billing/balances", customer=customer)["accounts"][0]["number"]
    invoice = api.post("/billing/invoices", {"account_number": account})
    amounts = {line["description"]: line["net"] for line in invoice["lines"]}
    assert ABROAD_COST in str(amounts)
    text = _pdf_text(api.client, invoice["number"], tmp_path)
    assert "Mobile 10 GB" in text
    assert "Clara Menezes" in text

    payment = {"account_number": account, "amount": invoice["total"], "method": "cash", "key": "desk-1"}
    paid = api.post("/billing/payments", payment)
    assert api.post("/billing/payments", payment)["number"] == paid["number"]
    assert api.get(f"/billing/invoices/{invoice['number']}")["status"] == "paid"
    balance = api.get("/billing/balances", customer=customer)["accounts"][0]["balance"]
    assert float(balance if isinstance(balance, str) else balance["amount"]) == 0

    invited = api.post(
        f"/portal/customers/{customer}/users", {"email": EMAIL, "name": "Clara Menezes", "language": "en"}
    )
    assert invited["status"] == "invited"
    assert system.link_in_mail_to(EMAIL).startswith("/set-password/")
    welcome = wait_for(
        lambda: [mail for mail in system.mails() if EMAIL in str(mail["To"])], "mails to the customer"
    )
    assert welcome
    assert PRODUCT in str(api.get("/catalog/products"))


def _pdf_text(client: httpx2.Client, number: str, folder: Path) -> str:
    answer = client.get(f"/billing/invoices/{number}/pdf")
    assert answer.headers["content-type"] == "application/pdf"
    path = folder / "invoice.pdf"
    path.write_bytes(answer.content)
    program = PROGRAMS["pdftotext"].path()
    assert program is not None
    return subprocess.run([program, "-layout", path, "-"], capture_output=True, text=True, check=True).stdout
