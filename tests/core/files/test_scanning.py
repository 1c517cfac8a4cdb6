"""Uploads are looked through before anything is done with them: by ClamAV's own daemon, started here with one signature."""

import getpass
import io
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlmodel import select

from tests.services.loopback import PATIENCE
from tests.services.programs import PROGRAMS
from trunkline.activity.models import ActivityEntry
from trunkline.app import App
from trunkline.customers import operations as customers
from trunkline.customers.models import CustomerKind
from trunkline.customers.schemas import RegisterCustomer
from trunkline.errors import Refused, Unavailable
from trunkline.files import store
from trunkline.files.clamav import ClamAv
from trunkline.settings import operations as settings
from trunkline.settings.connections import attempt
from trunkline.testing import PASSWORD, Browser, create_user

pytestmark = [pytest.mark.plugins(), pytest.mark.peer("clamd")]
#: EICAR's test file, in two parts so that no scanner finds it in here.
VIRUS = b"X5O!P%@AP[4\\PZX54(P^)7CC)7}$EICAR-" + b"STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"
PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\n"
CONFIG = """
LocalSocket {home}/clamd.ctl
DatabaseDirectory {home}/db
StreamMaxLength 1M
Foreground yes
MaxThreads 2
User {user}
"""


@pytest.fixture(scope="module")
def clamd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The socket of a daemon that knows one signature: that of EICAR's test file."""
    home = tmp_path_factory.mktemp("clamd")
    (home / "db").mkdir()
    (home / "db" / "test.ndb").write_text(f"Eicar-Test-Signature:0:*:{VIRUS.hex()}\n")
    (home / "clamd.conf").write_text(CONFIG.format(home=home, user=getpass.getuser()))
    program = PROGRAMS["clamd"].path()
    assert program is not None
    with (home / "log").open("wb") as log:
        process = subprocess.Popen([program, "-c", str(home / "clamd.conf")], stdout=log, stderr=log)
    try:
        _wait(process, home)
        yield str(home / "clamd.ctl")
    finally:
        process.terminate()
        process.wait(PATIENCE)


def _wait(process: "subprocess.Popen[bytes]", home: Path) -> None:
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until and process.poll() is None:
        try:
            ClamAv(str(home / "clamd.ctl"), seconds=5).version()
            return
        except Unavailable:
            time.sleep(0.1)
    pytest.fail((home / "log").read_text())


@pytest.fixture
def customer(app: App) -> str:
    with app.unit_of_work() as ctx:
        command = RegisterCustomer(kind=CustomerKind.INDIVIDUAL, name="Ana Souza")
        return customers.register(ctx, command).number


def use(app: App, address: str) -> None:
    with app.unit_of_work() as ctx:
        settings.save(ctx, "core", {"virus_scanner": address})


def send(browser: Browser, customer: str, name: str, body: bytes) -> str:
    path = f"/customers/{customer}/files/new"
    token = browser.csrf(path)
    answer = browser.post(
        path, data={"csrf_token": token, "note": "signed"}, files={"file": (name, body, "text/plain")}
    )
    return str(answer.text)


def kept(app: App) -> int:
    return sum(path.is_file() for path in store.folder(app).rglob("*")) if store.folder(app).exists() else 0


def test_an_infected_file_is_refused_beside_its_field_kept_nowhere_and_on_record(
    app: App, clamd: str, customer: str, staff: Callable[..., Browser]
) -> None:
    use(app, clamd)
    care = staff("customer_care")
    said = send(care, customer, "price list.txt", VIRUS)
    assert "Eicar-Test-Signature" in said.partition('id="f-file-error"')[2][:400]
    assert kept(app) == 0
    with app.reading() as ctx:
        entry = ctx.session.scalars(
            select(ActivityEntry).where(ActivityEntry.operation == "core.file.refuse")
        ).one()
        assert (entry.subject, entry.actor_kind) == ("price list.txt", "staff")
        assert entry.details["found"].startswith("Eicar-Test-Signature")
    assert "contract.pdf" in send(care, customer, "contract.pdf", PDF)
    assert kept(app) == 1


def test_programs_are_refused_it_as_well_and_so_is_an_import(
    app: App, clamd: str, customer: str, client: Browser, staff: Callable[..., Browser]
) -> None:
    use(app, clamd)
    create_user(app, "program@example.com", "administrator")
    body = {"email": "program@example.com", "password": PASSWORD}
    token = client.post("/api/v1/auth/login", json=body).json()["access_token"]
    answer = client.post(
        f"/api/v1/customers/{customer}/files",
        files={"file": ("a.txt", VIRUS, "text/plain")},
        headers={"Authorization": f"Bearer {token}"},
    )
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "file")
    browser = staff()
    imported = browser.post(
        "/imports",
        data={"csrf_token": browser.csrf("/imports"), "kind": "customers"},
        files={"file": ("customers.csv", b"name\n" + VIRUS, "text/csv")},
    )
    assert imported.status_code == 422
    assert "Eicar-Test-Signature" in imported.text
    assert kept(app) == 0


def test_while_the_scanner_is_silent_no_file_is_taken(
    app: App, customer: str, staff: Callable[..., Browser]
) -> None:
    use(app, "/nowhere/clamd.ctl")
    said = send(staff("customer_care"), customer, "contract.pdf", PDF)
    assert "The virus scanner at /nowhere/clamd.ctl does not answer" in said
    assert kept(app) == 0


def test_what_the_scanner_takes_no_more_of_is_refused_with_the_remedy(clamd: str) -> None:
    with pytest.raises(Refused, match="StreamMaxLength"):
        ClamAv(clamd).scan(io.BytesIO(b"x" * 3_000_000))


def test_the_answer_counts_though_the_scanner_hung_up_on_what_it_had_not_read(tmp_path: Path) -> None:
    address = str(tmp_path / "clamd.ctl")
    sent = len(b"zINSTREAM\0") + 4 + len(b"price list") + 4

    def hang_up(listening: socket.socket) -> None:
        connection, _address = listening.accept()
        with connection:
            while len(connection.recv(sent, socket.MSG_PEEK)) < sent:
                time.sleep(0.01)
            connection.sendall(b"INSTREAM size limit exceeded. ERROR\0")

    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(address)
        listening.listen()
        peer = threading.Thread(target=hang_up, args=(listening,))
        peer.start()
        with pytest.raises(Refused, match="StreamMaxLength"):
            ClamAv(address).scan(io.BytesIO(b"price list"))
        peer.join()


def test_the_settings_try_the_scanner_with_the_test_virus(app: App, clamd: str) -> None:
    def tried() -> tuple[bool, str]:
        with app.reading() as ctx:
            result = attempt(ctx, "core", "virus_scanner")
            return result.works, result.message

    use(app, clamd)
    works, message = tried()
    assert works
    assert message.startswith("ClamAV ")
    assert message.endswith("finds the test virus.")
    use(app, "127.0.0.1:9")
    assert tried() == (
        False,
        "The virus scanner at 127.0.0.1:9 does not answer: Connection refused.",
    )
