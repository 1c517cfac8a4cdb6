"""REST: customers and what belongs to them."""

from datetime import datetime
from typing import Any

from pydantic import BaseModel

from trunkline.charts import ChartOut
from trunkline.customers import figures, hierarchy, operations, queries
from trunkline.customers.schemas import (
    AssignCustomer,
    AttributeData,
    AttributeOut,
    BranchOut,
    ContactData,
    ContactOut,
    CustomerOut,
    CustomerSummary,
    RegisterCustomer,
    RegisterNewCustomer,
    SetParent,
    SetStatus,
    SiteData,
    SiteOut,
    TagData,
    TagOut,
    UpdateCustomer,
)
from trunkline.customers.tables import CUSTOMERS, below_as_seen
from trunkline.operation import Context
from trunkline.rest.concurrency import if_match
from trunkline.rest.paging import Listing, ListParams, list_of, list_params, read_list
from trunkline.rest.routing import RestRoutes
from trunkline.web.tables import Column, Filter, Kind, Table

rest = RestRoutes("/customers", "customers")
_LIST, _VIEW, _EDIT = "core.customer.list", "core.customer.view", "core.customer.edit"


class CustomerActivityOut(BaseModel):
    """One entry of the activity log."""

    id: int
    at: datetime
    operation: str
    actor: str
    subject: str
    changes: list[dict[str, Any]]


_ACTIVITY = Table(
    "customer_activity",
    columns=(Column("at", "at", Kind.DATETIME), Column("operation", "operation")),
    filters=(Filter("operation", "operation"), Filter("at", "at", kind="dates")),
    search=("operation", "actor", "subject"),
    sort="-id",
)


@rest.get("", permission=_LIST, table=CUSTOMERS)
def list_customers(ctx: Context, params: ListParams = list_params) -> Listing[CustomerSummary]:
    """Customers by name. Filters: `kind`, `status`, `created_at_from`, `created_at_to`, `assigned`, `tag`, `parent`."""
    return read_list(ctx, below_as_seen(ctx, CUSTOMERS), queries.list_customers(ctx), params, CustomerSummary)


@rest.post("", permission="core.customer.create")
def register(ctx: Context, command: RegisterNewCustomer) -> CustomerOut:
    """Register a customer. Who shares e-mail, phone, or a like name and date of birth or postal code with somebody is a conflict
    that names them; send it again with their numbers in `despite` when it is somebody else."""
    registering = RegisterCustomer.model_validate(command.model_dump(exclude={"despite"}))
    return CustomerOut.model_validate(operations.register(ctx, registering, despite=command.despite))


@rest.get("/figures/by-month", permission=_LIST)
def by_month(ctx: Context) -> ChartOut:
    """How many customers were registered (`new`) and closed (`left`) in each of the last twelve months.

    Merged doubles are left out.
    """
    return ChartOut.of(figures.by_month(figures.movements(ctx)))


@rest.get("/figures/churn", permission=_LIST)
def churn(ctx: Context) -> ChartOut:
    """Which share of those who were customers as a month began left in it, for each of the last twelve months."""
    return ChartOut.of(figures.churn(figures.movements(ctx)))


@rest.get("/figures/by-status", permission=_LIST)
def by_status(ctx: Context) -> ChartOut:
    """How many customers are active, pending, suspended and closed."""
    return ChartOut.of(figures.by_status(ctx))


@rest.get("/{number}", permission=_VIEW)
def customer(ctx: Context, number: str) -> CustomerOut:
    """One customer; `version` is what an update sends back."""
    return CustomerOut.model_validate(queries.get(ctx, number))


@rest.patch("/{number}", permission=_EDIT)
def update(ctx: Context, number: str, command: UpdateCustomer, version: int | None = if_match) -> CustomerOut:
    """Change what is named; the rest stays."""
    changed = command.model_copy(update={"version": version})
    return CustomerOut.model_validate(operations.update(ctx, number, changed))


@rest.post("/{number}/status", permission=_EDIT, status=200)
def set_status(ctx: Context, number: str, command: SetStatus) -> CustomerOut:
    """Move to another status; the answer to a move that is not allowed names those that are."""
    return CustomerOut.model_validate(operations.set_status(ctx, number, command))


@rest.post("/{number}/assign", permission="core.customer.assign", status=200)
def assign(ctx: Context, number: str, command: AssignCustomer) -> CustomerOut:
    """Have a colleague look after the customer, or nobody. The list's filter `assigned` finds them."""
    return CustomerOut.model_validate(operations.assign(ctx, number, command))


@rest.post("/{number}/parent", permission=_EDIT, status=200)
def set_parent(ctx: Context, number: str, command: SetParent) -> CustomerOut:
    """Put the customer under another one, or under nobody (empty)."""
    return CustomerOut.model_validate(hierarchy.set_parent(ctx, number, command))


@rest.get("/{number}/hierarchy", permission=_VIEW)
def family(ctx: Context, number: str) -> BranchOut:
    """The tree in which the customer stands, from the top."""
    return BranchOut.model_validate(hierarchy.family_of(ctx, queries.get(ctx, number)).top)


@rest.post("/{number}/archive", permission="core.customer.archive", status=200)
def archive(ctx: Context, number: str) -> CustomerOut:
    """Take a closed customer out of lists."""
    return CustomerOut.model_validate(operations.archive(ctx, number))


