"""What a bundle is made of and what an add-on goes with, changed from the product's page."""

from collections.abc import Mapping
from typing import Any

from starlette.responses import Response

from trunkline.i18n import gettext as _
from trunkline.web.pages import Page, Pages
from trunkline_catalog import operations, queries
from trunkline_catalog.forms import BundleMember, EditAddOnFacts
from trunkline_catalog.pages.products import standalone
from trunkline_catalog.schemas import Member, UpdateProduct

pages = Pages()


def _crumbs(page: Page, code: str, last: str) -> str:
    """Leads back to the product; returns its address."""
    product, back = queries.product(page.ctx, code), f"/catalog/products/{code}"
    page.crumbs((str(_("Products")), "/catalog/products"), (product.name, back), (last, ""))
    return back


def _member_initial(page: Page, code: str) -> Mapping[str, Any]:
    back = _crumbs(page, code, str(_("Add product")))
    return {"form_options": {"cancel": back, "choices": {"product": standalone(page)}}}


@pages.form(
    "/catalog/products/{code}/members/new",
    permission="catalog.product.edit",
    schema=BundleMember,
    template="catalog/form.html",
    title=_("Add product"),
    initial=_member_initial,
    submit=_("Add product"),
)
def add_member(page: Page, command: BundleMember, code: str) -> Response:
    wanted = {one.product: one for one in queries.product(page.ctx, code).members}
    wanted[command.product] = Member(product=command.product, quantity=command.quantity)
    operations.update_product(page.ctx, code, UpdateProduct(members=tuple(wanted.values())))
    return page.redirect(f"/catalog/products/{code}", str(_("Saved.")))


@pages.post("/catalog/products/{code}/members/{member}/remove", permission="catalog.product.edit")
def remove_member(page: Page, code: str, member: str) -> Response:
    left = tuple(one for one in queries.product(page.ctx, code).members if one.product != member)
    operations.update_product(page.ctx, code, UpdateProduct(members=left))
    return page.redirect(f"/catalog/products/{code}", str(_("Saved.")))


def _fits_initial(page: Page, code: str) -> Mapping[str, Any]:
    product = queries.product(page.ctx, code)
    back = _crumbs(page, code, str(_("Goes with")))
    return {
        "fits": list(product.fits),
        "most_per_service": product.most_per_service,
        "version": product.version,
        "form_options": {"cancel": back, "choices": {"fits": standalone(page)}},
    }


@pages.form(
    "/catalog/products/{code}/fits",
    permission="catalog.product.edit",
    schema=EditAddOnFacts,
    template="catalog/form.html",
    title=_("Goes with"),
    initial=_fits_initial,
)
def edit_fits(page: Page, command: EditAddOnFacts, code: str) -> Response:
    changes = UpdateProduct(
        fits=tuple(command.fits), most_per_service=command.most_per_service, version=command.version
    )
    operations.update_product(page.ctx, code, changes)
    return page.redirect(f"/catalog/products/{code}", str(_("Saved.")))
