"""A customer's services on their data sheet."""

from collections.abc import Mapping, Sequence

from trunkline.customers.models import Customer
from trunkline.customers.sheets.sections import SheetSection
from trunkline.i18n import gettext as _
from trunkline.operation import Context
from trunkline.web.tones import state_label
from trunkline.web.writing import phone_text
from trunkline_catalog import queries


def _called(identifiers: Mapping[str, str]) -> str:
    """What people call a service by: its phone number, or whatever identifies it first."""
    number = identifiers.get("msisdn", "")
    return phone_text(number) if number else next(iter(identifiers.values()), "")


def sections(ctx: Context, customer: Customer) -> Sequence[SheetSection]:
    """The services that have not ended."""
    return (
        SheetSection(
            str(_("Services")),
            [str(_("Number")), str(_("Product")), str(_("Service")), str(_("State"))],
            [
                [
                    one.number,
                    one.product_name,
                    _called(one.identifiers),
                    str(state_label(one.shown_state)),
                ]
                for one in queries.services_of(ctx, customer.key)
            ],
            "catalog.service.list",
            order=30,
        ),
    )
