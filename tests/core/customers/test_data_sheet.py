"""The data sheet of a customer."""

import io
import re
from collections.abc import Callable

import pytest
from PIL import Image
from sqlmodel import col, select

from trunkline.activity.models import ActivityEntry
from trunkline.app import App
from trunkline.branding import operations as brands
from trunkline.branding.schemas import BrandFields
from trunkline.customers import operations
from trunkline.customers.schemas import ContactData, RegisterCustomer
from trunkline.testing import PASSWORD, Browser, create_user
from trunkline.typesetting import typeset

Staff = Callable[..., Browser]


def test_it_speaks_the_customers_language_and_takes_nothing_for_markup(
    app: App, staff: Staff, monkeypatch: pytest.MonkeyPatch
) -> None:
    with app.unit_of_work() as ctx:
        command = RegisterCustomer.model_validate(
            {"kind": "individual", "name": '#panic("x") *Ana* $x$', "language": "pt_BR", "notes": "bad payer"}
        )
        number = operations.register(ctx, command).number
        operations.add_contact(ctx, number, ContactData(name='#read("/etc/passwd")'))
    told = []

    def listening(template, texts, timestamp, logo):  # type: ignore[no-untyped-def]  # as typeset
        told.append(texts)
        return typeset(template, texts, timestamp, logo)

    monkeypatch.setattr("trunkline.customers.sheets.queries.typeset", listening)
    browser = staff("customer_care")
    place = f"/customers/{number}/sheet.pdf"
    answer = browser.get(place)
    assert answer.content.startswith(b"%PDF-")
    assert answer.headers["content-disposition"] == f'attachment; filename="{number}.pdf"'
    assert browser.get(f"{place}?language=own").status_code == 200
    theirs, own = told
    assert (theirs["lang"], own["lang"]) == ("pt", "en")
    assert theirs["name"] == '#panic("x") *Ana* $x$'
    assert theirs["sections"][0]["rows"][0][0] == '#read("/etc/passwd")'
    assert "bad payer" not in str(told)
    with app.reading() as ctx:
        looked = ctx.session.scalars(select(ActivityEntry).where(ActivityEntry.subject == number)).all()
        assert any("sheet" in str(entry.details) or "sheet" in entry.operation for entry in looked)
    assert staff("field_technician").get(place).status_code == 403


def _has_picture(content: bytes) -> bool:
    return re.search(rb"/Subtype\s*/Image", content) is not None


def test_it_bears_the_operators_logo_and_one_that_cannot_be_read_keeps_no_sheet_back(
    app: App, staff: Staff
) -> None:
    with app.unit_of_work() as ctx:
        command = RegisterCustomer.model_validate({"kind": "individual", "name": "Ana Souza"})
        number = operations.register(ctx, command).number
        brand = brands.create(ctx, BrandFields(name="Litoral")).key
    browser = staff("customer_care")
    place = f"/customers/{number}/sheet.pdf"
    assert not _has_picture(browser.get(place).content)
    logo = io.BytesIO()
    Image.new("RGB", (40, 40), "green").save(logo, "PNG")
    for content, shown in ((logo.getvalue(), True), (logo.getvalue()[:40], False)):
        with app.unit_of_work() as ctx:
            brands.set_picture(ctx, brand, "logo", io.BytesIO(content), "logo.png")
        answer = browser.get(place)
        assert answer.content.startswith(b"%PDF-")
        assert _has_picture(answer.content) is shown


def test_a_program_takes_it_and_that_is_on_record(app: App, client: Browser) -> None:
    with app.unit_of_work() as ctx:
        command = RegisterCustomer.model_validate({"kind": "individual", "name": "Ana Souza"})
        number = operations.register(ctx, command).number
    for role, status in (("cashier", 403), ("care_reader", 200)):
        create_user(app, f"{role}@example.com", role)
        body = {"email": f"{role}@example.com", "password": PASSWORD}
        token = client.post("/api/v1/auth/login", json=body).json()["access_token"]
        headers = {"Authorization": f"Bearer {token}"}
        answer = client.get(f"/api/v1/customers/{number}/sheet.pdf", headers=headers)
        assert answer.status_code == status
    assert answer.content.startswith(b"%PDF-")
    assert answer.headers["content-type"] == "application/pdf"
    with app.reading() as ctx:
        looked = select(ActivityEntry).where(col(ActivityEntry.operation) == "core.customer_sheet.view")
        assert ctx.session.scalars(looked).one().actor_kind == "api"


def test_one_long_address_leaves_room_for_the_names(app: App, staff: Staff) -> None:
    with app.unit_of_work() as ctx:
        command = RegisterCustomer.model_validate({"kind": "individual", "name": "Ana Souza"})
        number = operations.register(ctx, command).number
        for place in range(12):
            email = f"maria.aparecida.da.conceicao.dos.santos.{place}@pequenos-agricultores-da-serra.example"
            operations.add_contact(
                ctx,
                number,
                ContactData(name=f"Maria Aparecida {place} dos Santos e Vasconcellos", email=email),
            )
    sheet = staff("customer_care").get(f"/customers/{number}/sheet.pdf").content
    pages = re.search(rb"/Type/Pages/Count (\d+)", sheet)
    # Names set one word a line took three pages.
    assert pages is not None
    assert pages[1] == b"1"
