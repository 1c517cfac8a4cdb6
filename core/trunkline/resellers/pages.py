"""The pages of resellers."""

from collections.abc import Mapping
from typing import Any

from starlette.responses import Response

from trunkline.i18n import gettext as _
from trunkline.resellers import operations, queries
from trunkline.resellers.schemas import CreateReseller, EditReseller, GiveCustomer
from trunkline.resellers.tables import RESELLERS
from trunkline.web.pages import Page, Pages

pages = Pages()
_LIST, _ONE = "/resellers", "/resellers/{reseller_id:int}"


@pages.get(_LIST, permission="core.reseller.list")
def list_resellers(page: Page) -> Response:
    page.title = _("Resellers")
    return page.table("resellers/list.html", RESELLERS, queries.list_resellers(page.ctx))


def _new(page: Page) -> Mapping[str, Any]:
    page.crumbs((_("Resellers"), _LIST), (_("New"), ""))
    return {"form_options": {"cancel": _LIST}}


@pages.form(
    f"{_LIST}/new",
    permission="core.reseller.create",
    schema=CreateReseller,
    template="resellers/form.html",
    title=_("New reseller"),
    initial=_new,
    submit=_("Add the reseller"),
)
def create(page: Page, command: CreateReseller) -> Response:
    reseller = operations.create(page.ctx, command)
    return page.redirect(f"{_LIST}/{reseller.key}", _("Added. Give it customers and people now."))


@pages.get(_ONE, permission="core.reseller.view")
def show(page: Page, reseller_id: int) -> Response:
    row = queries.get(page.ctx, reseller_id)
    page.title = row["name"]
    page.crumbs((_("Resellers"), _LIST), (page.title, ""))
    return page.render(
        "resellers/reseller.html",
        reseller=row,
        customers=queries.customers_of(page.ctx, reseller_id),
        people=queries.people_of(page.ctx, reseller_id),
    )


def _below(page: Page, reseller_id: int, step: str) -> Mapping[str, Any]:
    row, here = queries.get(page.ctx, reseller_id), f"{_LIST}/{reseller_id}"
    page.crumbs((_("Resellers"), _LIST), (row["name"], here), (step, ""))
    return {**row, "form_options": {"cancel": here}}


@pages.form(
    f"{_ONE}/edit",
    permission="core.reseller.edit",
    schema=EditReseller,
    template="resellers/form.html",
    title=_("Change a reseller"),
    initial=lambda page, reseller_id: _below(page, reseller_id, _("Edit")),
)
def edit(page: Page, command: EditReseller, reseller_id: int) -> Response:
    operations.edit(page.ctx, reseller_id, command)
    return page.redirect(f"{_LIST}/{reseller_id}", _("Saved."))


@pages.post(f"{_ONE}/archive", permission="core.reseller.archive")
def archive(page: Page, reseller_id: int) -> Response:
    reseller = operations.archive(page.ctx, reseller_id)
    return page.redirect(
        f"{_LIST}/{reseller_id}", _("{name} takes no new customers any more.", name=reseller.name)
    )


@pages.post(f"{_ONE}/restore", permission="core.reseller.archive")
def restore(page: Page, reseller_id: int) -> Response:
    reseller = operations.restore(page.ctx, reseller_id)
    return page.redirect(f"{_LIST}/{reseller_id}", _("{name} takes customers again.", name=reseller.name))


@pages.form(
    f"{_ONE}/customers/add",
    permission="core.reseller.assign",
    schema=GiveCustomer,
    template="resellers/form.html",
    title=_("Give a customer to a reseller"),
    initial=lambda page, reseller_id: _below(page, reseller_id, _("Give a customer")),
    submit=_("Give the customer"),
)
def give_customer(page: Page, command: GiveCustomer, reseller_id: int) -> Response:
    customer = operations.give_customer(page.ctx, reseller_id, command.number)
    return page.redirect(f"{_LIST}/{reseller_id}", _("{name} is the reseller's now.", name=customer.name))


@pages.post(f"{_ONE}/customers/{{number}}/take-back", permission="core.reseller.assign")
def take_customer_back(page: Page, reseller_id: int, number: str) -> Response:
    customer = operations.take_customer_back(page.ctx, reseller_id, number)
    return page.redirect(
        f"{_LIST}/{reseller_id}", _("{name} is your own customer again.", name=customer.name)
    )