@rest.post("/{number}/restore", permission="core.customer.archive", status=200)
def restore(ctx: Context, number: str) -> CustomerOut:
    """Bring an archived customer back as closed."""
    return CustomerOut.model_validate(operations.restore(ctx, number))


@rest.get("/{number}/contacts", permission=_VIEW)
def contacts(ctx: Context, number: str) -> Listing[ContactOut]:
    """People at the customer."""
    rows = queries.contacts_of(ctx, queries.get(ctx, number).key)
    return list_of([ContactOut(**row._asdict()) for row in rows])


@rest.post("/{number}/contacts", permission=_EDIT)
def add_contact(ctx: Context, number: str, command: ContactData) -> ContactOut:
    """Add a person."""
    return ContactOut.model_validate(operations.add_contact(ctx, number, command))


@rest.patch("/{number}/contacts/{contact_id}", permission=_EDIT)
def update_contact(
    ctx: Context, number: str, contact_id: int, command: ContactData, version: int | None = if_match
) -> ContactOut:
    """Change a person; every field is written."""
    changed = command.model_copy(update={"version": version})
    return ContactOut.model_validate(operations.update_contact(ctx, number, contact_id, changed))


@rest.delete("/{number}/contacts/{contact_id}", permission=_EDIT)
def remove_contact(ctx: Context, number: str, contact_id: int) -> None:
    """Remove a person nothing refers to."""
    operations.remove_contact(ctx, number, contact_id)


@rest.get("/{number}/sites", permission=_VIEW)
def sites(ctx: Context, number: str) -> Listing[SiteOut]:
    """Places of the customer."""
    rows = queries.sites_of(ctx, queries.get(ctx, number).key)
    return list_of([SiteOut(**row._asdict()) for row in rows])


@rest.post("/{number}/sites", permission=_EDIT)
def add_site(ctx: Context, number: str, command: SiteData) -> SiteOut:
    """Add a place."""
    return SiteOut.model_validate(operations.add_site(ctx, number, command))


@rest.patch("/{number}/sites/{site_id}", permission=_EDIT)
def update_site(
    ctx: Context, number: str, site_id: int, command: SiteData, version: int | None = if_match
) -> SiteOut:
    """Change a place; every field is written."""
    changed = command.model_copy(update={"version": version})
    return SiteOut.model_validate(operations.update_site(ctx, number, site_id, changed))


@rest.delete("/{number}/sites/{site_id}", permission=_EDIT)
def remove_site(ctx: Context, number: str, site_id: int) -> None:
    """Remove a place nothing refers to."""
    operations.remove_site(ctx, number, site_id)


@rest.get("/{number}/tags", permission=_VIEW)
def tags(ctx: Context, number: str) -> Listing[TagOut]:
    """Tags of the customer, those out of their dates included."""
    rows = queries.tags_of(ctx, queries.get(ctx, number).key)
    return list_of([TagOut(**row._asdict()) for row in rows])


@rest.post("/{number}/tags", permission=_EDIT)
def add_tag(ctx: Context, number: str, command: TagData) -> TagOut:
    """Put a tag on."""
    return TagOut.model_validate(operations.add_tag(ctx, number, command))


@rest.patch("/{number}/tags/{tag_id}", permission=_EDIT)
def update_tag(
    ctx: Context, number: str, tag_id: int, command: TagData, version: int | None = if_match
) -> TagOut:
    """Change a tag; every field is written."""
    changed = command.model_copy(update={"version": version})
    return TagOut.model_validate(operations.update_tag(ctx, number, tag_id, changed))


@rest.delete("/{number}/tags/{tag_id}", permission=_EDIT)
def remove_tag(ctx: Context, number: str, tag_id: int) -> None:
    """Take a tag off."""
    operations.remove_tag(ctx, number, tag_id)


@rest.get("/{number}/attributes", permission=_VIEW)
def attributes(ctx: Context, number: str) -> Listing[AttributeOut]:
    """Free attributes of the customer."""
    rows = queries.attributes_of(ctx, queries.get(ctx, number).key)
    return list_of([AttributeOut(**row._asdict()) for row in rows])


@rest.post("/{number}/attributes", permission=_EDIT)
def set_attribute(ctx: Context, number: str, command: AttributeData) -> AttributeOut:
    """Set an attribute by its name, making it when absent."""
    return AttributeOut.model_validate(operations.set_attribute(ctx, number, command))


@rest.patch("/{number}/attributes/{attribute_id}", permission=_EDIT)
def update_attribute(
    ctx: Context,
    number: str,
    attribute_id: int,
    command: AttributeData,
    version: int | None = if_match,
) -> AttributeOut:
    """Change an attribute, its name too; every field is written."""
    changed = command.model_copy(update={"version": version})
    return AttributeOut.model_validate(operations.update_attribute(ctx, number, attribute_id, changed))


@rest.delete("/{number}/attributes/{attribute_id}", permission=_EDIT)
def remove_attribute(ctx: Context, number: str, attribute_id: int) -> None:
    """Remove an attribute."""
    operations.remove_attribute(ctx, number, attribute_id)


@rest.get("/{number}/activity", permission=_VIEW, table=_ACTIVITY)
def activity(ctx: Context, number: str, params: ListParams = list_params) -> Listing[CustomerActivityOut]:
    """What happened to the customer, newest first."""
    key = queries.get(ctx, number).key
    statement = queries.activity_of(ctx, key)
    return read_list(ctx, _ACTIVITY, statement, params, CustomerActivityOut)
