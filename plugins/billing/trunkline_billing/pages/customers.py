"""What staff do on a customer's billing tab."""

from collections.abc import Mapping
from secrets import token_hex
from typing import Any

from starlette.responses import Response

from trunkline.customers import queries as customers
from trunkline.i18n import gettext as _
from trunkline.web.pages import Page, Pages
from trunkline_billing import operations, queries
from trunkline_billing.schemas import GiveCredit, NewAccount, OpenAccount

PAGES = Pages()


def _initial(page: Page, number: str) -> Mapping[str, Any]:
    customer = customers.get(page.ctx, number)
    page.crumbs(
        (str(_("Customers")), "/customers"),
        (customer.name, f"/customers/{number}"),
        (str(_("Billing")), f"/customers/{number}/billing"),
        (str(_("New account")), ""),
    )
    schemes = [(scheme.name, scheme.name) for scheme, _rates in queries.tax_schemes(page.ctx)]
    return {
        "currency": page.app.config.currency,
        "form_options": {"cancel": f"/customers/{number}/billing", "choices": {"tax_scheme": schemes}},
    }


@PAGES.form(
    "/billing/customers/{number}/accounts/new",
    permission="billing.account.create",
    schema=NewAccount,
    template="billing/form.html",
    title=_("New account"),
    initial=_initial,
    extra=lambda page, number: {"text": ""},
    submit=_("Open account"),
)
def new_account(page: Page, command: NewAccount, number: str) -> Response:
    customer = customers.get(page.ctx, number)
    account = operations.open_account(page.ctx, OpenAccount(customer_id=customer.key, **command.model_dump()))
    return page.redirect(
        f"/customers/{number}/billing", str(_("{number} was opened.", number=account.number))
    )


def _credit_initial(page: Page, number: str) -> Mapping[str, Any]:
    customer = customers.by_id(page.ctx, queries.account(page.ctx, number).customer_id)
    back = f"/customers/{customer.number}/billing"
    page.title = str(_("Give {number} a credit", number=number))
    page.crumbs(
        (str(_("Customers")), "/customers"),
        (customer.name, f"/customers/{customer.number}"),
        (str(_("Billing")), back),
        (page.title, ""),
    )
    return {"key": token_hex(12), "form_options": {"cancel": back}}


@PAGES.form(
    "/billing/accounts/{number}/credit",
    permission="billing.credit.create",
    schema=GiveCredit,
    template="billing/form.html",
    title=_("Give credit"),
    initial=_credit_initial,
    extra=lambda page, number: {
        "text": _("It is taken off the next invoice; what is more than that invoice waits for the one after.")
    },
    submit=_("Give credit"),
)
def give_credit(page: Page, command: GiveCredit, number: str) -> Response:
    operations.give_credit(page.ctx, number, command)
    customer = customers.by_id(page.ctx, queries.account(page.ctx, number).customer_id)
    return page.redirect(
        f"/customers/{customer.number}/billing", str(_("{number} has its credit.", number=number))
    )
