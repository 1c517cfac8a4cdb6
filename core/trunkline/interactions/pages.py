"""Pages of contacts: the tab of a customer, one contact, the form that writes one down, and the portal's list."""

from collections.abc import Mapping
from typing import Any

from starlette.responses import Response

from trunkline.customers import queries as customers
from trunkline.customers.models import Customer, CustomerStatus
from trunkline.customers.profile import show
from trunkline.i18n import gettext as _
from trunkline.interactions import operations, queries
from trunkline.interactions.schemas import CHANNEL_ICONS, CHANNEL_LABELS, RecordInteraction
from trunkline.interactions.tables import interactions_table
from trunkline.web.pages import Page, Pages

pages = Pages()
_IN_PORTAL = 5
_WORDS: dict[str, Any] = {"labels": CHANNEL_LABELS, "icons": CHANNEL_ICONS}


def tab(page: Page, customer: Customer) -> str:
    """The customer's contacts, newest first."""
    may_record = page.can("core.interaction.record") and customer.status != CustomerStatus.ARCHIVED
    view = interactions_table(customer.number, may_record=may_record).load(
        page.ctx.session,
        queries.told_in_short(page.ctx, customer.key),
        page.request.query_params,
        path=f"/customers/{customer.number}/interactions",
    )
    return page.fragment("interactions/tab.html", customer=customer, view=view, may_record=may_record)


def count(page: Page, customer: Customer) -> int:
    return queries.count_of(page.ctx, customer.key)


def action(page: Page, customer: Customer) -> str | None:
    """The button in the customer's head."""
    if customer.status == CustomerStatus.ARCHIVED:
        return None
    return page.fragment("interactions/action.html", customer=customer)


def in_portal(page: Page, customer: Customer) -> str | None:
    """What the customer may look up: the numbers of their last contacts."""
    found = queries.latest_of(page.ctx, customer.key, _IN_PORTAL)
    return page.fragment("interactions/portal.html", interactions=found, **_WORDS) if found else None


def _initial(page: Page, number: str) -> Mapping[str, Any]:
    customer = customers.get(page.ctx, number)
    here = f"/customers/{customer.number}"
    page.crumbs((str(_("Customers")), "/customers"), (customer.name, here), (str(_("Register contact")), ""))
    return {
        "tell": bool(customer.email or customer.phone),
        "form_options": {"cancel": f"{here}/interactions"},
    }


@pages.form(
    "/customers/{number}/interactions/new",
    permission="core.interaction.record",
    schema=RecordInteraction,
    template="customers/form.html",
    title=_("Register contact"),
    initial=_initial,
    submit=_("Register contact"),
)
def record(page: Page, command: RecordInteraction, number: str) -> Response:
    made = operations.record(page.ctx, number, command)
    said = {
        "email": _("Protocol {number}, sent by e-mail.", number=made.number),
        "sms": _("Protocol {number}, sent by text message.", number=made.number),
    }.get(made.told_by, _("Protocol {number}.", number=made.number))
    return page.redirect(f"/customers/{number}/interactions", str(said))


@pages.get("/customers/{number}/interactions/{protocol}", permission="core.interaction.view")
def interaction(page: Page, number: str, protocol: str) -> Response:
    customer = customers.get(page.ctx, number)
    found = queries.of_customer(page.ctx, customer, protocol)
    return show(
        page,
        "interactions/interaction.html",
        customer,
        "interactions",
        interaction=found,
        **_WORDS,
    )
