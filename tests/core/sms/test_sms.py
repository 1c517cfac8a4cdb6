"""Text messages: queued in the transaction, sent by a job, logged with their secrets masked; spool and a gateway."""

import json
import shutil
from collections.abc import Callable, Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any, ClassVar

import pytest
from sqlmodel import col, select

from trunkline.app import App
from trunkline.config import Config
from trunkline.customers import operations as customers
from trunkline.customers.models import Customer, CustomerKind
from trunkline.customers.schemas import RegisterCustomer
from trunkline.errors import Refused
from trunkline.mail import operations as mail
from trunkline.settings import operations as settings
from trunkline.settings.store import Setting
from trunkline.sms import operations
from trunkline.sms.models import Sms
from trunkline.sms.transports import spool_folder
from trunkline.testing import Browser, work_until_idle

pytestmark = pytest.mark.plugins()
PHONE = "+5551991234567"
ROOT = Path(__file__).parents[3]


def queue(app: App, *, key: str = "k1", useful_for: timedelta | None = None) -> str:
    with app.unit_of_work() as ctx:
        text = "Your code is 493817."
        return operations.queue(
            ctx, to=PHONE, text=text, key=key, secrets=["493817"], useful_for=useful_for
        ).number


def stored(app: App, number: str) -> Sms:
    with app.reading() as ctx:
        found = ctx.session.scalars(select(Sms).where(Sms.number == number)).one()
        ctx.session.expunge_all()
        return found


@pytest.mark.both_databases
def test_a_message_reaches_the_spool_and_the_log_hides_its_code(app: App) -> None:
    number = queue(app)
    assert queue(app) == number
    work_until_idle(app)
    (file,) = spool_folder(app).glob("*.json")
    assert json.loads(file.read_text()) == {"number": number, "to": PHONE, "text": "Your code is 493817."}
    assert file.stat().st_mode & 0o077 == 0
    kept = stored(app, number)
    assert (kept.status, kept.transport, kept.sealed) == ("sent", "spool", None)
    assert kept.text == f"Your code is {operations.MASK}."


def test_staff_read_the_log_without_the_code(app: App, staff: Callable[..., Browser]) -> None:
    number = queue(app)
    care = staff("customer_care")
    assert number in care.get("/text-messages").text
    page = care.get(f"/text-messages/{number}").text
    assert operations.MASK in page
    assert "493817" not in page
    assert staff("warehouse").get(f"/text-messages/{number}").status_code == 403


def test_a_customer_s_page_lists_what_was_written_to_them_and_to_nobody_else(
    app: App, staff: Callable[..., Browser]
) -> None:
    with app.unit_of_work() as ctx:
        for name in ("Ana Prates", "Bento Lima"):
            customers.register(ctx, RegisterCustomer(kind=CustomerKind.INDIVIDUAL, name=name))
        ana, bento = ctx.session.scalars(select(Customer).order_by(col(Customer.id)))
        for one, word in ((ana, "Your line works."), (bento, "Pay by Friday.")):
            operations.queue(ctx, to=PHONE, text=word, key=one.name, customer_id=one.key)
        letter = mail.queue(
            ctx,
            template="core/mail/protocol_number",
            to="ana@example.com",
            language="en",
            context={
                "name": "Ana",
                "operator_name": "Conecta",
                "number": "20260001",
                "subject": "Bill",
                "at": ctx.now(),
            },
            customer_id=ana.key,
            key="ana",
        ).number
    page = staff("customer_care").get("/customers/C000001/messages").text
    assert "Your line works." in page
    assert f"/emails/{letter}" in page
    assert "Pay by Friday." not in page
    assert staff("warehouse").get("/customers/C000001/messages").status_code == 403


def test_nothing_is_sent_when_the_transaction_fails(app: App) -> None:
    with app.unit_of_work(keep=False) as ctx:
        operations.queue(ctx, to=PHONE, text="x", key="k")
    work_until_idle(app)
    assert not spool_folder(app).exists()


def test_a_number_that_is_none_is_refused_by_name(app: App) -> None:
    with pytest.raises(Refused, match="not a"), app.unit_of_work() as ctx:
        operations.queue(ctx, to="12", text="x", key="k")


def test_a_code_whose_time_is_over_is_not_sent(app: App) -> None:
    number = queue(app, useful_for=timedelta(0))
    work_until_idle(app)
    assert stored(app, number).status == "failed"
    assert not spool_folder(app).exists()
    with pytest.raises(Refused, match="over"), app.unit_of_work() as ctx:
        operations.send_again(ctx, number)


class Gateway(BaseHTTPRequestHandler):
    """A carrier that answers as it is told."""

    answers: ClassVar[list[int]] = []
    taken: ClassVar[list[dict[str, Any]]] = []

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        status = self.answers.pop(0) if self.answers else 200
        if status == 200:
            self.taken.append(body)
        self.send_response(status)
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 — the base class says so
        """Nothing on the terminal."""


@pytest.fixture
def gateway(config: Config, monkeypatch: pytest.MonkeyPatch) -> Iterator[type[Gateway]]:
    config.extension_folder.mkdir(parents=True)
    shutil.copy(ROOT / "examples/extension_sms_gateway.py", config.extension_folder / "sms_gateway.py")
    server = HTTPServer(("127.0.0.1", 0), Gateway)
    Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setenv("TRUNKLINE_SMS_GATEWAY", f"http://127.0.0.1:{server.server_port}/")
    Gateway.answers, Gateway.taken = [], []
    yield Gateway
    server.shutdown()
    server.server_close()


def choose(app: App, name: str) -> None:
    with app.unit_of_work() as ctx:
        settings.save(ctx, "core", {"sms_transport": name})


def test_messages_leave_by_the_transport_that_the_settings_name(gateway: type[Gateway], app: App) -> None:
    choose(app, "http_gateway")
    number = queue(app)
    work_until_idle(app)
    assert gateway.taken == [{"id": number, "to": PHONE, "text": "Your code is 493817."}]
    assert stored(app, number).transport == "http_gateway"


def test_a_refusal_is_final_until_a_person_sends_again(gateway: type[Gateway], app: App) -> None:
    choose(app, "http_gateway")
    gateway.answers = [422]
    number = queue(app)
    work_until_idle(app)
    assert (stored(app, number).status, stored(app, number).answer[:23]) == (
        "failed",
        "The gateway answers 422",
    )
    with app.unit_of_work() as ctx:
        operations.send_again(ctx, number)
    work_until_idle(app)
    assert [message["id"] for message in gateway.taken] == [number]


def test_a_transport_that_nobody_offers_keeps_messages_waiting(app: App) -> None:
    with app.unit_of_work() as ctx:  # its plugin was there when it was chosen
        ctx.session.add(Setting(owner="core", name="sms_transport", value="carrier_pigeon", updated_by="Ana"))
    number = queue(app)
    work_until_idle(app)
    kept = stored(app, number)
    assert kept.status == "queued"
    assert "carrier_pigeon" in kept.answer
