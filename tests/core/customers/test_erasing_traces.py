"""What names a person outside rows of their own: files on the disk, and what colleagues typed, kept, exported and imported."""

import io
from collections.abc import Callable
from typing import Any

import pytest
from sqlmodel import col, select

from trunkline.app import App
from trunkline.auth.models import User
from trunkline.customers import operations as customers
from trunkline.customers import queries
from trunkline.customers.erasing.operations import erase
from trunkline.customers.erasing.schemas import EraseCustomer
from trunkline.customers.models import Contact, CustomerKind
from trunkline.customers.schemas import RegisterCustomer
from trunkline.drafts.models import Draft
from trunkline.files.operations import attach
from trunkline.imports import operations as imports
from trunkline.imports.importer import ImportOptions
from trunkline.imports.models import ImportRun
from trunkline.lists import working
from trunkline.lists.models import ListRun, RunKind, SavedView
from trunkline.mail import operations as mail
from trunkline.rest.units import IdempotentAnswer
from trunkline.sms import operations as sms
from trunkline.testing import Browser, work_until_idle

Staff = Callable[..., Browser]
NAME, EMAIL = "Eleonora Quintanilha", "eleonora.quintanilha@example.com"


def _add(app: App, name: str, email: str) -> str:
    with app.unit_of_work() as ctx:
        command = RegisterCustomer(kind=CustomerKind.INDIVIDUAL, name=name, email=email)
        return customers.register(ctx, command).number


def _erase(app: App, number: str) -> None:
    with app.unit_of_work() as ctx:
        erase(ctx, number, EraseCustomer(confirm=number))


def _telling(app: App, *words: str) -> list[str]:
    """Files of the data folder, the database aside, that hold one of the words."""
    return [
        str(path.relative_to(app.config.data))
        for path in sorted(app.config.data.rglob("*"))
        if path.is_file()
        and not path.name.startswith("trunkline.db")
        and any(word.encode() in path.read_bytes() for word in words)
    ]


def _write_to(app: App, number: str, email: str, phone: str) -> None:
    """An e-mail and a text message, both of which the spool keeps as files."""
    with app.unit_of_work() as ctx:
        key = queries.get(ctx, number).key
        mail.queue(
            ctx,
            template="core/mail/password_changed",
            to=email,
            language="en",
            context={
                "name": NAME,
                "operator": "Conecta",
                "at": ctx.now(),
                "address": "",
                "forgotten": "https://example.com",
            },
            customer_id=key,
            key=f"mail:{number}",
        )
        sms.queue(ctx, to=phone, text=f"Dear {NAME}", key=f"sms:{number}", customer_id=key)


@pytest.mark.both_databases
def test_no_file_of_the_data_folder_names_the_person(app: App) -> None:
    number, other = _add(app, NAME, EMAIL), _add(app, "Somebody Else", "somebody.else@example.com")
    with app.unit_of_work() as ctx:
        attach(ctx, number, io.BytesIO(f"%PDF-1.4 {NAME}".encode()), "letter.pdf")
        table = io.BytesIO(f"name,email,kind\n{NAME},{EMAIL},individual\n".encode())
        imports.upload(ctx, "customers", "theirs.csv", table, ImportOptions(format="csv"))
        run = ListRun(
            number="L000001", kind=RunKind.EXPORT, list_name="customers", action="csv", state="done"
        )
        run.stored_as, run.query = "export.csv", [["q", NAME]]
        ctx.session.add(run)
        (working.folder(app) / run.stored_as).write_text(f"{NAME};{EMAIL}")
    _write_to(app, number, EMAIL, "+5581987654321")
    _write_to(app, other, "somebody.else@example.com", "+5581987654322")
    work_until_idle(app)
    folders = {path.partition("/")[0] for path in _telling(app, NAME, EMAIL)}
    assert folders == {"exports", "files", "sms", "spool", "uploads"}
    _erase(app, number)
    assert _telling(app, EMAIL, "+5581987654321") == []
    # What went to somebody else is theirs.
    assert len(_telling(app, "somebody.else@example.com")) == 1
    with app.reading() as ctx:
        assert ctx.session.scalars(select(ListRun)).one().query == [["q", "[erased]"]]
        assert ctx.session.scalars(select(ImportRun)).one().state == "refused"


@pytest.mark.both_databases
def test_what_colleagues_left_about_the_person_goes_and_what_is_about_others_stays(
    app: App, staff: Staff
) -> None:
    number = _add(app, NAME, EMAIL)
    staff("customer_care")
    with app.unit_of_work() as ctx:
        user = ctx.session.scalars(select(User).order_by(col(User.id).desc()).limit(1)).one().key
        told: dict[str, Any] = {"user_id": user, "saved_at": ctx.now()}
        ctx.session.add_all(
            [
                Draft(form="customer", resume="/customers/new", fields=[["name", NAME]], **told),
                Draft(
                    form="site", resume=f"/customers/{number}/sites/new", fields=[["city", "Recife"]], **told
                ),
                Draft(form="product", resume="/catalog/products/new", fields=[["name", "Fibre"]], **told),
                SavedView(list_name="customers", name="One", query="q=Eleonora+Quintanilha", user_id=user),
                SavedView(list_name="customers", name="Many", query="status=active", user_id=user),
                IdempotentAnswer(actor="a", key="1", fingerprint="", status=200, body={"number": number}),
                IdempotentAnswer(actor="a", key="2", fingerprint="", status=200, body={"email": EMAIL}),
                IdempotentAnswer(
                    actor="a", key="3", fingerprint="", status=200, body={"email": "x@example.com"}
                ),
            ]
        )
    _erase(app, number)
    with app.reading() as ctx:
        assert [draft.form for draft in ctx.session.scalars(select(Draft))] == ["product"]
        assert [view.name for view in ctx.session.scalars(select(SavedView))] == ["Many"]
        assert [answer.key for answer in ctx.session.scalars(select(IdempotentAnswer))] == ["3"]


@pytest.mark.both_databases
def test_a_customer_with_hundreds_of_contacts_is_shown_what_goes_and_is_erased(
    app: App, staff: Staff
) -> None:
    number = _add(app, NAME, EMAIL)
    browser = staff("administrator")
    with app.unit_of_work() as ctx:
        key = queries.get(ctx, number).key
        ctx.session.add_all(
            Contact(customer_id=key, name=f"Person {n:04d}", email=f"p{n:04d}@example.com")
            for n in range(700)
        )
        user = ctx.session.scalars(select(User).order_by(col(User.id).desc()).limit(1)).one().key
        told: dict[str, Any] = {"user_id": user, "saved_at": ctx.now()}
        ctx.session.add_all(
            [
                Draft(form="new", resume="/customers/new", fields=[["email", "P0699@EXAMPLE.COM"]], **told),
                Draft(form="add", resume="/customers/add", fields=[["email", "q0699@example.com"]], **told),
            ]
        )
    assert browser.get(f"/customers/{number}/erase").status_code == 200
    _erase(app, number)
    with app.reading() as ctx:
        assert [one.resume for one in ctx.session.scalars(select(Draft))] == ["/customers/add"]
