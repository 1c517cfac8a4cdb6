"""Files of customers: judged by what they hold, kept once, handed out so that no browser runs them, and only to who may."""

import io
import os
import zipfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from PIL import Image
from sqlmodel import select

from trunkline.app import App
from trunkline.customers import operations as customers
from trunkline.customers.models import CustomerKind
from trunkline.customers.schemas import RegisterCustomer
from trunkline.errors import NotFound, Refused
from trunkline.files import content, operations, store
from trunkline.files.models import StoredFile
from trunkline.files.sweeping import sweep
from trunkline.testing import PASSWORD, Browser, create_user

pytestmark = pytest.mark.plugins()
PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\n"


def picture() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (3, 3), "red").save(out, "PNG")
    return out.getvalue()


def bomb() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("zeros", b"0" * 10_000_000)
    return out.getvalue()


@pytest.fixture
def customer(app: App) -> str:
    with app.unit_of_work() as ctx:
        return customers.register(
            ctx, RegisterCustomer(kind=CustomerKind.INDIVIDUAL, name="Ana Souza")
        ).number


def attach(app: App, customer: str, body: bytes, name: str = "contract.pdf") -> int:
    with app.unit_of_work() as ctx:
        return operations.attach(ctx, customer, io.BytesIO(body), name, "signed").key


@pytest.mark.both_databases
def test_a_file_comes_back_as_it_was_and_as_a_download(
    app: App, customer: str, staff: Callable[..., Browser]
) -> None:
    care = staff("customer_care")
    shown = care.get(f"/customers/{customer}/files/new")
    token = care.csrf(f"/customers/{customer}/files/new")
    assert shown.status_code == 200
    done = care.post(
        f"/customers/{customer}/files/new",
        data={"csrf_token": token, "note": "signed"},
        files={"file": ("contrato ção.pdf", PDF, "text/html")},
    )
    assert "contrato ção.pdf" in done.text
    with app.reading() as ctx:
        key = ctx.session.scalars(select(StoredFile.id)).one()
    fetched = care.get(f"/customers/{customer}/files/{key}")
    assert fetched.content == PDF
    assert fetched.headers["content-type"] == "application/pdf"
    assert fetched.headers["content-disposition"].startswith("attachment")
    assert fetched.headers["content-security-policy"] == "default-src 'none'; sandbox"


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("bill.pdf", b"<html><script>alert(1)</script>\x00"),
        ("photo.png", b"MZ\x90\x00\x03program"),
        ("picture.svg.png", b"\x7fELF\x02\x01\x01\x00"),
        ("archive.docx", bomb()),
        ("notes.txt", b"\xff\xfe\x00t\x00e"),
    ],
)
def test_what_is_not_what_it_is_called_is_refused_and_nothing_is_kept(
    app: App, customer: str, name: str, body: bytes
) -> None:
    with pytest.raises(Refused) as refused:
        attach(app, customer, body, name)
    assert refused.value.field == "file"
    assert not [path for path in store.folder(app).rglob("*") if path.is_file()]


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\secret\\plan.pdf", "plan.pdf"),
        ("a\r\nSet-Cookie: x.pdf", "aSet-Cookie: x.pdf"),
        ("gnp\u202e.pdf", "gnp.pdf"),
        ("...", "file"),
        ("x" * 400 + ".pdf", "x" * 196 + ".pdf"),
    ],
)
def test_the_name_of_a_file_leads_nowhere_and_fools_nobody(name: str, kept: str) -> None:
    assert content.clean_name(name) == kept


def test_a_file_that_is_too_large_or_empty_is_refused(app: App, customer: str) -> None:
    for body in (b"", PDF + b" " * 20_000_001):
        with pytest.raises(Refused):
            attach(app, customer, body)
    assert not [path for path in store.folder(app).rglob("*") if path.is_file()]


