"""The sample operator's money: prices, use, invoices and who pays them when."""

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlmodel import col

from trunkline.access.roles import actor_for
from trunkline.app import App
from trunkline.auth.models import User
from trunkline.demo.deck import COLUMNS as DECK_COLUMNS
from trunkline.demo.deck import rate_deck
from trunkline.demo.month import DemoMonth
from trunkline.demo.samples import write_csv
from trunkline.demo.staff import colleague_in
from trunkline.demo.usage import COLUMNS as USAGE_COLUMNS
from trunkline.demo.usage import UsingService, month_of_use
from trunkline.errors import WaitsForSecondPerson
from trunkline.imports.importer import Importer, ImportOptions
from trunkline.operation import SYSTEM
from trunkline.settings.operations import save
from trunkline_billing import operations
from trunkline_billing.imports import cdr, tariff
from trunkline_billing.models.accounts import BillingAccount
from trunkline_billing.models.invoices import BillingInvoice, InvoiceState
from trunkline_billing.periods import Period
from trunkline_billing.schemas import CreateTaxScheme, GiveCredit, RecordPayment
from trunkline_catalog import operations as catalog_operations
from trunkline_catalog import queries as catalog
from trunkline_catalog.schemas import UpdateProduct

_TARIFF = "varejo"
_LETTERHEAD = {
    "operator_tax_id": "12.345.678/0001-95",
    "operator_address": "Rua dos Andradas, 1500\n90020-010 Porto Alegre – RS",
    "operator_contact": "0800 000 0000 · atendimento@conectasul.example",
}
#: Gigabytes, calls and messages of an ordinary month by product; without an entry a product has no counted use.
_HABITS = {
    "movel_10gb": (6.5, 14, 6),
    "movel_30gb": (17.0, 20, 6),
    "movel_empresas": (24.0, 34, 10),
    "fixo_brasil": (0.0, 22, 0),
}
#: What one person alone may give, reverse or void.
_ALONE_UP_TO = Decimal("150.00")
#: Days of the month on which payments come in, and of a hundred customers how many pay on each.
_PAYDAYS = ((8, 38), (14, 48), (23, 9))


def live(app: App, month: DemoMonth) -> None:
    """Charge new services, take in the month's use, invoice it on its last midnight, and collect what was due before."""
    if month.number == 0:
        _set_up(app, month)
    _charge_new_services(app, month)
    month.work()
    _collect(app, month)
    month.clock.move_to(month.ends)
    _take_in_use(app, month)
    if not month.is_current:
        operations.run_period(app, str(Period.at(month.begins, app.config.zone)))
    month.work()


def _set_up(app: App, month: DemoMonth) -> None:
    begins = month.begins.astimezone(app.config.zone).date()
    with tempfile.TemporaryDirectory() as folder:
        path = write_csv(Path(folder) / "deck.csv", DECK_COLUMNS, rate_deck(begins.isoformat()))
        _import(app, tariff.IMPORTER, path, ImportOptions(tariff=_TARIFF, currency=app.config.currency))
    with app.unit_of_work() as ctx:
        # Nobody wants six thousand old notices in the mail log.
        save(ctx, "billing", {"mail_invoices": False, "default_tariff": _TARIFF, **_LETTERHEAD})
        rates = ["ICMS 17", "PIS 0.65", "COFINS 3"]
        operations.create_tax_scheme(ctx, CreateTaxScheme(name="SCM/SMP", rates=rates, is_default=True))
        for code in _HABITS:
            catalog_operations.update_product(ctx, code, UpdateProduct(tariff=_TARIFF))


def start_mailing(app: App) -> None:
    """From today on, customers are told of their invoices."""
    with app.unit_of_work() as ctx:
        save(ctx, "billing", {"mail_invoices": True})


def ask_for_a_second_person(app: App) -> None:
    """From today on large credits wait for somebody else; one of them does, asked for by the accountant."""
    with app.unit_of_work() as ctx:
        save(ctx, "billing", {"second_person_above": _ALONE_UP_TO})
    with app.reading() as ctx:
        asker = ctx.session.scalars(
            select(User).where(col(User.email) == colleague_in("accountant").email)
        ).one()
        actor = actor_for(ctx.session, asker)
        account = ctx.session.scalars(
            select(col(BillingAccount.number)).order_by(col(BillingAccount.id)).limit(1)
        ).one_or_none()
    if account is None:
        return
    credit = GiveCredit(amount=Decimal("289.90"), reason="Três dias sem internet após a queda do poste")
    with suppress(WaitsForSecondPerson), app.unit_of_work(actor) as ctx:
        operations.give_credit(ctx, account, credit)


