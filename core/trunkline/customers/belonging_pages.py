"""Pages of a customer's contacts, sites, tags and attributes."""

from collections.abc import Mapping
from typing import Any

from starlette.responses import Response

from trunkline.customers import operations, queries
from trunkline.customers.models import Customer
from trunkline.customers.profile import show
from trunkline.customers.schemas import AttributeData, ContactData, SiteData, TagData
from trunkline.i18n import gettext as _
from trunkline.web.pages import Page, Pages

pages = Pages()
_VIEW, _EDIT = "core.customer.view", "core.customer.edit"
_FORM = "customers/form.html"


def _opened(page: Page, customer: Customer, back: str, row: Any = None) -> dict[str, Any]:
    """Breadcrumb and initial values of a form that belongs to a customer; `row` is what it edits."""
    label = {"contacts": _("Contacts"), "sites": _("Sites")}.get(back, "")
    here = f"/customers/{customer.number}"
    crumbs = [(str(_("Customers")), "/customers"), (customer.name, here)]
    crumbs += [(str(label), f"{here}/{back}")] if label else []
    page.crumbs(*crumbs, (str(_("Edit") if row is not None else _("Add")), ""))
    values = {} if row is None else {name: getattr(row, name) for name in type(row).model_fields}
    return values | {"form_options": {"cancel": f"{here}/{back}".rstrip("/")}}


@pages.get("/customers/{number}/contacts", permission=_VIEW)
def contacts(page: Page, number: str) -> Response:
    customer = queries.get(page.ctx, number)
    rows = queries.contacts_of(page.ctx, customer.key)
    return show(page, "customers/contacts.html", customer, "contacts", contacts=rows)


@pages.form(
    "/customers/{number}/contacts/new",
    permission=_EDIT,
    schema=ContactData,
    template=_FORM,
    title=_("Add contact"),
    initial=lambda page, number: _opened(page, queries.get(page.ctx, number), "contacts"),
)
def new_contact(page: Page, command: ContactData, number: str) -> Response:
    contact = operations.add_contact(page.ctx, number, command)
    return page.redirect(f"/customers/{number}/contacts", str(_("{name} was added.", name=contact.name)))


def _contact_initial(page: Page, number: str, contact_id: int) -> Mapping[str, Any]:
    customer = queries.get(page.ctx, number)
    return _opened(page, customer, "contacts", queries.contact(page.ctx, customer, contact_id))


@pages.form(
    "/customers/{number}/contacts/{contact_id:int}/edit",
    permission=_EDIT,
    schema=ContactData,
    template=_FORM,
    title=_("Edit contact"),
    initial=_contact_initial,
)
def edit_contact(page: Page, command: ContactData, number: str, contact_id: int) -> Response:
    operations.update_contact(page.ctx, number, contact_id, command)
    return page.redirect(f"/customers/{number}/contacts", str(_("Saved.")))


@pages.post("/customers/{number}/contacts/{contact_id:int}/remove", permission=_EDIT)
def remove_contact(page: Page, number: str, contact_id: int) -> Response:
    operations.remove_contact(page.ctx, number, contact_id)
    return page.redirect(f"/customers/{number}/contacts", str(_("Removed.")))


@pages.get("/customers/{number}/sites", permission=_VIEW)
def sites(page: Page, number: str) -> Response:
    return show(page, "customers/sites.html", queries.get(page.ctx, number), "sites")


@pages.form(
    "/customers/{number}/sites/new",
    permission=_EDIT,
    schema=SiteData,
    template=_FORM,
    title=_("Add site"),
    initial=lambda page, number: _opened(page, queries.get(page.ctx, number), "sites"),
)
def new_site(page: Page, command: SiteData, number: str) -> Response:
    site = operations.add_site(page.ctx, number, command)
    return page.redirect(f"/customers/{number}/sites", str(_("{name} was added.", name=site.name)))


def _site_initial(page: Page, number: str, site_id: int) -> Mapping[str, Any]:
    customer = queries.get(page.ctx, number)
    return _opened(page, customer, "sites", queries.site(page.ctx, customer, site_id))


