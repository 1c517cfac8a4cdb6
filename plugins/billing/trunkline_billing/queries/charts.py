"""Figures of billing over time, as charts: one for each currency, for amounts of two are never added."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any, Literal

from sqlalchemy import ColumnElement, Select, case, func, select
from sqlalchemy.orm import Mapped
from sqlmodel import col

from trunkline.charts import Chart, Kind, Point, Series, Unit, days, months
from trunkline.i18n import _
from trunkline.operation import Context
from trunkline_billing.models.accounts import BillingAccount
from trunkline_billing.models.invoices import BillingInvoice, InvoiceState
from trunkline_billing.models.payments import BillingPayment, PaymentState
from trunkline_billing.models.usage import BillingUsage
from trunkline_billing.periods import Period, local_day
from trunkline_billing.queries.accounts import is_overdue

_MONTHS = 12
_DAYS = 30
#: Days overdue from which the groups of `overdue_by_age` begin, the last one without end.
_AGES = (1, 31, 61, 91)
_UNITS = {"data": Unit.BYTES, "voice": Unit.SECONDS}
UsageType = Literal["data", "voice", "sms", "event"]
USAGE_TYPES: tuple[UsageType, ...] = ("data", "voice", "sms", "event")


def billed_by_month(ctx: Context, customer_id: int | None = None) -> list[Chart]:
    """What was invoiced and what was paid in each of the last twelve months, of one customer or of all that are visible.

    Void invoices do not count, nor what was reversed or given back of payments.
    """
    today = local_day(ctx.now(), ctx.app.config.zone)
    points = months(today, _MONTHS)
    firsts = [Period.parse(point.key).first_day for point in points]
    invoiced = _sums(ctx, _invoiced(ctx, firsts, customer_id))
    paid = _sums(ctx, _paid(ctx, firsts, customer_id))
    return [
        Chart(
            Kind.BESIDE,
            "month",
            points,
            [
                Series("invoiced", _("Invoiced"), _along(points, invoiced[currency])),
                Series("paid", _("Paid"), _along(points, paid[currency])),
            ],
            Unit.MONEY,
            currency,
        )
        for currency in sorted({*invoiced, *paid})
    ]


def overdue_by_age(ctx: Context) -> list[Chart]:
    """What is still to be paid of overdue invoices, by how long they have been overdue."""
    today = local_day(ctx.now(), ctx.app.config.zone)
    due = col(BillingInvoice.due_date)
    group = case(
        *((due > today - timedelta(days=first), at) for at, first in enumerate(_AGES[1:])),
        else_=len(_AGES) - 1,
    )
    statement = select(
        group.label("at"),
        col(BillingInvoice.currency).label("currency"),
        func.sum(col(BillingInvoice.total_micros) - col(BillingInvoice.paid_micros)).label("amount"),
    ).where(is_overdue(ctx), *ctx.visible_conditions(BillingInvoice))
    sums = _sums(ctx, statement.group_by("at", "currency"))
    points = _ages()
    return [
        Chart(
            Kind.BAR,
            "days_overdue",
            points,
            [Series("overdue", _("Overdue"), _along(points, sums[currency]), tone="bad")],
            Unit.MONEY,
            currency,
        )
        for currency in sorted(sums)
    ]


def usage_by_day(ctx: Context, customer_id: int, kind: UsageType) -> Chart:
    """What a customer used on each of the last thirty days: bytes of data, seconds of calls, or how many messages or events."""
    points, found = _used(ctx, customer_id, [kind])
    return _usage_chart(kind, points, found.get(kind, {}))


def all_usage_by_day(ctx: Context, customer_id: int) -> list[Chart]:
    """`usage_by_day` for each type that the customer used at all on those days."""
    points, found = _used(ctx, customer_id, USAGE_TYPES)
    return [
        _usage_chart(kind, points, found[kind]) for kind in USAGE_TYPES if any(found.get(kind, {}).values())
    ]


def _usage_chart(kind: UsageType, points: Sequence[Point], found: Mapping[int, int]) -> Chart:
    label = {"data": _("Data"), "voice": _("Calls"), "sms": _("Messages"), "event": _("Events")}[kind]
    series = [Series(kind, label, _along(points, found))]
    return Chart(Kind.BAR, "day", points, series, _UNITS.get(kind, Unit.COUNT))


def _used(
    ctx: Context, customer_id: int, kinds: Sequence[UsageType]
) -> tuple[list[Point], dict[str, dict[int, int]]]:
    """The days, and what was used on which of them by type."""
    zone = ctx.app.config.zone
    today = local_day(ctx.now(), zone)
    points = days(today - timedelta(days=_DAYS - 1), today)
    begins = [datetime.combine(date.fromisoformat(point.key), time(), zone) for point in points]
    accounts = select(col(BillingAccount.id)).where(col(BillingAccount.customer_id) == customer_id)
    statement: Select[*tuple[Any, ...]] = (
        select(
            _bucket(col(BillingUsage.start), begins).label("at"),
            col(BillingUsage.type).label("type"),
            func.sum(col(BillingUsage.quantity)).label("amount"),
        )
        .where(
            col(BillingUsage.account_id).in_(accounts),
            col(BillingUsage.start) >= begins[0],
            col(BillingUsage.type).in_(kinds),
            *ctx.visible_conditions(BillingUsage),
        )
        .group_by("at", "type")
    )
    found: dict[str, dict[int, int]] = defaultdict(dict)
    for row in ctx.session.execute(statement):
        found[row.type][row.at] = int(row.amount)
    return points, found


def _invoiced(ctx: Context, firsts: Sequence[date], customer_id: int | None) -> "Select[*tuple[Any, ...]]":
    statement: Select[*tuple[Any, ...]] = select(
        _bucket(col(BillingInvoice.issued_on), firsts).label("at"),
        col(BillingInvoice.currency).label("currency"),
        func.sum(col(BillingInvoice.total_micros)).label("amount"),
    ).where(
        col(BillingInvoice.issued_on) >= firsts[0],
        col(BillingInvoice.state) != InvoiceState.VOID,
        *ctx.visible_conditions(BillingInvoice),
    )
    if customer_id is not None:
        statement = statement.where(col(BillingInvoice.customer_id) == customer_id)
    return statement.group_by("at", "currency")


def _paid(ctx: Context, firsts: Sequence[date], customer_id: int | None) -> "Select[*tuple[Any, ...]]":
    zone = ctx.app.config.zone
    begins = [datetime.combine(first, time(), zone) for first in firsts]
    statement: Select[*tuple[Any, ...]] = select(
        _bucket(col(BillingPayment.received_at), begins).label("at"),
        col(BillingPayment.currency).label("currency"),
        func.sum(col(BillingPayment.amount_micros) - col(BillingPayment.refunded_micros)).label("amount"),
    ).where(
        col(BillingPayment.received_at) >= begins[0],
        col(BillingPayment.state) != PaymentState.REVERSED,
        *ctx.visible_conditions(BillingPayment),
    )
    if customer_id is not None:
        statement = statement.where(col(BillingPayment.customer_id) == customer_id)
    return statement.group_by("at", "currency")


def _bucket(column: Mapped[Any], begins: Sequence[date]) -> ColumnElement[int]:
    """In which of the spans that begin so a value lies, counted from nought: neither database knows months of a zone alike."""
    return case(*((column < begin, at) for at, begin in enumerate(begins[1:])), else_=len(begins) - 1)


def _sums(ctx: Context, statement: "Select[*tuple[Any, ...]]") -> dict[str, dict[int, int]]:
    """Amounts by currency and place."""
    found: dict[str, dict[int, int]] = defaultdict(dict)
    for row in ctx.session.execute(statement):
        found[row.currency][row.at] = int(row.amount)
    return found


def _along(points: Sequence[Point], found: Mapping[int, int]) -> list[int]:
    return [found.get(at, 0) for at in range(len(points))]


def _ages() -> list[Point]:
    points = []
    for first, after in zip(_AGES, (*_AGES[1:], None), strict=True):
        if after is None:
            name = str(_("More than {n} days", n=first - 1))
            points.append(Point(f"{first}-", f"> {first - 1}", name))
        else:
            span, name = f"{first}–{after - 1}", _("{first} to {last} days", first=first, last=after - 1)
            points.append(Point(f"{first}-{after - 1}", span, str(name)))
    return points
