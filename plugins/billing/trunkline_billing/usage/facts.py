"""What checking and rating a usage record needs to know, read once per batch."""

from bisect import bisect_right
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import lru_cache
from math import inf
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlmodel import col

from trunkline.errors import NotFound
from trunkline.i18n import gettext as _
from trunkline.operation import Context
from trunkline_billing.models.accounts import BillingAccount, BillingProductChange, BillingSubscription
from trunkline_billing.periods import Period
from trunkline_billing.queries.tariffs import compiled
from trunkline_billing.rating.compiled import CompiledTariff
from trunkline_billing.settings import BillingSettings
from trunkline_catalog import queries as catalog

_FIRST_YEAR, _LAST_YEAR = 2000, 2100


@dataclass(frozen=True, slots=True)
class ChargedService:
    """A service as rating sees it. `allowances` is what one month includes, by type."""

    service_id: int
    service_number: str
    account_id: int
    customer_id: int
    currency: str
    tariff: CompiledTariff | None
    #: Why nothing can be rated, when there is no usable tariff.
    problem: str
    allowances: Mapping[str, int]


@dataclass
class Facts:
    """Holders of identifiers by time, charged services, and the months as POSIX times."""

    #: identifier → (from, to, service key), POSIX times.
    holders: Mapping[str, Sequence[tuple[float, float, int]]]
    services: Mapping[int, ChargedService]
    zone: ZoneInfo
    #: Numbers that allowances cover begin with one of these.
    home: tuple[str, ...]
    latest_start: float
    months: Sequence[float] = field(init=False)
    periods: Sequence[str] = field(init=False)

    def __post_init__(self) -> None:
        self.months, self.periods = _calendar(str(self.zone))

    def month(self, moment: float) -> tuple[float, float, str]:
        """When the month of a moment (POSIX) begins and ends, and its name as 2026-11."""
        at = bisect_right(self.months, moment)
        begins = self.months[at - 1] if at else -inf
        ends = self.months[at] if at < len(self.months) else inf
        return begins, ends, self.periods[max(at - 1, 0)]


@lru_cache(maxsize=8)
def _calendar(zone: str) -> tuple[list[float], list[str]]:
    periods = [Period(year, month) for year in range(_FIRST_YEAR, _LAST_YEAR) for month in range(1, 13)]
    return [period.start(ZoneInfo(zone)).timestamp() for period in periods], [
        str(period) for period in periods
    ]


def load_facts(ctx: Context) -> Facts:
    """Read the facts as they are now."""
    services, before = _services(ctx)
    holders: dict[str, list[tuple[float, float, int]]] = {}
    for (_kind, value), entries in catalog.identifier_index(ctx).items():
        spans = [
            span
            for entry in entries
            for span in _spans(
                entry.valid_from.timestamp(),
                entry.valid_to.timestamp() if entry.valid_to else inf,
                entry.service_id,
                before.get(entry.service_id, ()),
            )
        ]
        holders.setdefault(value.lstrip("+"), []).extend(spans)
    return Facts(
        holders,
        services,
        ctx.app.config.zone,
        home_prefixes(ctx),
        (ctx.now() + timedelta(days=1)).timestamp(),
    )


def home_prefixes(ctx: Context) -> tuple[str, ...]:
    """Prefixes that allowances cover: those of the settings, else the operator's own country."""
    configured = ctx.settings(BillingSettings).allowance_prefixes
    if configured:
        return tuple(prefix.strip() for prefix in configured.split(",") if prefix.strip())
    from phonenumbers import country_code_for_region

    return (str(country_code_for_region(ctx.app.config.country)),)


def _spans(
    since: float, until: float, service_id: int, before: Sequence[tuple[float, int]]
) -> list[tuple[float, float, int]]:
    """The time an identifier belonged to a service, cut where the service changed its product."""
    found = []
    for at, key in before:
        if since < min(at, until):
            found.append((since, min(at, until), key))
            since = min(at, until)
    return [*found, (since, until, service_id)] if since < until or not found else found


def _services(ctx: Context) -> tuple[dict[int, ChargedService], dict[int, list[tuple[float, int]]]]:
    """Every charged service by its key; and of those that changed their product until when they were another one, which stands in
    the first under the negative key of the change."""
    default = ctx.settings(BillingSettings).default_tariff
    offers: dict[str, tuple[CompiledTariff | None, str, dict[str, int]]] = {}

    def charged(row: Any, product_code: str) -> ChargedService:
        if product_code not in offers:
            offers[product_code] = _offer(ctx, product_code, default)
        tariff, problem, allowances = offers[product_code]
        if tariff is not None and tariff.currency != row.currency:
            problem = str(
                _(
                    "tariff {name} is in {currency}, the account in {other}",
                    name=tariff.name,
                    currency=tariff.currency,
                    other=row.currency,
                )
            )
            tariff = None
        return ChargedService(
            row.service_id,
            row.service_number,
            row.account_id,
            row.customer_id,
            row.currency,
            tariff,
            problem,
            allowances,
        )

    rows, found = dict[int, Any](), dict[int, ChargedService]()
    for row in ctx.session.execute(
        select(
            col(BillingSubscription.service_id),
            col(BillingSubscription.service_number),
            col(BillingSubscription.account_id),
            col(BillingSubscription.customer_id),
            col(BillingSubscription.product_code),
            col(BillingAccount.currency),
        ).join(BillingAccount, col(BillingAccount.id) == col(BillingSubscription.account_id))
    ):
        rows[row.service_id] = row
        found[row.service_id] = charged(row, row.product_code)
    for service_id, added in catalog.added_allowances(ctx).items():
        if service_id in found:
            own = found[service_id]
            found[service_id] = replace(own, allowances=Counter(own.allowances) + Counter(added))
    before: dict[int, list[tuple[float, int]]] = {}
    for change in ctx.session.scalars(
        select(BillingProductChange).order_by(col(BillingProductChange.at), col(BillingProductChange.id))
    ):
        if change.id is not None and change.service_id in rows:
            found[-change.id] = charged(rows[change.service_id], change.product_code)
            before.setdefault(change.service_id, []).append((change.at.timestamp(), -change.id))
    return found, before


def _offer(
    ctx: Context, product_code: str, default: str
) -> tuple[CompiledTariff | None, str, dict[str, int]]:
    product = catalog.product(ctx, product_code)
    allowances = product.included
    name = product.tariff or default
    if not name:
        return (
            None,
            str(_("product {product} names no tariff and there is no default one", product=product.name)),
            allowances,
        )
    try:
        return compiled(ctx, name), "", allowances
    except NotFound:
        return (
            None,
            str(
                _("there is no tariff {name}, which product {product} names", name=name, product=product.name)
            ),
            allowances,
        )
