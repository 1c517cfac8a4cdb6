"""What billing adds to other pages: tabs, figures and cards of customers and services, tiles of the start page."""

from collections.abc import Sequence

from trunkline.activity import viewed
from trunkline.customers.hierarchy import Family
from trunkline.customers.models import Customer
from trunkline.db.haste import within
from trunkline.home.pages import waiting
from trunkline.i18n import gettext as _
from trunkline.money import Money
from trunkline.plugin import Slot
from trunkline.settings.entries import entry
from trunkline.web.pages import Page
from trunkline.web.stretches import stretch
from trunkline_billing import queries
from trunkline_billing import waiting as billing_waiting
from trunkline_billing.queries.invoices import Outstanding
from trunkline_billing.schemas import AccountView, AllowanceView, SubscriptionView
from trunkline_billing.tables import CHARGES, invoice_table, payment_table, refund_table, usage_table
from trunkline_billing.words import USAGE_LABELS, allowance_text, quantity_text
from trunkline_catalog.schemas import ServiceView

_LATEST = 5
#: Share of an allowance from which its meter warns.
_NEARLY = 0.9
#: Seconds that the charts of usage may take of a tab that is about the list.
_PATIENCE = 0.2


def totals(amounts: list[Money]) -> list[Money]:
    """Sums by currency, in order of appearance."""
    found: dict[str, Money] = {}
    for amount in amounts:
        found[amount.currency] = found[amount.currency] + amount if amount.currency in found else amount
    return list(found.values())


def billing_tab(page: Page, customer: Customer) -> str:
    ctx = page.ctx
    path = f"/customers/{customer.number}/billing"
    invoices = invoice_table(ctx, of_customer=True).load(
        ctx.session, queries.invoice_select(ctx, customer.key), {}, path="/billing/invoices"
    )
    payments = payment_table(of_customer=True).load(
        ctx.session, queries.payment_select(ctx, customer.key), {}, path="/billing/payments"
    )
    refunds = refund_table(of_customer=True).load(
        ctx.session, queries.refund_select(ctx, customer.key), {}, path="/billing/refunds"
    )
    charges = CHARGES.load(
        ctx.session, queries.charge_select(ctx, customer.key), page.request.query_params, path=path
    )
    return page.fragment(
        "billing/slots/billing_tab.html",
        customer=customer,
        accounts=queries.accounts_of(ctx, customer.key),
        subscriptions=queries.subscriptions_of(ctx, customer.key),
        invoices=invoices,
        payments=payments,
        refunds=refunds,
        charges=charges,
        by_month=queries.billed_by_month(ctx, customer.key) if page.can("billing.payment.list") else None,
    )


def usage_tab(page: Page, customer: Customer) -> str:
    ctx = page.ctx
    viewed(ctx, customer, "billing.usage")
    subscriptions = queries.subscriptions_of(ctx, customer.key)
    services = [(str(one.service_id), f"{one.product_name} · {one.service_number}") for one in subscriptions]
    view = usage_table(services).load(
        ctx.session,
        queries.usage_select(ctx, customer.key),
        page.request.query_params,
        path=f"/customers/{customer.number}/usage",
    )
    shown = stretch(page, subscriptions, _told, f"/customers/{customer.number}/usage")
    return page.fragment(
        "billing/slots/usage_tab.html",
        customer=customer,
        view=view,
        shown=shown,
        meters=_meters(page, customer, shown.rows),
        by_day=within(ctx.session, _PATIENCE, lambda: queries.all_usage_by_day(ctx, customer.key)),
    )


def _told(one: SubscriptionView) -> tuple[str, str]:
    return one.product_name, one.service_number


def _meters(
    page: Page, customer: Customer, subscriptions: Sequence[SubscriptionView]
) -> list[tuple[SubscriptionView, list[dict[str, object]]]]:
    allowances = queries.allowances_of_customer(page.ctx, customer.key)
    return [
        (one, [meter(view) for view in allowances[one.service_id]])
        for one in subscriptions
        if allowances.get(one.service_id)
    ]


def meter(view: AllowanceView) -> dict[str, object]:
    """An allowance as a meter draws it."""
    share = view.used / view.quantity if view.quantity else 1
    used, whole = allowance_text(view.type, view.used), allowance_text(view.type, view.quantity)
    return {
        "label": str(USAGE_LABELS[view.type]),
        "percent": round(share * 100),
        "tone": "bad" if share >= 1 else "warn" if share >= _NEARLY else "info",
        "text": str(_("{used} of {whole}", used=used, whole=whole)),
    }


def summary(page: Page, customer: Customer) -> str:
    accounts = queries.accounts_of(page.ctx, customer.key)
    allowances = queries.allowances_of_customer(page.ctx, customer.key)
    data = [view for views in allowances.values() for view in views if view.type == "data"]
    return page.fragment(
        "billing/slots/summary.html",
        customer=customer,
        balances=totals([account.balance for account in accounts]),
        overdue=_overdue(accounts),
        used=sum(view.used for view in data),
        included=sum(view.quantity for view in data),
    )


def balance(page: Page, customer: Customer) -> str | None:
    """What the customer owes, for the head of each of their pages; nothing for who has no account."""
    balances = totals([account.balance for account in queries.accounts_of(page.ctx, customer.key)])
    return (
        page.fragment("billing/slots/balance.html", customer=customer, balances=balances)
        if balances
        else None
    )


