"""The sample operator's prices and taxes, and month by month its customers' use, invoices and payments."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

from trunkline.app import App
from trunkline.demo import deck, usage
from trunkline.demo.month import DemoMonth
from trunkline.demo.samples import write_csv
from trunkline.imports.importer import ImportOptions
from trunkline.operation import SYSTEM, Context
from trunkline.settings.operations import save
from trunkline_billing import operations, queries
from trunkline_billing.imports import cdr, tariff
from trunkline_billing.periods import Period
from trunkline_billing.schemas import CreateTaxScheme, RecordPayment
from trunkline_catalog import queries as catalog

TARIFF = "Retail"
#: Of a hundred customers, how many pay in time, and how many late; the others owe.
_PUNCTUAL, _LATE = 88, 9


def live(app: App, month: DemoMonth) -> None:
    """Invoice the month before, take this month's payments, read this month's usage."""
    if month.number == 0:
        _begin(app, month)
    else:
        month.clock.move_to(min(month.begins + timedelta(hours=26), month.ends))
        before = Period.at(month.begins, app.config.zone).previous
        operations.run_period(app, str(before))
        _pay(app, month)
    _use(app, month)
    month.work()


def finish(ctx: Context) -> None:
    """From today on, customers are told of their invoices."""
    save(ctx, "billing", {"mail_invoices": True})


def _begin(app: App, month: DemoMonth) -> None:
    with app.unit_of_work() as ctx:
        save(
            ctx,
            "billing",
            {
                "default_tariff": TARIFF,
                "mail_invoices": False,
                "operator_tax_id": "12.345.678/0001-95",
                "operator_address": "Rua XV de Novembro, 1500\n80060-000 Curitiba – PR",
                "operator_contact": "0800 000 0000 · atendimento@conectasul.example",
            },
        )
        operations.create_tax_scheme(
            ctx, CreateTaxScheme(name="Brasil", rates=["ICMS 17", "PIS 0.65", "COFINS 3"], is_default=True)
        )
    with TemporaryDirectory() as folder:
        since = month.begins.astimezone(app.config.zone).date().isoformat()
        path = write_csv(Path(folder) / "tariff.csv", deck.COLUMNS, deck.rate_deck(since))
        tariff.run(app, SYSTEM, path, ImportOptions(tariff=TARIFF, currency=app.config.currency))


def _pay(app: App, month: DemoMonth) -> None:
    """Most pay a few days before it is due; of those who are late, most pay a month later."""
    random = month.random("payments")
    month.clock.move_to(min(month.begins + timedelta(days=14), month.ends))
    with app.unit_of_work() as ctx:
        payments = []
        for account, due in _owing(ctx):
            for invoice in due:
                late = random.randrange(100)
                first_time = invoice.period == str(Period.at(month.begins, app.config.zone).previous)
                if late < _PUNCTUAL or (not first_time and late < _PUNCTUAL + _LATE):
                    payments.append(
                        RecordPayment(
                            account_number=account,
                            amount=invoice.due.decimal(),
                            method=random.choices(("bank_transfer", "card", "cash"), (70, 20, 10))[0],
                            reference=invoice.number,
                            key=f"demo-{invoice.number}",
                        )
                    )
        operations.record_payments(ctx, payments)


def _owing(ctx: Context) -> Iterator[tuple[str, list[queries.OpenInvoice]]]:
    found: dict[str, list[queries.OpenInvoice]] = {}
    for one in queries.open_invoices(ctx):
        found.setdefault(one.account_number, []).append(one)
    yield from found.items()


def _use(app: App, month: DemoMonth) -> None:
    random = month.random("usage")
    with app.reading() as ctx:
        rows = list(_rows(ctx, month, random))
    if not rows:
        return
    month.clock.move_to(month.ends)
    with TemporaryDirectory() as folder:
        path = write_csv(Path(folder) / f"usage-{month.number}.csv", usage.COLUMNS, rows)
        cdr.run(app, SYSTEM, path, ImportOptions(source="demo"))


def _rows(ctx: Context, month: DemoMonth, random: Random) -> Iterator[dict[str, str]]:
    plans: dict[str, int] = {}
    for (kind, value), holders in sorted(catalog.identifier_index(ctx).items()):
        if kind not in ("msisdn", "number") or not value.lstrip("+").startswith("55"):
            continue
        for holder in holders:
            if holder.product_code not in plans:
                allowances = catalog.product(ctx, holder.product_code).allowances
                plans[holder.product_code] = sum(one.quantity for one in allowances if one.type == "data")
            gigabytes = plans[holder.product_code] / 10**9
            begins = max(month.begins, holder.valid_from)
            ends = min(month.ends, holder.valid_to or month.ends) - timedelta(minutes=30)
            if begins < ends:
                service = usage.UsingService(
                    value if value.startswith("+") else f"+{value}",
                    calls=10 if gigabytes else 16,
                    messages=4 if gigabytes else 0,
                    gigabytes=gigabytes * random.uniform(0.2, 1.05),
                )
                key = f"{month.number}-{value.lstrip('+')}"
                yield from usage.month_of_use(service, begins, ends, random, key=key)
