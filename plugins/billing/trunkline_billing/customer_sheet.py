"""A customer's accounts on their data sheet."""

from collections.abc import Sequence

from trunkline.customers.models import Customer
from trunkline.customers.sheets.sections import SheetSection
from trunkline.i18n import format_money
from trunkline.i18n import gettext as _
from trunkline.operation import Context
from trunkline.web.tones import state_label
from trunkline_billing import queries


def sections(ctx: Context, customer: Customer) -> Sequence[SheetSection]:
    """The accounts with what is owed on invoices."""
    return (
        SheetSection(
            str(_("Accounts")),
            [str(_("Number")), str(_("Name")), str(_("Kind")), str(_("Balance due"))],
            [
                [
                    one.number,
                    one.name,
                    str(state_label(one.kind)),
                    format_money(one.balance.micros, one.balance.currency),
                ]
                for one in queries.accounts_of(ctx, customer.key)
            ],
            "billing.account.view",
            order=40,
        ),
    )