def test_two_customers_share_a_content_until_the_last_lets_go(app: App, customer: str) -> None:
    with app.unit_of_work() as ctx:
        other = customers.register(
            ctx, RegisterCustomer(kind=CustomerKind.INDIVIDUAL, name="Bruno Lima")
        ).number
    first, second = attach(app, customer, picture(), "a.png"), attach(app, other, picture(), "b.png")
    with app.reading() as ctx:
        rows = ctx.session.scalars(select(StoredFile)).all()
        digest = rows[0].digest
        assert {row.digest for row in rows} == {digest}
        assert {row.media_type for row in rows} == {"image/png"}
    with app.unit_of_work() as ctx:
        operations.remove(ctx, customer, first)
    assert store.path_of(app, digest).read_bytes() == picture()
    with app.unit_of_work() as ctx:
        operations.remove(ctx, other, second)
    with pytest.raises(NotFound):
        store.path_of(app, digest)


def test_another_customers_file_is_not_there(app: App, customer: str, staff: Callable[..., Browser]) -> None:
    with app.unit_of_work() as ctx:
        other = customers.register(
            ctx, RegisterCustomer(kind=CustomerKind.INDIVIDUAL, name="Bruno Lima")
        ).number
    key = attach(app, customer, PDF)
    assert staff().get(f"/customers/{other}/files/{key}").status_code == 404


def test_programs_attach_fetch_and_remove_over_rest(app: App, customer: str, client: Browser) -> None:
    create_user(app, "ana@example.com", "supervisor")
    token = client.post("/api/v1/auth/login", json={"email": "ana@example.com", "password": PASSWORD}).json()[
        "access_token"
    ]
    client.headers["Authorization"] = f"Bearer {token}"
    path = f"/api/v1/customers/{customer}/files"
    made = client.post(path, files={"file": ("contract.pdf", PDF)}, data={"note": "signed"})
    assert made.status_code == 201, made.text
    assert made.json()["media_type"] == "application/pdf"
    assert client.get(f"{path}/{made.json()['id']}").content == PDF
    refused = client.post(path, files={"file": ("contract.pdf", b"MZ\x90\x00")})
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["field"] == "file"
    assert client.delete(f"{path}/{made.json()['id']}").status_code == 204
    assert client.get(path).json() == []


def test_a_content_that_nobody_refers_to_is_swept_away_after_a_day(app: App, customer: str) -> None:
    attach(app, customer, PDF)
    lost = store.folder(app) / "ab" / ("ab" * 32)
    lost.parent.mkdir(exist_ok=True)
    lost.write_bytes(b"left behind")
    young = store.folder(app) / ".new.part"
    young.write_bytes(b"still coming")
    for path in store.folder(app).rglob("*"):
        if path != young:
            os.utime(path, (0, 0))
    with app.unit_of_work() as ctx:
        sweep(ctx)
    kept = {path.name for path in store.folder(app).rglob("*") if path.is_file()}
    with app.reading() as ctx:
        assert kept == {ctx.session.scalars(select(StoredFile.digest)).one(), young.name}


@pytest.mark.both_databases
def test_a_content_that_is_attached_while_its_last_file_goes_stays(app: App, customer: str) -> None:
    first = attach(app, customer, PDF)
    with app.unit_of_work() as ctx:
        operations.remove(ctx, customer, first)
        afterwards = list(ctx.after_commit)
        ctx.after_commit.clear()
    attach(app, customer, PDF)
    for call in afterwards:
        call()
    assert content_of(app) == PDF


@pytest.mark.both_databases
def test_removing_waits_for_who_attaches_the_same_content(app: App, customer: str) -> None:
    first = attach(app, customer, PDF)

    def take_away() -> None:
        with app.unit_of_work() as ctx:
            operations.remove(ctx, customer, first)

    with ThreadPoolExecutor(1) as thread:
        with app.unit_of_work() as ctx:
            operations.attach(ctx, customer, io.BytesIO(PDF), "again.pdf", "")
            removal = thread.submit(take_away)
            if not app.database.is_sqlite:
                with pytest.raises(TimeoutError):
                    removal.result(0.5)
        removal.result(20)
    assert content_of(app) == PDF


def content_of(app: App) -> bytes:
    with app.reading() as ctx:
        (digest,) = ctx.session.scalars(select(StoredFile.digest))
    return store.path_of(app, digest).read_bytes()
