"""Pages of customers: list, registration, overview, editing, status, and the tabs that plugins bring."""

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel
from starlette.responses import Response

from trunkline.customers import operations, queries
from trunkline.customers.activity import PAGE, happenings, happenings_with_merged, in_words
from trunkline.customers.alike import NOTED, NOTHING_TOLD, told
from trunkline.customers.assignment import colleague_name, colleagues
from trunkline.customers.field_pages import editable
from trunkline.customers.merging.moving import held
from trunkline.customers.models import CustomerKind, CustomerStatus
from trunkline.customers.operations import TRANSITIONS
from trunkline.customers.profile import BECOMES, opened, show
from trunkline.customers.schemas import (
    ArchiveNote,
    AssignCustomer,
    EditBusiness,
    EditIndividual,
    NewBusiness,
    NewIndividual,
    RegisterCustomer,
    SetStatus,
    StatusNote,
    StatusReason,
    UpdateCustomer,
)
from trunkline.customers.tables import customers_table
from trunkline.errors import Conflict, NotFound
from trunkline.i18n import gettext as _
from trunkline.web.pages import Page, Pages

pages = Pages()
#: Registered last, because `/customers/{number}/{tab}` takes every address that nothing else takes.
tab_pages = Pages()


@pages.get("/customers", permission="core.customer.list")
def customers(page: Page) -> Response:
    page.title = str(_("Customers"))
    page.crumbs((page.title, ""))
    return page.table("customers/list.html", customers_table(page.ctx), queries.list_customers(page.ctx))


def _kind(page: Page) -> CustomerKind:
    return CustomerKind.BUSINESS if page.query.get("kind") == "business" else CustomerKind.INDIVIDUAL


def _new_schema(page: Page) -> type[BaseModel]:
    return NewBusiness if _kind(page) == CustomerKind.BUSINESS else NewIndividual


def _new_initial(page: Page) -> Mapping[str, Any]:
    page.crumbs((str(_("Customers")), "/customers"), (str(_("Add customer")), ""))
    return {
        "country": page.app.config.country,
        "phone": page.query.get("phone", ""),
        "email": page.query.get("email", ""),
        "form_options": {
            "cancel": "/customers",
            "noted": NOTED,
            "answered": {"despite": "alike"},
            "focus": True,
        },
    }


def _new_extra(page: Page) -> Mapping[str, Any]:
    typed = _alike(page) if page.request.method == "POST" else NOTHING_TOLD
    return {"kind": _kind(page), **typed}


@pages.form(
    "/customers/new",
    permission="core.customer.create",
    schema=_new_schema,
    template="customers/new.html",
    title=_("Add customer"),
    initial=_new_initial,
    extra=_new_extra,
    submit=_("Add customer"),
    draft="customer",
)
def new(page: Page, command: NewBusiness | NewIndividual) -> Response:
    registering = RegisterCustomer(kind=_kind(page), **command.model_dump())
    customer = operations.register(page.ctx, registering, despite=_despite(page))
    return page.redirect(f"/customers/{customer.number}", str(_("{name} was added.", name=customer.name)))


@pages.post("/customers/new/alike", permission="core.customer.create", reads=True)
def alike(page: Page) -> Response:
    """Who may be the same as the one half typed; in place of what was said before."""
    return page.part("customers/alike.html", **_alike(page))


def _despite(page: Page) -> list[str]:
    """The customers whom the clerk said it is not."""
    return [str(number) for number in page.form_data.getlist("despite")]


def _alike(page: Page) -> Mapping[str, Any]:
    return told(page.ctx, page.form_data, _kind(page), _despite(page))


@pages.get("/customers/{number}", permission="core.customer.view", foreseen=True)
def overview(page: Page, number: str) -> Response:
    customer = queries.get(page.ctx, number)
    return show(
        page,
        "customers/overview.html",
        customer,
        "",
        contacts=queries.contacts_of(page.ctx, customer.key),
        attributes=queries.attributes_of(page.ctx, customer.key),
        facts=editable(page, customer),
        latest=happenings(page.ctx, customer.key, limit=5),
    )


def _edit_schema(page: Page, number: str) -> type[BaseModel]:
    business = opened(page, number).kind == CustomerKind.BUSINESS
    return EditBusiness if business else EditIndividual


def _edit_initial(page: Page, number: str) -> Mapping[str, Any]:
    customer = opened(page, number)
    page.crumbs(
        (str(_("Customers")), "/customers"), (customer.name, f"/customers/{number}"), (str(_("Edit")), "")
    )
    names = _edit_schema(page, number).model_fields
    values: dict[str, Any] = {name: getattr(customer, name) for name in names}
    return values | {"form_options": {"cancel": f"/customers/{number}"}}


@pages.form(
    "/customers/{number}/edit",
    permission="core.customer.edit",
    schema=_edit_schema,
    template="customers/form.html",
    title=_("Edit customer"),
    initial=_edit_initial,
)
def edit(page: Page, command: EditBusiness | EditIndividual, number: str) -> Response:
    operations.update(page.ctx, number, UpdateCustomer(**command.model_dump()))
    return page.redirect(f"/customers/{number}", str(_("Saved.")))


def _status_schema(page: Page, number: str, status: str) -> type[StatusNote]:
    return StatusNote if status == CustomerStatus.ACTIVE else StatusReason


