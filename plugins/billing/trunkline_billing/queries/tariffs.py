"""Tariffs and their rates; compiled ones are kept per process and revision."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, select
from sqlmodel import col

from trunkline.errors import NotFound
from trunkline.i18n import gettext as _
from trunkline.operation import Context
from trunkline_billing.models.tariffs import BillingRate, BillingTariff
from trunkline_billing.rating.compiled import CompiledTariff, RateRow
from trunkline_billing.rating.pricing import Tier

#: (database, tariff key) → compiled tariff. A stale revision is replaced when it is asked for.
_compiled: dict[tuple[str, int], CompiledTariff] = {}


@dataclass(frozen=True)
class TariffView:
    """A tariff without its rates."""

    id: int
    name: str
    currency: str
    revision: int
    rate_count: int
    updated_at: datetime


def tariff_select(ctx: Context) -> "Select[*tuple[Any, ...]]":
    """Core select of tariffs without their rates, for lists."""
    statement: Select[*tuple[Any, ...]] = select(
        col(BillingTariff.id).label("id"),
        col(BillingTariff.name).label("name"),
        col(BillingTariff.currency).label("currency"),
        col(BillingTariff.rate_count).label("rates"),
        col(BillingTariff.updated_at).label("updated_at"),
    )
    return statement


def tariff_names(ctx: Context) -> list[str]:
    """The names of every tariff."""
    return list(ctx.session.scalars(select(col(BillingTariff.name)).order_by(col(BillingTariff.name))))


def tariff(ctx: Context, name: str) -> TariffView:
    """One tariff. Raises NotFound."""
    return _view(_row(ctx, name))


def _row(ctx: Context, name: str) -> BillingTariff:
    row = ctx.session.scalars(select(BillingTariff).where(col(BillingTariff.name) == name)).one_or_none()
    if row is None:
        raise NotFound(
            _("There is no tariff “{name}”.", name=name), field="tariff", remedy=_("Import its rates first.")
        )
    return row


def _view(row: BillingTariff) -> TariffView:
    return TariffView(row.key, row.name, row.currency, row.revision, row.rate_count, row.updated_at)


def rate_select(ctx: Context, tariff_id: int) -> "Select[*tuple[Any, ...]]":
    """Core select of a tariff's rates, for lists."""
    statement: Select[*tuple[Any, ...]] = select(
        col(BillingRate.id).label("id"),
        col(BillingRate.type).label("type"),
        col(BillingRate.prefix).label("prefix"),
        col(BillingRate.destination).label("destination"),
        col(BillingRate.connect_fee_nanos).label("connect_fee_nanos"),
        col(BillingRate.rate_nanos).label("rate_nanos"),
        col(BillingRate.rate_unit).label("rate_unit"),
        col(BillingRate.increment).label("increment"),
        col(BillingRate.interval_start).label("interval_start"),
        col(BillingRate.effective_from).label("effective_from"),
    )
    return statement.where(col(BillingRate.tariff_id) == tariff_id)


def compiled(ctx: Context, name: str) -> CompiledTariff:
    """A tariff ready for rating, compiled again only after it changed. Raises NotFound."""
    row = _row(ctx, name)
    place = (str(ctx.app.database.url), row.key)
    found = _compiled.get(place)
    if found is None or found.revision != row.revision:
        found = CompiledTariff(row.key, row.name, row.currency, row.revision, _rate_rows(ctx, row.key))
        # What is not committed yet must not be seen by others.
        if not ctx.writing:
            _compiled[place] = found
    return found


def _rate_rows(ctx: Context, tariff_id: int) -> Sequence[RateRow]:
    columns = select(
        col(BillingRate.type),
        col(BillingRate.prefix),
        col(BillingRate.destination),
        col(BillingRate.interval_start),
        col(BillingRate.rate_nanos),
        col(BillingRate.rate_unit),
        col(BillingRate.increment),
        col(BillingRate.connect_fee_nanos),
        col(BillingRate.effective_from),
    ).where(col(BillingRate.tariff_id) == tariff_id)
    return [RateRow(row[0], row[1], row[2], Tier(*row[3:8]), row[8]) for row in ctx.session.execute(columns)]
