"""A customer in the few tabs of the short form: registration, contact, money. For operators who know no more of their clients."""

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from trunkline.customers import operations, queries
from trunkline.customers.models import Customer, CustomerStatus
from trunkline.customers.operations import TRANSITIONS
from trunkline.customers.profile import opened
from trunkline.customers.schemas import ContactData, SetStatus, UpdateCustomer
from trunkline.customers.schemas.texts import Name, text
from trunkline.customers.tables import CLIENT_LABELS
from trunkline.i18n import gettext as _
from trunkline.web.pages import Page, Pages

pages = Pages()
_BASE = "/customers/{number}/client"


class ClientData(BaseModel):
    """What the tab of the registration holds."""

    model_config = ConfigDict(extra="forbid")

    name: Name = Field(title=_("Client"))
    tax_id: Annotated[str, text(40)] = Field(
        default="", title=_("Document"), description=_("CPF or CNPJ in Brazil; VAT number elsewhere.")
    )
    email: Annotated[str, text(254)] = Field(
        default="", title=_("E-mail"), json_schema_extra={"widget": "email"}
    )
    status: CustomerStatus = Field(title=_("Status"), json_schema_extra={"widget": "select"})
    reason: Annotated[str, text(300)] = Field(
        default="",
        title=_("Reason"),
        description=_("Why it is suspended or closed. Kept in the activity log."),
        json_schema_extra={"width": "full"},
    )
    version: int | None = None


def _opened(page: Page, number: str) -> Mapping[str, Any]:
    customer = opened(page, number)
    statuses = (customer.status, *TRANSITIONS[customer.status])
    return {
        **{name: getattr(customer, name) for name in ("name", "tax_id", "email", "status", "version")},
        "form_options": {
            "cancel": "/customers",
            "choices": {"status": [(status, CLIENT_LABELS[CustomerStatus(status)]) for status in statuses]},
        },
    }


def _around(page: Page, number: str, tab: str) -> Mapping[str, Any]:
    customer = queries.get(page.ctx, number)
    page.title = customer.name
    here = f"/customers/{customer.number}"
    page.crumbs((str(_("Customers")), "/customers"), (customer.name, here), (str(_("Client")), ""))
    tabs = [
        (str(_("Registration")), f"{here}/client", tab == "registration"),
        (str(_("Contact")), f"{here}/client/contact", tab == "contact"),
        (str(_("Money")), f"{here}/client/money", tab == "money"),
    ]
    state = CLIENT_LABELS[CustomerStatus(customer.status)]
    return {"customer": customer, "state": state, "tabs": tabs, "tab": tab}


@pages.form(
    _BASE,
    permission="core.customer.edit",
    schema=ClientData,
    template="customers/client.html",
    title=_("Client"),
    initial=_opened,
    extra=lambda page, number: _around(page, number, "registration"),
    submit=_("Save and back"),
)
def registration(page: Page, command: ClientData, number: str) -> Response:
    """Change who it is and how they stand, and go back to the list."""
    facts = command.model_dump(include={"name", "tax_id", "email", "version"})
    customer = operations.update(page.ctx, number, UpdateCustomer(**facts))
    if command.status != customer.status:
        change = SetStatus(status=command.status, reason=command.reason)
        operations.set_status(page.ctx, customer.number, change)
    return page.redirect("/customers", str(_("{name} was changed.", name=customer.name)))


def _person(page: Page, number: str) -> Mapping[str, Any]:
    customer = opened(page, number)
    found = _first(page, customer)
    values = {name: getattr(found, name) for name in ContactData.model_fields} if found is not None else {}
    return {**values, "form_options": {"cancel": "/customers"}}


def _first(page: Page, customer: Customer) -> Any:
    return next(iter(queries.contacts_of(page.ctx, customer.key)), None)


@pages.form(
    f"{_BASE}/contact",
    permission="core.customer.edit",
    schema=ContactData,
    template="customers/client.html",
    title=_("Client"),
    initial=_person,
    extra=lambda page, number: _around(page, number, "contact"),
    submit=_("Save and back"),
)
def contact(page: Page, command: ContactData, number: str) -> Response:
    """Change the first contact, or name one where there is none."""
    customer = queries.to_change(page.ctx, number)
    found = _first(page, customer)
    if found is None:
        operations.add_contact(page.ctx, customer.number, command)
    else:
        operations.update_contact(page.ctx, customer.number, found.id, command)
    return page.redirect("/customers", str(_("{name} was changed.", name=customer.name)))


@pages.get(f"{_BASE}/money", permission="core.customer.edit")
def money(page: Page, number: str) -> Response:
    """What plugins know of the client's services and invoices."""
    return page.render("customers/client_money.html", **_around(page, number, "money"))