@pages.form(
    "/customers/{number}/sites/{site_id:int}/edit",
    permission=_EDIT,
    schema=SiteData,
    template=_FORM,
    title=_("Edit site"),
    initial=_site_initial,
)
def edit_site(page: Page, command: SiteData, number: str, site_id: int) -> Response:
    operations.update_site(page.ctx, number, site_id, command)
    return page.redirect(f"/customers/{number}/sites", str(_("Saved.")))


@pages.post("/customers/{number}/sites/{site_id:int}/remove", permission=_EDIT)
def remove_site(page: Page, number: str, site_id: int) -> Response:
    operations.remove_site(page.ctx, number, site_id)
    return page.redirect(f"/customers/{number}/sites", str(_("Removed.")))


@pages.get("/customers/{number}/tags", permission=_VIEW)
def tags(page: Page, number: str) -> Response:
    customer = queries.get(page.ctx, number)
    return show(
        page,
        "customers/tags.html",
        customer,
        "tags",
        all_tags=queries.tags_of(page.ctx, customer.key),
        attributes=queries.attributes_of(page.ctx, customer.key),
    )


@pages.form(
    "/customers/{number}/tags/new",
    permission=_EDIT,
    schema=TagData,
    template=_FORM,
    title=_("Add tag"),
    initial=lambda page, number: _opened(page, queries.get(page.ctx, number), "tags"),
)
def new_tag(page: Page, command: TagData, number: str) -> Response:
    operations.add_tag(page.ctx, number, command)
    return page.redirect(f"/customers/{number}/tags", str(_("“{text}” was added.", text=command.text)))


def _tag_initial(page: Page, number: str, tag_id: int) -> Mapping[str, Any]:
    customer = queries.get(page.ctx, number)
    return _opened(page, customer, "tags", queries.tag(page.ctx, customer, tag_id))


@pages.form(
    "/customers/{number}/tags/{tag_id:int}/edit",
    permission=_EDIT,
    schema=TagData,
    template=_FORM,
    title=_("Edit tag"),
    initial=_tag_initial,
)
def edit_tag(page: Page, command: TagData, number: str, tag_id: int) -> Response:
    operations.update_tag(page.ctx, number, tag_id, command)
    return page.redirect(f"/customers/{number}/tags", str(_("Saved.")))


@pages.post("/customers/{number}/tags/{tag_id:int}/remove", permission=_EDIT)
def remove_tag(page: Page, number: str, tag_id: int) -> Response:
    operations.remove_tag(page.ctx, number, tag_id)
    return page.redirect(f"/customers/{number}/tags", str(_("Removed.")))


@pages.form(
    "/customers/{number}/attributes/new",
    permission=_EDIT,
    schema=AttributeData,
    template=_FORM,
    title=_("Add attribute"),
    initial=lambda page, number: _opened(page, queries.get(page.ctx, number), "tags"),
)
def new_attribute(page: Page, command: AttributeData, number: str) -> Response:
    operations.set_attribute(page.ctx, number, command)
    return page.redirect(f"/customers/{number}/tags", str(_("{name} was set.", name=command.name)))


def _attribute_initial(page: Page, number: str, attribute_id: int) -> Mapping[str, Any]:
    customer = queries.get(page.ctx, number)
    return _opened(page, customer, "tags", queries.attribute(page.ctx, customer, attribute_id))


@pages.form(
    "/customers/{number}/attributes/{attribute_id:int}/edit",
    permission=_EDIT,
    schema=AttributeData,
    template=_FORM,
    title=_("Edit attribute"),
    initial=_attribute_initial,
)
def edit_attribute(page: Page, command: AttributeData, number: str, attribute_id: int) -> Response:
    operations.update_attribute(page.ctx, number, attribute_id, command)
    return page.redirect(f"/customers/{number}/tags", str(_("Saved.")))


@pages.post("/customers/{number}/attributes/{attribute_id:int}/remove", permission=_EDIT)
def remove_attribute(page: Page, number: str, attribute_id: int) -> Response:
    operations.remove_attribute(page.ctx, number, attribute_id)
    return page.redirect(f"/customers/{number}/tags", str(_("Removed.")))
