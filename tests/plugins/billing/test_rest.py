"""Billing over REST, and from the command line."""

import json
import subprocess
import sys
from collections.abc import Callable

import pytest
from starlette.testclient import TestClient

from tests.plugins.billing.conftest import World
from trunkline.testing import PASSWORD, create_user, work_until_idle
from trunkline_billing import operations

BILLING = "/api/v1/billing"


@pytest.fixture
def api(world: World, make_client: Callable[[], TestClient]) -> TestClient:
    """A client with an administrator's token; October is invoiced."""
    world.usage([world.call("a", 6050), world.call("b", 90, "+12025550142"), world.data("c", 2 * 10**9)])
    world.at(2026, 11, 2, 9)
    operations.run_period(world.app, "2026-10")
    return signed_in(world, make_client, "administrator")


def signed_in(world: World, make_client: Callable[[], TestClient], role: str) -> TestClient:
    create_user(world.app, f"{role}@example.com", role)
    client = make_client()
    answer = client.post("/api/v1/auth/login", json={"email": f"{role}@example.com", "password": PASSWORD})
    client.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"
    return client


def test_accounts_balances_charges_and_usage_are_lists_with_decimal_texts(api: TestClient) -> None:
    accounts = api.get(f"{BILLING}/accounts").json()
    assert [(row["number"], row["balance"], row["currency"]) for row in accounts["items"]] == [
        ("A000001", "59.96", "BRL")
    ]
    balances = api.get(f"{BILLING}/balances", params={"customer": "C000001"}).json()
    assert balances["accounts"][0]["balance"] == {"amount": "59.96", "currency": "BRL"}
    charges = api.get(f"{BILLING}/charges", params={"kind": "usage"}).json()
    assert sorted(row["amount"] for row in charges["items"]) == ["0.00", "1.354"]
    usage = api.get(f"{BILLING}/usage", params={"type": "voice", "sort": "start"}).json()
    assert [(row["quantity"], row["included"], row["unit"], row["cost"]) for row in usage["items"]] == [
        (90, 0, "s", "1.30"),
        (6050, 6000, "s", "0.054"),
    ] or usage["total"] == 2


def test_an_invoice_with_its_lines_and_its_pdf(api: TestClient) -> None:
    listed = api.get(f"{BILLING}/invoices").json()["items"]
    assert [(row["number"], row["status"], row["total"], row["due"]) for row in listed] == [
        ("F00000001", "open", "59.96", "59.96")
    ]
    invoice = api.get(f"{BILLING}/invoices/F00000001").json()
    assert [(line["kind"], line["net"]) for line in invoice["lines"]] == [
        ("monthly", "49.90"),
        ("usage", "1.35"),
        ("usage", "0.00"),
    ]
    assert invoice["taxes"] == [{"name": "ICMS", "percent": "17", "tax": "8.71"}]
    pdf = api.get(f"{BILLING}/invoices/F00000001/pdf")
    assert (pdf.headers["content-type"], pdf.content[:5]) == ("application/pdf", b"%PDF-")


def test_a_payment_is_taken_once_for_an_idempotency_key_and_can_be_reversed(api: TestClient) -> None:
    body = {"account_number": "A000001", "amount": "59.96", "method": "card"}
    first = api.post(f"{BILLING}/payments", json=body, headers={"Idempotency-Key": "p1"})
    again = api.post(f"{BILLING}/payments", json=body, headers={"Idempotency-Key": "p1"})
    assert first.status_code == 201
    assert first.json() == again.json()
    assert first.json()["allocations"] == {"F00000001": "59.96"}
    assert api.get(f"{BILLING}/payments").json()["total"] == 1
    reversed_ = api.post(f"{BILLING}/payments/R000001/reverse", json={"reason": "Charged back"})
    assert reversed_.json()["state"] == "reversed"
    assert api.get(f"{BILLING}/invoices/F00000001").json()["status"] == "open"


def test_money_that_is_none_is_a_problem_beside_its_field(api: TestClient) -> None:
    for amount in ("0", "-5", "1e30", "abc", "1.0000001"):
        answer = api.post(f"{BILLING}/payments", json={"account_number": "A000001", "amount": amount})
        assert answer.status_code == 422, amount
        assert "amount" in answer.json()["errors"][0]["field"]