def _overdue(accounts: list[AccountView]) -> list[Money]:
    return [amount for amount in totals([account.overdue for account in accounts]) if amount.micros > 0]


def family(page: Page, family: Family) -> str:
    """What a customer and all below owe together."""
    owed = queries.owed_by(page.ctx, family.keys)
    return page.fragment("billing/slots/family.html", owed=owed)


def alert(page: Page, customer: Customer) -> str | None:
    overdue = _overdue(queries.accounts_of(page.ctx, customer.key))
    if not overdue:
        return None
    return page.fragment("billing/slots/overdue.html", customer=customer, overdue=overdue)


def latest_invoices(page: Page, customer: Customer) -> str:
    invoices = queries.invoices_of(page.ctx, customer.key, _LATEST)
    return page.fragment("billing/slots/latest_invoices.html", customer=customer, invoices=invoices)


def client(page: Page, customer: Customer) -> str:
    """When the last invoice was due, for the short pages of a client."""
    last = next(iter(queries.invoices_of(page.ctx, customer.key, 1)), None)
    return page.fragment("billing/slots/client.html", customer=customer, last=last)


def service_card(page: Page, service: ServiceView) -> str | None:
    meters = [meter(view) for view in queries.allowances_of(page.ctx, service.id)]
    used = queries.used_in(page.ctx, [service.id])
    rows = [
        (str(USAGE_LABELS[kind]), count, quantity_text(kind, quantity), cost)
        for (_service, kind), (count, quantity, cost) in sorted(used.items())
    ]
    subscription = next(
        (
            one
            for one in queries.subscriptions_of(page.ctx, service.customer_id)
            if one.service_id == service.id
        ),
        None,
    )
    if subscription is None and not rows:
        return None
    return page.fragment(
        "billing/slots/service.html", service=service, meters=meters, rows=rows, subscription=subscription
    )


def tiles(page: Page, subject: object) -> str:
    return page.fragment("billing/slots/tiles.html", figures=_outstanding(page))


def _outstanding(page: Page) -> list[Outstanding]:
    return page.ctx.once("billing.outstanding", lambda: queries.outstanding(page.ctx))


def overdue_waiting(page: Page, subject: object) -> str | None:
    return waiting(
        page,
        _("Overdue invoices"),
        sum(one.overdue_invoices for one in _outstanding(page)),
        "/billing/invoices?view=overdue",
        "file-invoice",
    )


def overdue_of_own(page: Page, subject: object) -> str | None:
    """Overdue invoices for who looks after some customers and takes no payments: they are the ones to call."""
    if page.can("billing.payment.record") or not page.ctx.actor.scope.is_limited:
        return None
    return overdue_waiting(page, subject)


def overdue_invoices(page: Page, subject: object) -> str | None:
    """The invoices that have been overdue longest, so that the start page says whom to call."""
    invoices = queries.longest_overdue(page.ctx, _LATEST)
    return page.fragment("billing/slots/home_overdue.html", invoices=invoices) if invoices else None


def figures(page: Page, subject: object) -> str:
    """The charts of billing, which come after the start page."""
    return page.fragment("billing/slots/home_figures.html")


SLOTS = (
    entry(
        _("Taxes"),
        "/billing/taxes",
        _("Tax schemes and their rates, and which is the default"),
        "billing.tax.list",
        icon="receipt-tax",
        order=20,
    ),
    Slot(
        "customer.tabs",
        "billing",
        billing_tab,
        "billing.account.view",
        _("Billing"),
        order=40,
        icon="report-money",
    ),
    Slot("customer.tabs", "usage", usage_tab, "billing.usage.list", _("Usage"), order=45, icon="chart-bar"),
    Slot("customer.summary", "billing", summary, "billing.account.view", order=40),
    Slot("client.money", "billing", client, "billing.invoice.list", order=40),
    Slot("customer.family", "billing", family, "billing.account.view", order=40),
    Slot("customer.facts", "balance", balance, "billing.account.view", _("Balance due"), order=40),
    Slot("customer.alerts", "overdue", alert, "billing.account.view", order=20),
    Slot(
        "customer.overview",
        "invoices",
        latest_invoices,
        "billing.invoice.list",
        _("Latest invoices"),
        order=40,
    ),
    Slot("service.cards", "usage", service_card, "billing.usage.list", _("Usage"), order=40),
    Slot(
        "home.queues", "overdue", overdue_waiting, "billing.payment.record", _("Overdue invoices"), order=40
    ),
    Slot(
        "home.queues", "own-overdue", overdue_of_own, "billing.invoice.list", _("Overdue invoices"), order=40
    ),
    Slot("home.queues", "months", billing_waiting.months, "billing.run.run", _("Billing runs"), order=41),
    Slot(
        "home.queues",
        "refunds-under-way",
        billing_waiting.refunds_on_their_way,
        "billing.refund.change",
        _("Refunds"),
        order=42,
    ),
    Slot(
        "home.queues",
        "refunds-failed",
        billing_waiting.refunds_that_failed,
        "billing.refund.change",
        _("Refunds"),
        order=43,
    ),
    Slot("home.tiles", "billing", tiles, "billing.invoice.list", order=40),
    Slot("home.cards", "figures", figures, "billing.ledger.view", _("Figures of billing"), order=45),
    Slot("home.cards", "overdue", overdue_invoices, "billing.invoice.list", _("Overdue invoices"), order=40),
)
