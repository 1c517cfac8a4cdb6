"""Refunds: the list, one refund, giving money of a payment back, and saying what became of it."""

from collections.abc import Mapping
from secrets import token_hex
from typing import Any

from starlette.responses import Response

from trunkline.customers import queries as customers
from trunkline.i18n import gettext as _
from trunkline.i18n import pgettext
from trunkline.web.pages import Page, Pages
from trunkline_billing import operations, queries
from trunkline_billing.paying import way_back
from trunkline_billing.refund_schemas import FailRefund, RefundPayment
from trunkline_billing.tables import refund_table
from trunkline_billing.words import METHODS, REFUND_METHODS

PAGES = Pages()
LIST = "/billing/refunds"
_PAYMENTS = "/billing/payments"


@PAGES.get(LIST, permission="billing.refund.list")
def refunds(page: Page) -> Response:
    page.title = str(_("Refunds"))
    page.crumbs((page.title, ""))
    return page.table("billing/list.html", refund_table(), queries.refund_select(page.ctx), actions=())


@PAGES.get(LIST + "/{number}", permission="billing.refund.view")
def refund(page: Page, number: str) -> Response:
    view = queries.refund(page.ctx, number)
    page.title = view.number
    page.crumbs((str(_("Refunds")), LIST), (view.number, ""))
    way = way_back(page.ctx, view.provider)
    methods = {**dict(REFUND_METHODS), "provider": way.label if way is not None else view.provider}
    return page.render(
        "billing/refund.html",
        refund=view,
        method=methods[view.method],
        customer=customers.by_id(page.ctx, view.customer_id),
    )


def _methods(page: Page, number: str) -> list[tuple[str, str]]:
    """Cash, card and transfer, before them the provider that took the payment where it can give back."""
    taken_by = queries.payment(page.ctx, number).provider
    way = way_back(page.ctx, taken_by) if taken_by != "cash" else None
    return [*([("provider", way.label)] if way is not None else []), *METHODS]


def _initial(page: Page, number: str) -> Mapping[str, Any]:
    payment = queries.payment(page.ctx, number)
    page.title = str(_("Refund {number}", number=number))
    page.crumbs((str(_("Payments")), _PAYMENTS), (number, f"{_PAYMENTS}/{number}"), (str(_("Refund")), ""))
    methods = _methods(page, number)
    usual = [name for name, _label in methods if name in ("provider", payment.method)]
    return {
        "amount": queries.refundable(page.ctx, number).most.decimal() or None,
        "method": usual[0] if usual else methods[0][0],
        "key": token_hex(12),
        "form_options": {"cancel": f"{_PAYMENTS}/{number}", "choices": {"method": methods}},
    }


def _extra(page: Page, number: str) -> Mapping[str, Any]:
    payment = queries.payment(page.ctx, number)
    return {
        "payment": payment,
        "possible": queries.refundable(page.ctx, number),
        "account": queries.account(page.ctx, payment.account_number),
        "customer": customers.by_id(page.ctx, payment.customer_id),
    }


@PAGES.form(
    _PAYMENTS + "/{number}/refund",
    permission="billing.refund.create",
    schema=RefundPayment,
    template="billing/refund_payment.html",
    title=_("Refund"),
    initial=_initial,
    extra=_extra,
    submit=pgettext("verb", "Refund"),
)
def make(page: Page, command: RefundPayment, number: str) -> Response:
    made = operations.refund_payment(page.ctx, number, command)
    return page.redirect(f"{LIST}/{made.number}", str(_("{number} was recorded.", number=made.number)))


@PAGES.post(LIST + "/{number}/settle", permission="billing.refund.change")
def settle(page: Page, number: str) -> Response:
    operations.settle_refund(page.ctx, number)
    return page.redirect(f"{LIST}/{number}", str(_("{number} has arrived.", number=number)))


def _fail_initial(page: Page, number: str) -> Mapping[str, Any]:
    queries.refund(page.ctx, number)
    page.title = str(_("{number} did not arrive", number=number))
    page.crumbs((str(_("Refunds")), LIST), (number, f"{LIST}/{number}"), (str(_("Did not arrive")), ""))
    return {
        "form_options": {"cancel": f"{LIST}/{number}", "submit": str(_("It did not arrive")), "danger": True}
    }


@PAGES.form(
    LIST + "/{number}/fail",
    permission="billing.refund.change",
    schema=FailRefund,
    template="billing/form.html",
    title=_("Did not arrive"),
    initial=_fail_initial,
    extra=lambda page, number: {
        "text": _(
            "The money is the account’s credit again: it pays the next invoice, or is refunded once more."
        )
    },
)
def fail(page: Page, command: FailRefund, number: str) -> Response:
    operations.fail_refund(page.ctx, number, command)
    return page.redirect(f"{LIST}/{number}", str(_("{number} is credit again.", number=number)))