def test_a_run_is_queued_as_a_job(world: World, api: TestClient) -> None:
    queued = api.post(f"{BILLING}/runs", json={"period": "2026-09"})
    assert queued.status_code == 202
    work_until_idle(world.app)
    assert [
        (run["period"], run["state"], run["invoices"]) for run in api.get(f"{BILLING}/runs").json()["items"]
    ] == [
        ("2026-10", "done", 1),
        ("2026-09", "done", 1),
    ]
    early = api.post(f"{BILLING}/runs", json={"period": "2026-12"})
    assert (early.status_code, early.json()["errors"][0]["field"]) == (422, "period")


def test_a_tariff_is_listed_searched_and_quoted(api: TestClient) -> None:
    assert [row["name"] for row in api.get(f"{BILLING}/tariffs").json()["items"]] == ["retail"]
    rates = api.get(f"{BILLING}/tariffs/retail/rates", params={"q": "5511"}).json()
    assert [row["prefix"] for row in rates["items"]] == ["5511"]
    quote = api.get(f"{BILLING}/tariffs/retail/quote", params={"to": "+12025550142", "usage": "90s"}).json()
    assert (quote["cost"], quote["currency"]) == ("1.30", "BRL")
    assert quote["segments"][0]["charged_quantity"] == 120


def test_tax_schemes_are_listed_with_their_rates(api: TestClient) -> None:
    made = api.post(f"{BILLING}/taxes", json={"name": "Two", "rates": {"ICMS": "17", "PIS": "0.65"}})
    assert made.status_code == 201
    schemes = {scheme["name"]: scheme for scheme in api.get(f"{BILLING}/taxes").json()["items"]}
    assert schemes["Two"] == made.json()
    assert schemes["Two"] == {"name": "Two", "is_default": False, "rates": {"ICMS": "17", "PIS": "0.65"}}


@pytest.mark.parametrize(
    ("rates", "field"),
    [
        ({"ICMS": 17}, "rates.ICMS"),
        ({"ICMS": "0.00001"}, "rates.ICMS"),
        ({"ICMS": "NaN"}, "rates.ICMS"),
        ({"": "17"}, "rates..[key]"),
        ({"ICMS": "101"}, "rates"),
    ],
)
def test_a_rate_is_exact_decimal_text(api: TestClient, rates: dict[str, object], field: str) -> None:
    refused = api.post(f"{BILLING}/taxes", json={"name": "Odd", "rates": rates})
    assert (refused.status_code, [fault["field"] for fault in refused.json()["errors"]]) == (422, [field])


def test_a_clerk_may_read_invoices_and_not_issue_them(
    world: World, make_client: Callable[[], TestClient]
) -> None:
    clerk = signed_in(world, make_client, "customer_care")
    assert clerk.get(f"{BILLING}/invoices").status_code == 200
    assert clerk.post(f"{BILLING}/invoices", json={"account_number": "A000001"}).status_code == 403
    assert clerk.get(f"{BILLING}/runs").status_code == 403


def test_an_account_is_opened_and_invoiced_now(world: World, api: TestClient) -> None:
    opened = api.post(f"{BILLING}/accounts", json={"customer_number": "C000001", "name": "Office"})
    assert (opened.status_code, opened.json()["number"]) == (201, "A000002")
    refused = api.post(f"{BILLING}/invoices", json={"account_number": "A000002"})
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, "account_number")


def test_the_command_line_quotes_as_json(world: World) -> None:
    answer = subprocess.run(
        [
            sys.executable,
            "-m",
            "trunkline.cli",
            "--data",
            str(world.app.config.data),
            "billing",
            "quote",
            "--tariff",
            "retail",
            "--to",
            "+5511999998888",
            "--usage",
            "45s",
            "--at",
            "2026-10-05T12:00:00Z",
            "--json",
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert answer.returncode == 0, answer.stderr
    assert json.loads(answer.stdout) == {
        "cost": "0.048",
        "currency": "BRL",
        "segments": [
            {
                "prefix": "5511",
                "destination": "São Paulo",
                "quantity": 45,
                "charged_quantity": 48,
                "cost": "0.048",
            }
        ],
    }
