"""What the customer's pages show around their content: the row, its tags, tabs and what may be done."""

from collections.abc import Mapping, Sequence
from operator import attrgetter
from typing import Any

from starlette.responses import Response

from trunkline.customers import queries
from trunkline.customers.erasing.stones import stone_of
from trunkline.customers.hierarchy import parent_of
from trunkline.customers.identity import shown_tax_id, tax_id_label
from trunkline.customers.models import ContactRole, Customer, CustomerKind, CustomerStatus
from trunkline.customers.operations import TRANSITIONS
from trunkline.customers.tables import KIND_LABELS
from trunkline.i18n import babel_locale, pgettext
from trunkline.i18n import gettext as _
from trunkline.read_model import read_model
from trunkline.web.pages import Page

TAG_INKS = {
    "blue": "#2f6fdb",
    "green": "#12805c",
    "yellow": "#b58900",
    "orange": "#c2640a",
    "red": "#c8323c",
    "purple": "#7b4bd1",
    "cyan": "#0b7f94",
    "grey": "#6b7280",
}
ROLE_LABELS = {
    ContactRole.BILLING: _("Billing"),
    ContactRole.TECHNICAL: _("Technical"),
    ContactRole.OWNER: _("Owner"),
    ContactRole.OTHER: _("Other"),
}
BECOMES = {
    CustomerStatus.ACTIVE: (_("Activate"), "player-play"),
    CustomerStatus.SUSPENDED: (_("Suspend"), "player-pause"),
    CustomerStatus.CLOSED: (pgettext("customer", "Close"), "circle-x"),
}


def show(page: Page, template: str, customer: Customer, tab: str, **context: Any) -> Response:
    """Render one of the customer's pages with head and tabs; `tab` is the one that is open."""
    if (asked := page.request.path_params.get("number", customer.number)) != customer.number:
        # The number of a customer that was merged leads to the one that stayed.
        place = page.request.url.path.replace(f"/{asked}", f"/{customer.number}", 1)
        return page.redirect(place, str(_("{asked} was merged into this customer.", asked=asked)))
    name_page(page, customer)
    sites = queries.sites_of(page.ctx, customer.key)
    return page.render(
        template,
        **heading(page, customer, sites),
        country_name=babel_locale(page.locale).territories.get(customer.country, customer.country),
        role_labels=ROLE_LABELS,
        sites=sites,
        tabs=_tabs(page, customer, tab, len(sites)),
        **context,
    )


def opened(page: Page, number: str) -> Customer:
    """The customer that a form is about. Sent, it is the one it was opened for, and what was typed is kept; opened, it is nobody
    who was merged into another: raises Conflict, and NotFound."""
    customer = queries.itself(page.ctx, number)
    if page.request.method != "POST":
        queries.refuse_merged(page.ctx, customer)
    return customer


def name_page(page: Page, customer: Customer) -> None:
    """Give the page its title and breadcrumbs."""
    page.title = customer.name
    page.crumbs((str(_("Customers")), "/customers"), (customer.name, ""))


def heading(page: Page, customer: Customer, sites: Sequence[Any]) -> Mapping[str, Any]:
    """What `customers/head.html` needs."""
    return {
        "customer": customer,
        "base": f"/customers/{customer.number}",
        "tax_label": tax_id_label(customer.country, customer.kind),
        "tax_id": shown_tax_id(customer.tax_id, customer.country),
        "kind_label": KIND_LABELS.get(customer.kind, customer.kind),  # type: ignore[call-overload]  # an unknown kind shows as it is
        "tag_colours": TAG_INKS,
        "tags": queries.tags_of(page.ctx, customer.key, current=True),
        "parent": parent_of(page.ctx, customer),
        "town": next((", ".join(filter(None, (row.city, row.state))) for row in sites if row.city), ""),
        "may_edit": page.can("core.customer.edit") and customer.status != CustomerStatus.ARCHIVED,
        "may_archive": page.can("core.customer.archive"),
        "erased": stone_of(page.ctx, customer) is not None,
        "becomes": [
            (str(status), *BECOMES[CustomerStatus(status)]) for status in TRANSITIONS[customer.status]
        ],
    }


def _has_hierarchy(customer: Customer, open_tab: str) -> bool:
    """Businesses have branches; of people only those who stand under somebody, and whoever has the page open."""
    return customer.kind == CustomerKind.BUSINESS or customer.parent_id is not None or open_tab == "hierarchy"


@read_model
class _Tab:
    """One section of a customer, as `ui.tabs` shows it."""

    order: int
    href: str
    label: str
    active: bool
    count: int | str | None = None
    icon: str = ""
    tone: str = ""


def _tabs(page: Page, customer: Customer, open_tab: str, site_count: int) -> list[_Tab]:
    base = f"/customers/{customer.number}"

    def tab(order: int, name: str, label: str, count: int | str | None = None) -> _Tab:
        return _Tab(order, f"{base}/{name}" if name else base, label, name == open_tab, count)

    tabs = [
        tab(0, "", _("Overview")),
        tab(10, "contacts", _("Contacts"), queries.contact_count(page.ctx, customer.key)),
        tab(20, "sites", _("Sites"), site_count),
        *([tab(15, "hierarchy", _("Hierarchy"))] if _has_hierarchy(customer, open_tab) else []),
        tab(990, "tags", _("Tags and attributes")),
        tab(1000, "activity", _("Activity")),
    ]
    for plugin, slot in page.web.tab_slots(page, "customer.tabs"):
        count = page.web.tab_count(page, plugin, slot, customer)
        tabs.append(tab(slot.order, slot.name, slot.label, count))
    return sorted(tabs, key=attrgetter("order"))
