"""Ways to take money beside the cash desk, as a stranger's extension brings them."""

import shutil
from collections.abc import Callable
from pathlib import Path

import httpx2
import pytest

from tests.plugins.billing.conftest import World
from trunkline.config import Config
from trunkline.testing import Browser, work_until_idle
from trunkline_billing import queries

ROOT = Path(__file__).parents[3]
FORM = "/billing/payments/new?account=A000001"
BROKEN = """
from trunkline.plugin import hookimpl

class Falls:
    name, label, self_service = "falls", "Falls over", True
    def take(self, ctx, request):
        raise RuntimeError("the stranger fell")

class Mute:
    name, self_service = "mute", True
    @property
    def label(self):
        raise RuntimeError("the stranger has no word")
    def take(self, ctx, request): ...

@hookimpl
def payment_providers():
    return [Falls(), Mute(), "nonsense"]
"""
RAISES = """
from trunkline.plugin import hookimpl

@hookimpl
def payment_providers():
    raise RuntimeError("the stranger does not answer")
"""
Staff = Callable[..., Browser]


@pytest.fixture
def config(config: Config) -> Config:
    """Three extensions that take money: a sound one, one that fails when it is used, and one that fails when it is asked."""
    config.extension_folder.mkdir(parents=True)
    shutil.copy(ROOT / "examples/extension_bank_slip.py", config.extension_folder / "bank_slip.py")
    (config.extension_folder / "broken.py").write_text(BROKEN)
    (config.extension_folder / "raises.py").write_text(RAISES)
    return config.model_copy(update={"strict_plugins": False})


def pay(browser: Browser, provider: str, amount: str = "80", **more: str) -> httpx2.Response:
    fields = {"account_number": "A000001", "amount": amount, "provider": provider, "key": "k1", **more}
    answer: httpx2.Response = browser.submit(
        "/billing/payments/new", fields, page=FORM, follow_redirects=False
    )
    return answer


def test_the_form_offers_every_way_that_can_say_what_it_is_the_cash_desk_first(
    world: World, staff: Staff
) -> None:
    page = staff("cashier").get(FORM).text
    places = [page.index(label) for label in ("Cash desk", "Bank slip", "Falls over")]
    assert places == sorted(places)
    assert 'value="mute"' not in page
    assert {plugin for plugin, _place in world.app.hooks.faults} == {"extension_broken", "extension_raises"}


def test_a_slip_is_written_by_the_worker_after_the_commit_and_once(world: World, staff: Staff) -> None:
    cashier = staff("cashier")
    for _again in range(2):
        answer = pay(cashier, "bank_slip")
        assert answer.headers["location"] == "/billing/payments"
    slips = world.app.config.data / "slips"
    assert not slips.exists()
    work_until_idle(world.app)
    assert [path.read_text() for path in slips.iterdir()] == ["80.00 BRL\n"]
    with world.app.reading() as ctx:
        assert queries.account(ctx, "A000001").balance.micros == 0


def test_what_a_provider_refuses_stands_beside_its_field(world: World, staff: Staff) -> None:
    answer = pay(staff("cashier"), "bank_slip", "4")
    assert answer.status_code == 422
    assert "A bank slip is for 5.00 or more." in answer.text.partition('id="f-amount-error"')[2][:300]
    work_until_idle(world.app)
    assert not (world.app.config.data / "slips").exists()


def test_a_provider_that_fails_harms_only_its_own_choice(world: World, staff: Staff) -> None:
    cashier = staff("cashier")
    answer = pay(cashier, "falls")
    assert answer.status_code == 422
    assert "“Falls over” failed" in answer.text.partition('id="f-provider-error"')[2][:300]
    taken = pay(cashier, "cash", desk="Main street")
    receipt = cashier.get(taken.headers["location"]).text
    assert "Main street" in receipt
    with world.app.reading() as ctx:
        assert str(queries.account(ctx, "A000001").balance) == "-80.00"


def test_an_unknown_way_is_refused_with_those_there_are(world: World, staff: Staff) -> None:
    answer = pay(staff("cashier"), "gold")
    assert answer.status_code == 422
    assert "cash, bank_slip, falls" in answer.text


def test_rest_takes_money_by_any_provider(world: World, make_client: Callable[[], Browser]) -> None:
    from trunkline.testing import PASSWORD, create_user

    create_user(world.app, "desk@example.com", "accountant")
    api = make_client()
    token = api.post("/api/v1/auth/login", json={"email": "desk@example.com", "password": PASSWORD})
    api.headers["Authorization"] = f"Bearer {token.json()['access_token']}"
    offered = api.get("/api/v1/billing/payment-providers").json()["items"]
    assert [way["name"] for way in offered] == ["cash", "bank_slip", "falls"]
    body = {"account_number": "A000001", "amount": "80", "key": "r1"}
    begun = api.post("/api/v1/billing/payments", json={**body, "provider": "bank_slip"})
    assert begun.json() == {
        "provider": "bank_slip",
        "settled": False,
        "reference": "A000001-r1",
        "redirect": "",
    }
    failed = api.post("/api/v1/billing/payments", json={**body, "provider": "falls"})
    assert (failed.status_code, failed.json()["errors"][0]["field"]) == (422, "provider")
    paid = api.post("/api/v1/billing/payments", json=body)
    assert (paid.status_code, paid.json()["number"], paid.json()["method"]) == (201, "R000001", "cash")
