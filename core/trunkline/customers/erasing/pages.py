"""The page that says what an erasure does before it is done, and the stone on the page of who was erased."""

from collections.abc import Mapping
from typing import Any

from starlette.responses import Response

from trunkline.customers import queries as customers
from trunkline.customers.erasing import operations, queries
from trunkline.customers.erasing.own_rows import ERASE
from trunkline.customers.erasing.parts import Fate
from trunkline.customers.erasing.schemas import EraseCustomer
from trunkline.customers.erasing.stones import stone_of
from trunkline.customers.models import Customer
from trunkline.i18n import gettext as _
from trunkline.web.pages import Page, Pages

pages = Pages()


def _initial(page: Page, number: str) -> Mapping[str, Any]:
    customer = customers.get(page.ctx, number)
    page.title = str(_("Erase the personal data of {name}", name=customer.name))
    page.crumbs(
        (str(_("Customers")), "/customers"),
        (customer.name, f"/customers/{customer.number}"),
        (str(_("Erase personal data")), ""),
    )
    return {"form_options": {"cancel": f"/customers/{customer.number}", "danger": True}}


def _told(page: Page, number: str) -> Mapping[str, Any]:
    preview = queries.preview(page.ctx, number)
    return {
        "preview": preview,
        "deleted": [part for part in preview.parts if part.fate == Fate.DELETED],
        "pseudonymised": [part for part in preview.parts if part.fate == Fate.PSEUDONYMISED],
        "retained": [part for part in preview.parts if part.fate == Fate.KEPT],
    }


@pages.form(
    "/customers/{number}/erase",
    permission=ERASE,
    schema=EraseCustomer,
    template="erasing/erase.html",
    title=_("Erase personal data"),
    initial=_initial,
    extra=_told,
    submit=_("Erase for ever"),
)
def erase(page: Page, command: EraseCustomer, number: str) -> Response:
    operations.erase(page.ctx, number, command)
    return page.redirect(f"/customers/{number}", str(_("The personal data are erased.")))


def alert(page: Page, customer: Customer) -> str | None:
    """On the customer's page: when and by whom it was erased, and what is kept until when."""
    stone = stone_of(page.ctx, customer)
    return page.fragment("erasing/alert.html", stone=stone) if stone is not None else None
