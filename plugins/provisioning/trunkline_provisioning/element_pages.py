"""Pages of network elements."""

from collections.abc import Mapping
from typing import Any

from starlette.responses import Response

from trunkline.i18n import gettext as _
from trunkline.web.pages import Page, Pages
from trunkline_provisioning import elements
from trunkline_provisioning.element_list import list_elements as every_element
from trunkline_provisioning.element_list import list_table
from trunkline_provisioning.elements import EditElement, ElementFields

PAGES = Pages()
_LIST = "/provisioning/elements"


@PAGES.get(_LIST, permission="provisioning.element.list")
def list_elements(page: Page) -> Response:
    """Every element, and which playbooks name it."""
    page.title = str(_("Network elements"))
    page.crumbs((page.title, ""))
    return page.table("provisioning/elements.html", list_table(page.ctx), every_element())


def _new(page: Page) -> Mapping[str, Any]:
    page.crumbs((str(_("Network elements")), _LIST), (str(_("Add element")), ""))
    return {"name": page.query.get("name", ""), "form_options": {"cancel": _LIST}}


@PAGES.form(
    f"{_LIST}/new",
    permission="provisioning.element.edit",
    schema=ElementFields,
    template="provisioning/form.html",
    title=_("Add element"),
    initial=_new,
    submit=_("Add element"),
)
def new(page: Page, command: ElementFields) -> Response:
    """Add an element."""
    element = elements.add(page.ctx, command)
    return page.redirect(_LIST, str(_("{name} was added.", name=element.label)))


def _values(page: Page, name: str) -> Mapping[str, Any]:
    element = elements.get(page.ctx, name)
    page.crumbs((str(_("Network elements")), _LIST), (element.label, ""))
    plain = ("name", "label", "host", "port", "username", "at_once", "version")
    return {
        **{field: getattr(element, field) for field in plain},
        "facts": elements.facts_text(element.facts),
        "form_options": {"cancel": _LIST},
    }


@PAGES.form(
    f"{_LIST}/{{name}}/edit",
    permission="provisioning.element.edit",
    schema=EditElement,
    template="provisioning/element.html",
    title=_("Edit element"),
    initial=_values,
    extra=lambda page, name: {"element": elements.get(page.ctx, name)},
)
def edit(page: Page, command: EditElement, name: str) -> Response:
    """Change an element."""
    element = elements.change(page.ctx, name, command)
    return page.redirect(_LIST, str(_("{name} was saved.", name=element.label)))


@PAGES.post(f"{_LIST}/{{name}}/remove", permission="provisioning.element.delete")
def remove(page: Page, name: str) -> Response:
    """Remove an element."""
    elements.delete(page.ctx, name)
    return page.redirect(_LIST, str(_("The element was removed.")))
