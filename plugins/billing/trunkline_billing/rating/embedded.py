"""The embedded charging engine: rates in this process and keeps the accounts in this database."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import insert
from sqlmodel import col, select

from trunkline.errors import Refused
from trunkline.i18n import gettext as _
from trunkline.money import Money
from trunkline.operation import Context
from trunkline.providers import Grant, Quote, Rejected, Segment, UsageEvent
from trunkline_billing.models.accounts import (
    AccountKind,
    BillingAccount,
    BillingChargingAccount,
    BillingSubscription,
)
from trunkline_billing.models.usage import BillingAllowance
from trunkline_billing.periods import Period
from trunkline_billing.queries.tariffs import compiled
from trunkline_billing.rating.compiled import CompiledTariff, rated_number
from trunkline_billing.rating.pricing import Price
from trunkline_billing.usage.checking import Checker
from trunkline_billing.usage.facts import load_facts
from trunkline_billing.usage.storing import store
from trunkline_catalog import queries as catalog

#: How long a grant holds.
_GRANT_SECONDS = 300


class EmbeddedEngine:
    """`trunkline.providers.ChargingEngine`, embedded. Everything happens in the caller's unit of work."""

    name = "embedded"

    def open_account(self, ctx: Context, account: str, currency: str, *, prepaid: bool, key: str) -> None:
        row = _account(ctx, account)
        if row.currency != currency:
            raise Refused(
                _("Account {number} is kept in {currency}.", number=account, currency=row.currency),
                field="currency",
            )
        if ctx.session.get(BillingChargingAccount, row.key) is None:
            ctx.session.execute(
                insert(BillingChargingAccount),
                [
                    {
                        "account_id": row.key,
                        "engine": self.name,
                        "opened_by": key,
                        "prepaid": prepaid,
                        "opened_at": ctx.now(),
                    }
                ],
            )

    def close_account(self, ctx: Context, account: str, *, key: str) -> None:
        row = ctx.session.scalars(
            select(BillingAccount).where(col(BillingAccount.number) == account)
        ).one_or_none()
        opened = ctx.session.get(BillingChargingAccount, row.key) if row is not None else None
        if opened is not None:
            ctx.session.delete(opened)
            ctx.session.flush()

    def apply_offer(self, ctx: Context, account: str, offer: str, *, at: datetime, key: str) -> None:
        row = _account(ctx, account)
        period = str(Period.at(at, ctx.app.config.zone))
        services = ctx.session.scalars(
            select(col(BillingSubscription.service_id)).where(
                col(BillingSubscription.account_id) == row.key, col(BillingSubscription.product_code) == offer
            )
        ).all()
        known = set(
            ctx.session.execute(
                select(col(BillingAllowance.service_id), col(BillingAllowance.type)).where(
                    col(BillingAllowance.period) == period, col(BillingAllowance.service_id).in_(services)
                )
            )
        )
        included = catalog.product(ctx, offer).included
        rows = [
            {
                "account_id": row.key,
                "customer_id": row.customer_id,
                "service_id": service_id,
                "period": period,
                "type": kind,
                "quantity": quantity,
                "used": 0,
            }
            for service_id in services
            for kind, quantity in included.items()
            if (service_id, kind) not in known
        ]
        if rows:
            ctx.session.execute(insert(BillingAllowance), rows)

    def quote(self, ctx: Context, event: UsageEvent, *, tariff: str) -> Quote:
        found = compiled(ctx, tariff)
        price = _find(found, event)
        if price is None:
            raise Refused(
                _(
                    "Tariff {name} has no {kind} rate for “{number}” at that time.",
                    name=found.name,
                    kind=event.type,
                    number=event.destination,
                ),
                field="to",
                remedy=_("Write the number with its country code, or import a rate for its prefix."),
            )
        segments = [
            Segment(
                price.prefix,
                price.destination,
                part.quantity,
                part.charged,
                part.tier.rate_nanos,
                part.tier.rate_unit,
                _half_up(part.charged * part.tier.rate_nanos, part.tier.rate_unit * 1000),
            )
            for part in price.parts(event.quantity)
            if part.quantity
        ]
        return Quote(Money(price.cost(event.quantity), found.currency), segments)

    def rate_batch(self, ctx: Context, events: Iterable[UsageEvent]) -> Sequence[Rejected]:
        facts = load_facts(ctx)
        check = Checker(facts)
        by_source: dict[str, list[UsageEvent]] = {}
        for event in events:
            by_source.setdefault(event.source, []).append(event)
        rejected: list[Rejected] = []
        for source, given in by_source.items():
            checked = check(list(zip(*map(_cells, given), strict=True)))
            rejected += [Rejected(given[at], column, reason) for at, column, reason in checked.faults]
            store(ctx, facts, source, "", checked.uses)
        return rejected

    def authorize(self, ctx: Context, event: UsageEvent) -> Grant:
        """Postpaid accounts are granted what they ask; a prepaid one what its credit still pays."""
        account = _account(ctx, event.account)
        if account.kind == AccountKind.POSTPAID:
            return Grant(event.quantity, _GRANT_SECONDS, False, "")
        from trunkline_billing.queries.accounts import balance

        tariff = _tariff_of(ctx, account, event)
        price = _find(compiled(ctx, tariff), event) if tariff else None
        credit = account.credit_limit_micros - balance(ctx, account.key).micros
        units = _affordable(price, event.quantity, credit) if price is not None else 0
        return Grant(units, _GRANT_SECONDS, units < event.quantity, "")


def _account(ctx: Context, number: str) -> BillingAccount:
    row = ctx.session.scalars(
        select(BillingAccount).where(col(BillingAccount.number) == number)
    ).one_or_none()
    if row is None:
        raise Refused(_("There is no account {number}.", number=number), field="account")
    return row


def _find(tariff: CompiledTariff, event: UsageEvent) -> Price | None:
    return tariff.table(event.type, event.start.timestamp()).find(rated_number(event.type, event.destination))


def _tariff_of(ctx: Context, account: BillingAccount, event: UsageEvent) -> str:
    facts = load_facts(ctx)
    for since, until, service_id in facts.holders.get(event.identifier.lstrip("+"), ()):
        if since <= event.start.timestamp() < until and service_id in facts.services:
            service = facts.services[service_id]
            if service.account_id == account.key and service.tariff is not None:
                return service.tariff.name
    return ""


def _affordable(price: Price, wanted: int, credit: int) -> int:
    """The largest quantity up to `wanted` whose cost the credit covers; cost never falls as quantity grows."""
    low, high = 0, wanted
    while low < high:
        middle = (low + high + 1) // 2
        if price.cost(middle) <= credit:
            low = middle
        else:
            high = middle - 1
    return low


def _half_up(dividend: int, divisor: int) -> int:
    return (dividend * 2 + divisor) // (divisor * 2)


def _cells(event: UsageEvent) -> Sequence[str]:
    outgoing = event.direction == "out"
    return (
        event.key,
        event.type,
        event.identifier,
        event.direction,
        "" if outgoing else event.destination,
        event.destination if outgoing else "",
        event.origin_area,
        event.start.isoformat(),
        str(event.quantity),
        event.unit,
        event.carrier,
        event.cell,
    )