def _import(app: App, importer: Importer, path: Path, options: ImportOptions) -> None:
    report = importer.run(app, SYSTEM, path, options)
    if report.refused:
        first = report.refused[0]
        raise ValueError(f"{path.name}, line {first.line}: {first.column} {first.reason}")


def _charge_new_services(app: App, month: DemoMonth) -> None:
    with app.unit_of_work() as ctx:
        statement = catalog.active_services(ctx).order_by("id")
        fresh = [row for row in ctx.session.execute(statement) if row.activated_at >= month.begins]
        operations.charge_services(ctx, [operations.ChargeService(row.id, row.activated_at) for row in fresh])


def _take_in_use(app: App, month: DemoMonth) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = write_csv(Path(folder) / f"{month.begins:%Y-%m}.csv", USAGE_COLUMNS, _rows(app, month))
        _import(app, cdr.IMPORTER, path, ImportOptions(source="msc-poa"))


def _rows(app: App, month: DemoMonth) -> Iterator[dict[str, str]]:
    with app.reading() as ctx:
        identifiers = {
            entry.service_id: value
            for (kind, value), entries in catalog.identifier_index(ctx).items()
            if kind in ("msisdn", "number")
            for entry in entries
        }
        services = list(ctx.session.execute(catalog.active_services(ctx).order_by("id")))
    until = month.ends - timedelta(minutes=5)
    for service in services:
        habit = _HABITS.get(service.product_code)
        since = max(month.begins, service.activated_at)
        if habit is None or service.suspended or since >= until - timedelta(hours=1):
            continue
        random = month.random(f"use:{service.id}")
        factor = random.lognormvariate(0, 0.35)
        gigabytes, calls, messages = habit
        using = UsingService(
            _international(identifiers[service.id]),
            round(calls * factor),
            round(messages * factor),
            gigabytes * factor,
        )
        yield from month_of_use(using, since, until, random, key=f"{service.number}-{month.number}")


def _international(number: str) -> str:
    return f"+{number.lstrip('+')}"


def _collect(app: App, month: DemoMonth) -> None:
    """Customers pay what they owe on one of three days; a few forget, and one in thirty never pays again."""
    now = month.clock.moment
    for day, share in _PAYDAYS:
        moment = month.begins + timedelta(days=day, hours=13)
        if moment >= month.ends:
            break
        month.clock.move_to(moment)
        with app.unit_of_work() as ctx:
            payments = list(_payments(ctx.session.execute(_open_invoices()).all(), month, day, share))
            if payments:
                operations.record_payments(ctx, payments)
    month.clock.move_to(max(now, month.clock.moment))


def _open_invoices() -> Any:
    return (
        select(
            col(BillingInvoice.number),
            col(BillingInvoice.customer_id),
            col(BillingInvoice.total_micros),
            col(BillingInvoice.paid_micros),
            col(BillingAccount.number).label("account"),
        )
        .join(BillingAccount, col(BillingAccount.id) == col(BillingInvoice.account_id))
        .where(col(BillingInvoice.state) == InvoiceState.OPEN)
        .order_by(col(BillingInvoice.id))
    )


def _payments(invoices: Sequence[Any], month: DemoMonth, day: int, share: int) -> Iterator[RecordPayment]:
    for invoice in invoices:
        chance = month.random(f"pay:{invoice.customer_id}").random()
        stopped = month.number > 3 and invoice.customer_id % 30 == 7
        below = sum(part for at, part in _PAYDAYS if at < day) / 100
        if stopped or not below <= chance < below + share / 100:
            continue
        method = ("bank_transfer", "bank_transfer", "card", "cash")[invoice.customer_id % 4]
        payment = {
            "account_number": invoice.account,
            "amount": Decimal(invoice.total_micros - invoice.paid_micros).scaleb(-6),
            "method": method,
            "desk": "Loja Porto Alegre" if method == "cash" else "",
            "key": f"demo:{invoice.number}",
        }
        yield RecordPayment.model_validate(payment)
