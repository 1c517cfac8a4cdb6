"""A customer's data sheet as PDF: who they are, where, and what they have."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from trunkline.branding.brands import Brands
from trunkline.branding.documents import logo_content
from trunkline.customers import queries
from trunkline.customers.fields import shown
from trunkline.customers.models import Customer
from trunkline.customers.profile import ROLE_LABELS
from trunkline.customers.sheets.sections import SheetSection
from trunkline.customers.tables import KIND_LABELS
from trunkline.i18n import current_locale, format_date, localize, use_locale
from trunkline.i18n import gettext as _
from trunkline.operation import Context
from trunkline.typesetting import typeset
from trunkline.web.tones import state_label
from trunkline.web.writing import phone_text

_TEMPLATE = Path(__file__).parent / "sheet.typ"
#: What is for the house alone, and would not be given away.
_INTERNAL = frozenset({"notes", "assigned"})
_COLOUR = "#1f4e79"


def sheet(ctx: Context, customer: Customer, *, language: str = "") -> bytes:
    """The data sheet as PDF, in `language` or the customer's own, under the brand of the customer's reseller.

    Notes, tags and whoever looks after the customer are not on it: it may be given to the customer.
    """
    brand = ctx.app.part(Brands).of_reseller(customer.reseller_id, ctx.session)
    spoken = language or customer.language or brand.language or ctx.app.config.language
    with use_locale(spoken, ctx.app.config.time_zone):
        texts = {
            "lang": current_locale().partition("_")[0],
            "title": f"{customer.name} {customer.number}",
            "brand": {"name": brand.name, "support": brand.support, "colour": brand.ink or _COLOUR},
            "heading": str(_("Customer data sheet")),
            "name": customer.name,
            "number": customer.number,
            "made": str(_("As of {day}", day=format_date(localize(ctx.now())))),
            "page": str(_("Page")),
            "of": str(_("of")),
            "facts": _facts(customer),
            "sections": [
                {
                    "title": section.title,
                    "heads": list(section.heads),
                    "rows": [list(row) for row in section.rows],
                }
                for section in _sections(ctx, customer)
                if section.rows
            ],
        }
    logo = logo_content(ctx.app, brand.logo_digest)
    return typeset(_TEMPLATE, texts, int(ctx.now().timestamp()), logo)


def _facts(customer: Customer) -> list[list[str]]:
    facts = shown(customer, current_locale(), assigned_to="", may_edit=False, may_assign=False)
    told = [[item.label, item.text] for item in facts if item.key not in _INTERNAL and item.text]
    return [
        *told,
        [str(_("Kind")), str(KIND_LABELS.get(customer.kind, customer.kind))],  # type: ignore[call-overload]  # an unknown kind shows as it is
        [str(_("Status")), str(state_label(customer.status))],
        [str(_("Customer since")), format_date(customer.created_at)],
    ]


def _sections(ctx: Context, customer: Customer) -> Sequence[SheetSection]:
    view = "core.customer.view"
    own = [
        SheetSection(
            str(_("Contacts")),
            [str(_("Name")), str(_("Contact for")), str(_("E-mail")), str(_("Phone"))],
            [
                [
                    row.name,
                    ", ".join(str(ROLE_LABELS.get(role, role)) for role in row.roles),
                    row.email,
                    phone_text(row.phone),
                ]
                for row in queries.contacts_of(ctx, customer.key)
            ],
            view,
            order=10,
        ),
        SheetSection(
            str(_("Sites")),
            [str(_("Name")), str(_("Address")), str(_("Postal code")), str(_("Country"))],
            [
                [row.name, _address(row), row.postal_code, row.country]
                for row in queries.sites_of(ctx, customer.key)
            ],
            view,
            order=20,
        ),
    ]
    offered = ctx.app.hooks.gather(
        "customer_sheet", SheetSection, session=ctx.session, ctx=ctx, customer=customer
    )
    found = [*own, *(section for _plugin, section in offered)]
    return sorted(
        (section for section in found if ctx.actor.may(section.permission)), key=lambda section: section.order
    )


def _address(site: Any) -> str:
    return ", ".join(filter(None, (site.street, site.city, site.state)))
