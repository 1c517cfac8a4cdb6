"""Payments: the list, the cash desk, the receipt, and taking one back."""

from collections.abc import Mapping
from secrets import token_hex
from typing import Any

from starlette.responses import Response

from trunkline.customers import queries as customers
from trunkline.errors import NotFound
from trunkline.i18n import format_money, format_month
from trunkline.i18n import gettext as _
from trunkline.web.pages import Page, Pages
from trunkline_billing import operations, queries
from trunkline_billing.paying import ways_to_pay
from trunkline_billing.schemas import AccountView, InvoiceView, ReversePayment, TakePayment
from trunkline_billing.tables import payment_table
from trunkline_billing.words import REFUND_STATES

PAGES = Pages()
LIST = "/billing/payments"


@PAGES.get(LIST, permission="billing.payment.list")
def payments(page: Page) -> Response:
    page.title = str(_("Payments"))
    page.crumbs((page.title, ""))
    actions = ((str(_("Take payment")), LIST + "/new", "cash", "billing.payment.record"),)
    return page.table("billing/list.html", payment_table(), queries.payment_select(page.ctx), actions=actions)


def _chosen(page: Page) -> AccountView | None:
    number = (page.query.get("account") or str(page.form_data.get("account_number", ""))).strip().upper()
    if not number:
        return None
    try:
        return queries.account(page.ctx, number)
    except NotFound:
        found = queries.find_accounts(page.ctx, number, limit=2)
        return queries.account(page.ctx, found[0][0]) if len(found) == 1 else None


def _open(page: Page, account: AccountView | None) -> list[InvoiceView]:
    return queries.open_invoices_of(page.ctx, account.id) if account is not None else []


def _initial(page: Page) -> Mapping[str, Any]:
    page.crumbs((str(_("Payments")), LIST), (str(_("Take payment")), ""))
    account = _chosen(page)
    due = _open(page, account)
    ways = ways_to_pay(page.ctx)
    owed = max(0, account.balance.micros) if account is not None else 0
    return {
        "account_number": account.number if account is not None else page.query.get("account", ""),
        "amount": _plain(owed, account) if account is not None and owed else None,
        "key": token_hex(12),
        "form_options": {
            "cancel": LIST,
            "exclude": (*(() if due else ("invoices",)), *(() if len(ways) > 1 else ("provider",))),
            "choices": {
                "provider": [(way.name, way.label) for way in ways.values()],
                "invoices": [(view.number, _line(view)) for view in due],
            },
        },
    }


def _line(invoice: InvoiceView) -> str:
    to_pay = format_money(invoice.due.micros, invoice.due.currency)
    return f"{invoice.number} · {format_month(invoice.period)} · {to_pay}"


def _plain(micros: int, account: AccountView) -> Any:
    from trunkline.money import Money

    return Money(micros, account.currency).decimal()


def _extra(page: Page) -> Mapping[str, Any]:
    account = _chosen(page)
    owner = customers.by_id(page.ctx, account.customer_id) if account is not None else None
    return {"account": account, "owner": owner, "due": _open(page, account)}


@PAGES.form(
    LIST + "/new",
    permission="billing.payment.record",
    schema=TakePayment,
    template="billing/take_payment.html",
    title=_("Take payment"),
    initial=_initial,
    extra=_extra,
    submit=_("Take payment"),
)
def take(page: Page, command: TakePayment) -> Response:
    taken = operations.take_payment(page.ctx, command)
    if taken.number:
        return page.redirect(f"{LIST}/{taken.number}", str(_("{number} was recorded.", number=taken.number)))
    words = (
        _("{way}: {reference} was taken.", way=taken.label, reference=taken.reference)
        if taken.settled
        else _(
            "{way}: {reference} is under way. It counts when the money has arrived.",
            way=taken.label,
            reference=taken.reference,
        )
    )
    return page.redirect(taken.redirect or LIST, str(words))


@PAGES.get("/billing/payments/accounts", permission="billing.payment.record")
def find_account(page: Page) -> Response:
    """Choices of the account box: by number, customer number or name."""
    typed = page.query.get("account_number", "") or page.query.get("q", "")
    return page.part("billing/account_choices.html", found=queries.find_accounts(page.ctx, typed))


@PAGES.get(LIST + "/{number}", permission="billing.payment.view")
def payment(page: Page, number: str) -> Response:
    view = queries.payment(page.ctx, number)
    page.title = view.number
    page.crumbs((str(_("Payments")), LIST), (view.number, ""))
    return page.render(
        "billing/payment.html",
        payment=view,
        refunds=queries.refunds_of_payment(page.ctx, view.id),
        refund_states=dict(REFUND_STATES),
        account=queries.account(page.ctx, view.account_number),
        customer=customers.by_id(page.ctx, view.customer_id),
    )


def _reverse_initial(page: Page, number: str) -> Mapping[str, Any]:
    queries.payment(page.ctx, number)
    page.title = str(_("Reverse {number}", number=number))
    page.crumbs((str(_("Payments")), LIST), (number, f"{LIST}/{number}"), (str(_("Reverse")), ""))
    return {
        "form_options": {"cancel": f"{LIST}/{number}", "submit": str(_("Reverse payment")), "danger": True}
    }


@PAGES.form(
    LIST + "/{number}/reverse",
    permission="billing.payment.reverse",
    schema=ReversePayment,
    template="billing/form.html",
    title=_("Reverse payment"),
    initial=_reverse_initial,
    extra=lambda page, number: {"text": _("The invoices that it paid are open again.")},
)
def reverse(page: Page, command: ReversePayment, number: str) -> Response:
    operations.reverse_payment(page.ctx, number, command)
    return page.redirect(f"{LIST}/{number}", str(_("{number} was reversed.", number=number)))
