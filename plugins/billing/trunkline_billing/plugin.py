"""Billing: accounts and ledger, rating, charges, invoices and payments."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from trunkline.customers.events import CustomerRegistered
from trunkline.i18n import gettext as _
from trunkline.imports.importer import Importer
from trunkline.operation import Context
from trunkline.plugin import (
    Command,
    MailTemplate,
    MenuItem,
    Plugin,
    SearchKind,
    SearchLookup,
    SettingChoices,
    Slot,
    StepKind,
    hookimpl,
)
from trunkline.providers import ChargingEngine, PaymentProvider
from trunkline_billing.events import EVENTS, BillingRunAdvanced, InvoiceIssued, RefundPaid
from trunkline_billing.permissions import PERMISSIONS, SENSITIVE
from trunkline_billing.settings import BillingSettings
from trunkline_catalog.schemas import (
    LineStep,
    OrderLineView,
    ProductView,
    ServiceActivated,
    ServicePriceChanged,
    ServiceTerminated,
)

if TYPE_CHECKING:
    from trunkline.app import App
    from trunkline.contracts.models import Contract
    from trunkline.contracts.worth import ContractTermination
    from trunkline.customers.erasing.parts import Erased, Hindrance, Person
    from trunkline.customers.merging.rows import CustomerRows
    from trunkline.customers.models import Customer
    from trunkline.customers.sheets.sections import SheetSection
    from trunkline.demo.month import DemoMonth

if TYPE_CHECKING:
    import typer

    from trunkline.app import App
    from trunkline.customers.guided.steps import CustomerStep
    from trunkline.demo.month import DemoMonth
    from trunkline.lists import ListOf, RowAction
    from trunkline.rest.routing import RestRoutes
    from trunkline.web.pages import Pages

plugin = Plugin(
    name="billing",
    label=_("Billing"),
    requires=("catalog",),
    settings=BillingSettings,
    permissions=PERMISSIONS,
    sensitive=SENSITIVE,
    events=EVENTS,
    models="trunkline_billing.models",
    summary=_("Accounts, rating, charges, invoices and payments."),
)


@hookimpl
def routes() -> "Sequence[Pages]":
    from trunkline_billing.pages import PAGES

    return PAGES


@hookimpl
def rest_routes() -> "Sequence[RestRoutes]":
    from trunkline_billing import rest, rest_refunds, rest_taxes

    return (rest.REST, rest_refunds.REST, rest_taxes.REST)


@hookimpl
def mail_templates() -> Sequence[MailTemplate]:
    from trunkline_billing.letters import LETTERS

    return LETTERS


@hookimpl
def menu() -> Sequence[MenuItem]:
    def entry(order: int, label: str, word: str, icon: str, permission: str, key: str = "") -> MenuItem:
        return MenuItem(label, f"/billing/{word}", icon, f"billing.{permission}", "Billing", order, key=key)

    return (
        entry(10, _("Invoices"), "invoices", "file-invoice", "invoice.list", "i"),
        entry(20, _("Payments"), "payments", "cash", "payment.list", "y"),
        entry(25, _("Refunds"), "refunds", "receipt-refund", "refund.list"),
        entry(30, _("Accounts"), "accounts", "report-money", "account.list"),
        entry(40, _("Billing runs"), "runs", "calendar-repeat", "run.list"),
        entry(50, _("Tariffs"), "tariffs", "table", "tariff.list"),
        entry(60, _("Ledger"), "ledger", "notebook", "ledger.view"),
        entry(70, _("Taxes"), "taxes", "receipt-tax", "tax.list"),
    )


@hookimpl
def commands() -> Sequence[Command]:
    return (
        Command(
            _("Take payment"),
            "/billing/payments/new",
            "cash",
            "billing.payment.record",
            words=_("receive pay cash"),
            order=15,
        ),
        Command(
            _("Overdue invoices"),
            "/billing/invoices?view=overdue",
            "file-invoice",
            "billing.invoice.list",
            words=_("late unpaid"),
            order=30,
        ),
        Command(
            _("Figures of billing"),
            "/billing/figures",
            "chart-bar",
            "billing.ledger.view",
            words=_("charts revenue invoiced paid overdue"),
            order=90,
        ),
        Command(
            _("Open invoices"),
            "/billing/invoices?view=open",
            "file-invoice",
            "billing.invoice.list",
            words=_("unpaid"),
            order=31,
        ),
    )


@hookimpl
def slots() -> Sequence[Slot]:
    from trunkline_billing.slots import SLOTS

    return SLOTS


@hookimpl
def cli(app: "typer.Typer") -> None:
    from trunkline_billing.commands import billing

    app.add_typer(billing, name="billing")


@hookimpl
def customer_rows() -> "Sequence[CustomerRows]":
    from trunkline_billing.customer_rows import CUSTOMER_ROWS

    return CUSTOMER_ROWS


@hookimpl
def customer_erasures() -> "Sequence[Erased]":
    from trunkline_billing.customer_erasures import CUSTOMER_ERASURES

    return CUSTOMER_ERASURES


@hookimpl
def customer_erasure_hindrances(ctx: Context, person: "Person") -> "Sequence[Hindrance]":
    from trunkline_billing.customer_erasures import hindrances

    return hindrances(ctx, person)


@hookimpl
def customer_sheet(ctx: Context, customer: "Customer") -> "Sequence[SheetSection]":
    from trunkline_billing.customer_sheet import sections

    return sections(ctx, customer)


@hookimpl
def step_kinds() -> Sequence[StepKind]:
    from trunkline_billing.steps import STEP_KINDS

    return STEP_KINDS


@hookimpl
def catalog_line_steps(ctx: Context, line: OrderLineView, product: ProductView) -> Sequence[LineStep]:
    from trunkline_billing.steps import line_steps

    return line_steps(ctx, line, product)


@hookimpl
def catalog_tariffs(ctx: Context) -> Sequence[str]:
    from trunkline_billing.queries import tariff_names

    return tariff_names(ctx)


@hookimpl
def charging_engines() -> Sequence[ChargingEngine]:
    from trunkline_billing.rating.embedded import EmbeddedEngine

    return (EmbeddedEngine(),)


@hookimpl
def setting_choices(ctx: Context) -> Sequence[SettingChoices]:
    from trunkline_billing.engines import charging_engines as offered
    from trunkline_billing.queries import tariff_names

    tariffs = [(name, name) for name in tariff_names(ctx)]
    return (
        SettingChoices("charging_engine", [(name, name) for name in offered(ctx)]),
        SettingChoices("default_tariff", [("", _("None")), *tariffs]),
    )


@hookimpl
def payment_providers() -> Sequence[PaymentProvider]:
    from trunkline_billing.desk import CashDesk

    return (CashDesk(),)


@hookimpl
def importers() -> Sequence[Importer]:
    from trunkline_billing.imports import cdr, tariff

    return (tariff.IMPORTER, cdr.IMPORTER)


@hookimpl
def lists() -> "Sequence[ListOf]":
    from trunkline_billing.lists import LISTS

    return LISTS


@hookimpl
def customer_steps() -> "Sequence[CustomerStep]":
    from trunkline_billing.customer_step import CUSTOMER_STEPS

    return CUSTOMER_STEPS


@hookimpl
def row_actions() -> "Sequence[RowAction]":
    from trunkline_billing.row_actions import ROW_ACTIONS

    return ROW_ACTIONS


@hookimpl
def search_kinds() -> Sequence[SearchKind]:
    from trunkline_billing.search import SEARCH_KINDS

    return SEARCH_KINDS


@hookimpl
def search_lookups() -> Sequence[SearchLookup]:
    from trunkline_billing.search import SEARCH_LOOKUPS

    return SEARCH_LOOKUPS


@hookimpl
def on_customer_registered(ctx: Context, event: CustomerRegistered) -> None:
    from trunkline_billing import following

    following.customer_registered(ctx, event)


@hookimpl
def on_service_activated(ctx: Context, event: ServiceActivated) -> None:
    from trunkline_billing import following

    following.service_activated(ctx, event)


@hookimpl
def before_service_price_changed(ctx: Context, event: ServicePriceChanged) -> None:
    from trunkline_billing import following

    following.service_price_changed(ctx, event)


@hookimpl
def on_service_terminated(ctx: Context, event: ServiceTerminated) -> None:
    from trunkline_billing import following

    following.service_terminated(ctx, event)


@hookimpl
def on_invoice_issued(ctx: Context, event: InvoiceIssued) -> None:
    from trunkline_billing import following

    following.invoice_issued(ctx, event)


@hookimpl
def on_billing_run_advanced(ctx: Context, event: BillingRunAdvanced) -> None:
    from trunkline_billing import following

    following.run_advanced(ctx, event)


@hookimpl
def on_refund_paid(ctx: Context, event: RefundPaid) -> None:
    from trunkline_billing import following

    following.refund_paid(ctx, event)


@hookimpl
def contract_terminating(ctx: Context, contract: "Contract", termination: "ContractTermination") -> None:
    from trunkline_billing import contracts

    contracts.terminating(ctx, contract, termination)


@hookimpl
def demo_month(app: "App", month: "DemoMonth") -> None:
    from trunkline_billing import demo

    demo.live(app, month)


@hookimpl
def demo_today(app: "App") -> None:
    from trunkline_billing import demo

    demo.start_mailing(app)
    demo.ask_for_a_second_person(app)
