"""One value of a customer edited where it stands: a form of one field, which is a page of its own without JavaScript."""

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, create_model
from starlette.responses import Response

from trunkline.customers import fields, profile, queries
from trunkline.customers.assignment import colleague_name, colleagues
from trunkline.customers.models import Customer, CustomerKind, CustomerStatus
from trunkline.customers.schemas import AssignCustomer, EditBusiness, EditIndividual
from trunkline.errors import NotFound
from trunkline.i18n import gettext as _
from trunkline.web.pages import Page, Pages

pages = Pages()
_EDIT, _ASSIGN = "core.customer.edit", "core.customer.assign"
_FIELD, _CHARGE = "/customers/{number}/fields/{field}", "/customers/{number}/fields/assigned"


class _OneField(BaseModel):
    """The form of one field: the version it was opened at, and what the field held then."""

    model_config = ConfigDict(extra="forbid")

    version: int | None = None
    was: str = Field(default="", json_schema_extra={"widget": "hidden"})


@cache
def _schema_of(kind: str, field: str) -> type[BaseModel]:
    """The form of one field of this kind of customer. Raises NotFound for what is no field of it."""
    whole = EditBusiness if kind == CustomerKind.BUSINESS else EditIndividual
    info = whole.model_fields.get(field)
    if info is None or field == "version":
        raise NotFound(_("There is no such page."))
    made: Callable[..., type[BaseModel]] = create_model
    return made(f"Edit_{kind}_{field}", __base__=_OneField, **{field: (info.annotation, info)})


def _schema(page: Page, number: str, field: str) -> type[BaseModel]:
    return _schema_of(profile.opened(page, number).kind, field)


def _initial(page: Page, number: str, field: str) -> Mapping[str, Any]:
    customer = profile.opened(page, number)
    label = str(_schema_of(customer.kind, field).model_fields[field].title)
    _frame(page, customer, label)
    value = getattr(customer, field)
    return {
        field: value,
        "version": customer.version,
        "was": fields.written(value),
        "form_options": {"cancel": f"/customers/{customer.number}"},
    }


def _frame(page: Page, customer: Customer, label: str) -> None:
    here = f"/customers/{customer.number}"
    page.title = str(_("{field} of {name}", field=label, name=customer.name))
    page.crumbs((str(_("Customers")), "/customers"), (customer.name, here), (label, ""))


def _place(page: Page, number: str, field: str) -> Mapping[str, Any]:
    return {"place": f"/customers/{number}/fields/{field}", "key": field}


@pages.form(
    _CHARGE,
    permission=_ASSIGN,
    schema=AssignCustomer,
    template="customers/field.html",
    title=_("Looked after by"),
    initial=lambda page, number: _assigned(page, number),
    extra=lambda page, number: _place(page, number, "assigned"),
)
def assign(page: Page, command: AssignCustomer, number: str) -> Response:
    from trunkline.customers import operations

    return _answer(page, operations.assign(page.ctx, number, command), "assigned")


def _assigned(page: Page, number: str) -> Mapping[str, Any]:
    customer = profile.opened(page, number)
    _frame(page, customer, str(_("Looked after by")))
    options = {"cancel": f"/customers/{number}", "choices": {"user_id": colleagues(page.ctx)}}
    return {"user_id": customer.assigned_user_id, "version": customer.version, "form_options": options}


@pages.form(
    _FIELD,
    permission=_EDIT,
    schema=_schema,
    template="customers/field.html",
    title=_("Edit customer"),
    initial=_initial,
    extra=_place,
)
def edit(page: Page, command: BaseModel, number: str, field: str) -> Response:
    wanted = fields.ChangeField.model_validate(
        {
            "field": field,
            "value": getattr(command, field),
            "was": getattr(command, "was", ""),
            "version": getattr(command, "version", None),
        }
    )
    return _answer(page, fields.change_field(page.ctx, number, wanted), field)


@pages.get("/customers/{number}/fields/{field}/value", permission="core.customer.view")
def value(page: Page, number: str, field: str) -> Response:
    """The value as the overview shows it: what Cancel and Escape bring back."""
    return _shown(page, queries.get(page.ctx, number), field)


def _answer(page: Page, customer: Customer, field: str) -> Response:
    """After saving: the value in its place, and the head, which shows some of them too and what version to change next."""
    if not page.is_fragment:
        return page.redirect(f"/customers/{customer.number}", str(_("Saved.")))
    profile.name_page(page, customer)
    sites = queries.sites_of(page.ctx, customer.key)
    return _shown(page, customer, field, again=True, **profile.heading(page, customer, sites))


def _shown(page: Page, customer: Customer, field: str, /, **more: Any) -> Response:
    pairs = {item.key: item for item in editable(page, customer)}
    if field not in pairs:
        raise NotFound(_("There is no such page."))
    return page.part("customers/value.html", item=pairs[field], **more)


def editable(page: Page, customer: Customer) -> list[fields.Shown]:
    """The customer's facts for the overview, with where each is edited by who may."""
    open_ = customer.status != CustomerStatus.ARCHIVED
    return fields.shown(
        customer,
        page.locale,
        assigned_to=colleague_name(page.ctx, customer.assigned_user_id),
        may_edit=open_ and page.can(_EDIT),
        may_assign=page.can(_ASSIGN),
    )
