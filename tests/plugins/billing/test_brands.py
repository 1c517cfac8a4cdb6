"""A reseller's customer gets invoices under the brand that sold to them, and the operator stands below as their issuer."""

import io
import re

import pytest
from PIL import Image
from sqlmodel import select

from tests.plugins.billing.conftest import World
from trunkline.branding import operations as brands
from trunkline.branding.brands import Brands
from trunkline.branding.palette import contrast
from trunkline.branding.schemas import BrandFields, EditBrand
from trunkline.mail.models import Email
from trunkline.numbering import operations as numbering
from trunkline.numbering.schemas import NumberChange
from trunkline.resellers import operations as resellers
from trunkline.resellers.schemas import CreateReseller
from trunkline.testing import work_until_idle
from trunkline_billing import operations, queries
from trunkline_billing.documents import invoice_pdf
from trunkline_billing.typesetting import render_invoice, texts_of

_YELLOW = {"name": "Norte Fibra", "reseller": "norte", "colour": "#ffd000", "support": "0800 111 2222"}


@pytest.fixture
def resold(world: World) -> World:
    """The customer is a reseller's, who has a brand."""
    with world.app.unit_of_work() as ctx:
        reseller = resellers.create(ctx, CreateReseller(code="norte", name="Norte"))
        resellers.give_customer(ctx, reseller.key, "C000001")
        brands.create(ctx, BrandFields.model_validate(_YELLOW))
    return world


def test_an_invoice_shows_the_brand_that_sold_as_it_was_when_it_was_issued(resold: World) -> None:
    resold.at(2026, 11, 2, 9)
    with resold.app.unit_of_work() as ctx:
        operations.run_billing(ctx, "2026-10")
        issued = queries.invoices_of(ctx, 1)[0].number
    with resold.app.reading() as ctx:
        first = queries.invoice(ctx, issued)
    shown = texts_of(first)
    assert (shown["brand"]["name"], shown["brand"]["contact"]) == ("Norte Fibra", "0800 111 2222")
    assert shown["brand"]["issuer"] == f"Issued by {resold.app.config.operator_name}"
    assert contrast(shown["brand"]["colour"], "#ffffff") >= 4.5, "yellow on paper is not to be read"
    pdf = render_invoice(first)
    with resold.app.unit_of_work() as ctx:
        brands.edit(ctx, 1, EditBrand.model_validate({**_YELLOW, "name": "Sul Fibra", "version": 1}))
    resold.app.part(Brands).forget()
    with resold.app.reading() as ctx:
        assert render_invoice(queries.invoice(ctx, issued)) == pdf


def test_invoices_of_a_resellers_customers_have_the_resellers_numbers(resold: World) -> None:
    resold.at(2026, 11, 2, 9)
    with resold.app.unit_of_work() as ctx:
        form = NumberChange.model_validate({"prefix": "NOR-", "width": 4, "restart": "year"})
        numbering.change(ctx, "invoice", form, "norte")
        operations.run_billing(ctx, "2026-10")
        assert [row.number for row in queries.invoices_of(ctx, 1)] == ["NOR-2026-0001"]


def _logo(colour: str) -> io.BytesIO:
    out = io.BytesIO()
    Image.new("RGB", (40, 40), colour).save(out, "PNG")
    out.seek(0)
    return out


def test_an_invoice_bears_the_logo_that_it_was_issued_with(resold: World) -> None:
    def pdf() -> bytes:
        """Set anew, as after its file was tidied away."""
        for path in (resold.app.config.data / "files").rglob("*"):
            if path.is_file() and path.read_bytes().startswith(b"%PDF"):
                path.unlink()
        with resold.app.unit_of_work() as ctx:
            return invoice_pdf(ctx, issued)

    with resold.app.unit_of_work() as ctx:
        brands.set_picture(ctx, 1, "logo", _logo("green"), "logo.png")
    resold.at(2026, 11, 2, 9)
    with resold.app.unit_of_work() as ctx:
        operations.run_billing(ctx, "2026-10")
        issued = queries.invoices_of(ctx, 1)[0].number
    first = pdf()
    assert re.search(rb"/Subtype\s*/Image", first)
    with resold.app.unit_of_work() as ctx:
        brands.set_picture(ctx, 1, "logo", _logo("red"), "logo.png")
    assert pdf() == first
    with resold.app.unit_of_work() as ctx:
        brands.remove(ctx, 1)
    assert pdf() == first


def test_the_letter_about_an_invoice_names_the_brand_alone(resold: World) -> None:
    resold.at(2026, 11, 2, 9)
    with resold.app.unit_of_work() as ctx:
        operations.run_billing(ctx, "2026-10")
    work_until_idle(resold.app)
    with resold.app.reading() as ctx:
        (letter,) = ctx.session.scalars(select(Email)).all()
    said = f"{letter.sender} {letter.subject} {letter.text}"
    assert "Norte Fibra" in said
    assert resold.app.config.operator_name not in said
