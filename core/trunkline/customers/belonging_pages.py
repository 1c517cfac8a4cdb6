"""Pages of a customer's contacts, sites, tags and attributes."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel
from starlette.responses import Response

from trunkline.customers import operations, queries
from trunkline.customers.profile import opened, show
from trunkline.customers.schemas import AttributeData, ContactData, SiteData, TagData
from trunkline.geocoding.maps import allow_tiles, drawable, map_of, pins
from trunkline.geocoding.providers import known_terms, provider_of
from trunkline.i18n import gettext as _
from trunkline.web.pages import Page, Pages
from trunkline.web.stretches import stretch

pages = Pages()
_VIEW, _EDIT = "core.customer.view", "core.customer.edit"


@pages.get("/customers/{number}/contacts", permission=_VIEW)
def contacts(page: Page, number: str) -> Response:
    customer = queries.get(page.ctx, number)
    found = stretch(
        page,
        queries.contacts_of(page.ctx, customer.key),
        lambda row: (row.name, row.email, row.phone, row.notes),
        f"/customers/{customer.number}/contacts",
    )
    return show(page, "customers/contacts.html", customer, "contacts", contacts=found)


@pages.get("/customers/{number}/sites", permission=_VIEW)
def sites(page: Page, number: str) -> Response:
    customer, drawn = queries.get(page.ctx, number), map_of(page.ctx)
    sites, terms = queries.sites_of(page.ctx, customer.key), known_terms(page.ctx)
    pinned = pins(drawable(sites, terms))
    answer = show(
        page,
        "customers/sites.html",
        customer,
        "sites",
        places=stretch(
            page,
            sites,
            lambda row: (row.name, row.street, row.city, row.state, row.postal_code),
            f"/customers/{customer.number}/sites",
        ),
        map=drawn,
        pins=json.dumps(pinned),
        pinned=bool(pinned),
        attributions={name: one.attribution for name, one in terms.items()},
        may_locate=provider_of(page.ctx) is not None,
    )
    return allow_tiles(answer, drawn)


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


@dataclass(frozen=True)
class _Belonging:
    """Something a customer has several of: what its form asks, the operations behind it, and where they lead back to."""

    path: str
    back: str
    crumb: str
    schema: type[BaseModel]
    titles: tuple[str, str]
    find: Callable[..., Any]
    add: Callable[..., Any]
    update: Callable[..., Any]
    remove: Callable[..., Any]
    #: What is said when one was added.
    said: Callable[[Any], str]

    def opened(self, page: Page, number: str, key: int | None = None) -> Mapping[str, Any]:
        """Breadcrumb and initial values of the form; `key` is of the one to edit."""
        opened(page, number)
        customer = queries.get(page.ctx, number)
        row = None if key is None else self.find(page.ctx, customer, key)
        here = f"/customers/{customer.number}"
        crumbs = [(str(_("Customers")), "/customers"), (customer.name, here)]
        crumbs += [(str(self.crumb), f"{here}/{self.back}")] if self.crumb else []
        page.crumbs(*crumbs, (str(_("Add") if row is None else _("Edit")), ""))
        values = {} if row is None else {name: getattr(row, name) for name in type(row).model_fields}
        return values | {"form_options": {"cancel": f"{here}/{self.back}"}}

    def register(self) -> None:
        """Its three addresses: a form to add one, a form to edit one, and the removal."""
        base = f"/customers/{{number}}/{self.path}"
        shared: dict[str, Any] = {
            "permission": _EDIT,
            "schema": self.schema,
            "template": "customers/form.html",
            "initial": self.opened,
        }

        @pages.form(f"{base}/new", title=self.titles[0], **shared)
        def new(page: Page, command: BaseModel, number: str) -> Response:
            self.add(page.ctx, number, command)
            return self._back(page, number, self.said(command))

        @pages.form(f"{base}/{{key:int}}/edit", title=self.titles[1], **shared)
        def edit(page: Page, command: BaseModel, number: str, key: int) -> Response:
            self.update(page.ctx, number, key, command)
            return self._back(page, number, _("Saved."))

        @pages.post(f"{base}/{{key:int}}/remove", permission=_EDIT)
        def remove(page: Page, number: str, key: int) -> Response:
            self.remove(page.ctx, number, key)
            return self._back(page, number, _("Removed."))

    def _back(self, page: Page, number: str, words: str) -> Response:
        return page.redirect(f"/customers/{number}/{self.back}", str(words))


for _belonging in (
    _Belonging(
        path="contacts",
        back="contacts",
        crumb=_("Contacts"),
        schema=ContactData,
        titles=(_("Add contact"), _("Edit contact")),
        find=queries.contact,
        add=operations.add_contact,
        update=operations.update_contact,
        remove=operations.remove_contact,
        said=lambda command: _("{name} was added.", name=command.name),
    ),
    _Belonging(
        path="sites",
        back="sites",
        crumb=_("Sites"),
        schema=SiteData,
        titles=(_("Add site"), _("Edit site")),
        find=queries.site,
        add=operations.add_site,
        update=operations.update_site,
        remove=operations.remove_site,
        said=lambda command: _("{name} was added.", name=command.name),
    ),
    _Belonging(
        path="tags",
        back="tags",
        crumb="",
        schema=TagData,
        titles=(_("Add tag"), _("Edit tag")),
        find=queries.tag,
        add=operations.add_tag,
        update=operations.update_tag,
        remove=operations.remove_tag,
        said=lambda command: _("“{text}” was added.", text=command.text),
    ),
    _Belonging(
        path="attributes",
        back="tags",
        crumb="",
        schema=AttributeData,
        titles=(_("Add attribute"), _("Edit attribute")),
        find=queries.attribute,
        add=operations.set_attribute,
        update=operations.update_attribute,
        remove=operations.remove_attribute,
        said=lambda command: _("{name} was set.", name=command.name),
    ),
):
    _belonging.register()
