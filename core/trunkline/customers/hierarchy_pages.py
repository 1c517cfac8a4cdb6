"""The tree in which a customer stands, and moving in it."""

from collections.abc import Mapping
from typing import Any

from starlette.responses import Response

from trunkline.customers import hierarchy, queries
from trunkline.customers.profile import opened, show
from trunkline.customers.schemas import AddBelow, SetParent
from trunkline.i18n import gettext as _
from trunkline.search.queries import find
from trunkline.web.pages import Page, Pages

pages = Pages()
_VIEW, _EDIT = "core.customer.view", "core.customer.edit"
_OFFERED = 12


@pages.get("/customers/lookup", permission=_VIEW)
def lookup(page: Page) -> Response:
    """Choices of a box that asks for a customer: by number, name or whatever the search knows."""
    typed = next((value for value in page.query.values() if value.strip()), "")
    hits = [hit for group in find(page.ctx, typed, _OFFERED, kinds=("customer",)) for hit in group.hits]
    return page.part("customers/choices.html", hits=hits)


@pages.get("/customers/{number}/hierarchy", permission=_VIEW)
def tree(page: Page, number: str) -> Response:
    customer = queries.get(page.ctx, number)
    family = hierarchy.family_of(page.ctx, customer)
    head = hierarchy.head_of(page.ctx, customer) if family.more else customer
    return show(page, "customers/hierarchy.html", customer, "hierarchy", family=family, head=head)


def _initial(page: Page, number: str) -> Mapping[str, Any]:
    customer = opened(page, number)
    parent = hierarchy.parent_of(page.ctx, customer)
    here = f"/customers/{customer.number}"
    page.crumbs((str(_("Customers")), "/customers"), (customer.name, here), (str(_("Move")), ""))
    page.title = str(_("Who {name} belongs to", name=customer.name))
    return {
        "parent": parent.number if parent is not None else "",
        "version": customer.version,
        "form_options": {"cancel": f"{here}/hierarchy"},
    }


@pages.form(
    "/customers/{number}/parent",
    permission=_EDIT,
    schema=SetParent,
    template="customers/form.html",
    title=_("Move in the hierarchy"),
    initial=_initial,
    submit=_("Move"),
)
def move(page: Page, command: SetParent, number: str) -> Response:
    hierarchy.set_parent(page.ctx, number, command)
    return page.redirect(f"/customers/{number}/hierarchy", str(_("Moved.")))


def _below_initial(page: Page, number: str) -> Mapping[str, Any]:
    customer = opened(page, number)
    here = f"/customers/{customer.number}"
    page.title = str(_("Put a customer below {name}", name=customer.name))
    page.crumbs((str(_("Customers")), "/customers"), (customer.name, here), (str(_("Put below")), ""))
    return {"form_options": {"cancel": f"{here}/hierarchy"}}


@pages.form(
    "/customers/{number}/branches",
    permission=_EDIT,
    schema=AddBelow,
    template="customers/form.html",
    title=_("Put a customer below"),
    initial=_below_initial,
    submit=_("Put below"),
)
def add_below(page: Page, command: AddBelow, number: str) -> Response:
    hierarchy.add_below(page.ctx, number, command)
    return page.redirect(f"/customers/{number}/hierarchy", str(_("Moved.")))