def _status_initial(page: Page, number: str, status: str) -> Mapping[str, Any]:
    customer = opened(page, number)
    if status not in BECOMES:
        raise NotFound(_("There is no such page."))
    if customer.merged_into_id is None and status not in TRANSITIONS[customer.status]:
        raise Conflict(
            _("{name} was changed meanwhile and cannot become that now.", name=customer.name),
            remedy=_("Open the customer: the head says the status as it is, its menu what can be done."),
        )
    label = str(BECOMES[CustomerStatus(status)][0])
    page.title = str(_("{action} {name}", action=label, name=customer.name))
    page.crumbs((str(_("Customers")), "/customers"), (customer.name, f"/customers/{number}"), (label, ""))
    danger = status == CustomerStatus.CLOSED
    options = {"cancel": f"/customers/{number}", "submit": label, "danger": danger}
    return {"version": customer.version, "form_options": options}


_EFFECTS = {
    CustomerStatus.SUSPENDED: _(
        "Services go on as they are: suspend those by themselves. Nothing new can be ordered meanwhile."
    ),
    CustomerStatus.CLOSED: _(
        "Everything stays readable. Services must be terminated before; open invoices stay due."
    ),
    CustomerStatus.ARCHIVED: _(
        "The customer leaves every list and the search, the tax id becomes free, and nothing can be changed "
        "until it is restored. Everything stays readable."
    ),
}


def _leaving(page: Page, number: str, status: str = CustomerStatus.ARCHIVED) -> Mapping[str, Any]:
    """What somebody who leaves has, and what becomes of it."""
    customer = opened(page, number)
    goes = status in (CustomerStatus.CLOSED, CustomerStatus.ARCHIVED)
    return {
        "name": customer.name,
        "holds": held(page.ctx, customer.key) if goes else [],
        "effect": _EFFECTS.get(CustomerStatus(status), ""),
    }


@pages.form(
    "/customers/{number}/status/{status}",
    permission="core.customer.edit",
    schema=_status_schema,
    template="customers/leaving.html",
    title=_("Change status"),
    initial=_status_initial,
    extra=_leaving,
)
def set_status(page: Page, command: StatusNote, number: str, status: str) -> Response:
    change = SetStatus(status=CustomerStatus(status), reason=command.reason, version=command.version)
    customer = operations.set_status(page.ctx, number, change)
    return page.redirect(f"/customers/{number}", str(_("{name} was changed.", name=customer.name)))


def _assign_initial(page: Page, number: str) -> Mapping[str, Any]:
    customer = opened(page, number)
    page.crumbs(
        (str(_("Customers")), "/customers"), (customer.name, f"/customers/{number}"), (str(_("Assign")), "")
    )
    options = {"choices": {"user_id": colleagues(page.ctx)}, "cancel": f"/customers/{number}"}
    return {"user_id": customer.assigned_user_id, "version": customer.version, "form_options": options}


@pages.form(
    "/customers/{number}/assign",
    permission="core.customer.assign",
    schema=AssignCustomer,
    template="customers/form.html",
    title=_("Assign to a colleague"),
    initial=_assign_initial,
    submit=_("Assign"),
)
def assign(page: Page, command: AssignCustomer, number: str) -> Response:
    customer = operations.assign(page.ctx, number, command)
    name = colleague_name(page.ctx, customer.assigned_user_id)
    said = _("{name} looks after this customer now.", name=name) if name else _("Nobody is in charge now.")
    return page.redirect(f"/customers/{number}", str(said))


def _archive_initial(page: Page, number: str) -> Mapping[str, Any]:
    customer = opened(page, number)
    page.title = str(_("Archive {name}", name=customer.name))
    page.crumbs(
        (str(_("Customers")), "/customers"), (customer.name, f"/customers/{number}"), (str(_("Archive")), "")
    )
    return {"form_options": {"cancel": f"/customers/{number}", "danger": True}}


@pages.form(
    "/customers/{number}/archive",
    permission="core.customer.archive",
    schema=ArchiveNote,
    template="customers/leaving.html",
    title=_("Archive"),
    initial=_archive_initial,
    extra=_leaving,
    submit=_("Archive"),
)
def archive(page: Page, command: ArchiveNote, number: str) -> Response:
    customer = operations.archive(page.ctx, number, command.reason)
    return page.redirect(f"/customers/{number}", str(_("{name} was archived.", name=customer.name)))


@pages.post("/customers/{number}/restore", permission="core.customer.archive")
def restore(page: Page, number: str) -> Response:
    customer = operations.restore(page.ctx, number)
    return page.redirect(f"/customers/{number}", str(_("{name} was restored.", name=customer.name)))


@pages.get("/customers/{number}/activity", permission="core.customer.view")
def activity(page: Page, number: str) -> Response:
    customer = queries.get(page.ctx, number)
    asked = page.query.get("before", "")
    found = happenings_with_merged(page.ctx, customer.key, before=int(asked) if asked.isdecimal() else None)
    older = found[-1].id if len(found) == PAGE else None
    return show(
        page,
        "customers/activity.html",
        customer,
        "activity",
        entries=found,
        older=older,
        told=in_words(page.ctx, found),
    )


@tab_pages.get("/customers/{number}/{tab}", permission="core.customer.view")
def tab(page: Page, number: str, tab: str) -> Response:
    for plugin, slot in page.app.slots.get("customer.tabs", []):
        if slot.name == tab:
            page.ctx.require(slot.permission)
            customer = queries.get(page.ctx, number)
            content = page.web.contribution(page, plugin, slot, customer)
            return show(page, "customers/tab.html", customer, tab, content=content)
    raise NotFound(_("There is no such page."), remedy=_("Its plugin may be disabled."))
