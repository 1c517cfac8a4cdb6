"""The account of a customer who is being added, with its terms."""

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel

from trunkline.customers.guided.steps import Asked, CustomerStep
from trunkline.customers.models import Customer
from trunkline.i18n import gettext as _
from trunkline.operation import Context
from trunkline_billing import operations, queries
from trunkline_billing.schemas import NewAccount, OpenAccount


def _ask(ctx: Context, answers: Mapping[str, BaseModel], typed: Mapping[str, Any]) -> Asked:
    schemes = [(scheme.name, scheme.name) for scheme, _rates in queries.tax_schemes(ctx)]
    return Asked(NewAccount, {"currency": ctx.app.config.currency}, {"tax_scheme": schemes})


def _open(ctx: Context, customer: Customer, command: NewAccount) -> None:
    operations.open_account(ctx, OpenAccount(customer_id=customer.key, **command.model_dump()))


CUSTOMER_STEPS = (
    CustomerStep(
        "billing.account",
        _("Account"),
        "billing.account.create",
        _ask,
        _open,
        help=_("The first account, to which everything is charged unless said otherwise."),
        order=40,
    ),
)
