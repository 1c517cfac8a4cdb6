"""Contracts as a list, for the page and for REST."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, and_
from sqlmodel import col

from trunkline.contracts.models import Contract, ContractStatus, IndexationKind
from trunkline.contracts.terms import today
from trunkline.contracts.words import INDEXATION_LABELS, RENEWAL_LABELS, STATUS_LABELS
from trunkline.i18n import gettext as _
from trunkline.operation import Context
from trunkline.web.tables import Column, Empty, Filter, Kind, Statement, Tab, Table

#: Days before its end at which a contract is announced and shown as one that ends soon; and before an indexation.
ENDS_SOON, INDEXATION_SOON = 60, 30
#: Days beyond which nobody asks: a hundred years.
_FAR = 36_525
_OVER = (ContractStatus.ENDED, ContractStatus.TERMINATED, ContractStatus.WITHDRAWN)
_ACTIVE: ColumnElement[bool] = col(Contract.status) == ContractStatus.ACTIVE


def ends_soon(ctx: Context) -> ColumnElement[bool]:
    """Active contracts whose term or notice ends within 60 days."""
    until = today(ctx) + timedelta(days=ENDS_SOON)
    return and_(_ACTIVE, col(Contract.last_day) <= until)


def indexation_due(ctx: Context) -> ColumnElement[bool]:
    """Active contracts whose charges are to be indexed within 30 days."""
    return and_(_ACTIVE, col(Contract.next_indexation_on) <= today(ctx) + timedelta(days=INDEXATION_SOON))


@dataclass(frozen=True)
class DaysAhead(Filter):
    """A range of days from today on a column of dates, asked so that its index answers. Without a first one it is today."""

    today: date = date.min

    def condition(self, statement: Statement, params: Mapping[str, Any]) -> ColumnElement[bool] | None:
        """What it asks of each row, None when it is not in force."""
        first, last = self.ends(params)
        if not first and not last:
            return None
        begins = self.column >= self._day(first or "0")
        return and_(begins, self.column <= self._day(last)) if last else begins

    def _day(self, days: str) -> date:
        return self.today + timedelta(days=max(-_FAR, min(_FAR, int(Decimal(days)))))


CONTRACTS = Table(
    "contracts",
    label=_("Contracts"),
    columns=(
        Column("title", _("Title"), sub="number", sort=True),
        Column(
            "customer_name",
            _("Customer"),
            sort="customer_id",
            sub="customer",
            href="/customers/{customer}/contracts",
        ),
        Column("starts_on", _("Starts on"), Kind.DATE, priority=3),
        Column("last_day", _("Ends on"), Kind.DATE, sort=True, priority=2, named=True),
        Column("renewal", _("Then"), priority=3, labels=RENEWAL_LABELS, optional=True),
        Column("indexation", _("Indexation"), priority=3, labels=INDEXATION_LABELS, optional=True),
        Column(
            "next_indexation_on",
            _("Next indexation"),
            Kind.DATE,
            priority=2,
            named=True,
            value=lambda row: None if row["status"] in _OVER else row["next_indexation_on"],
        ),
        Column("status", _("Status"), Kind.STATUS, sort=True, labels=STATUS_LABELS),
    ),
    tabs=(
        Tab("all", _("All"), count=True),
        Tab("active", _("Active"), _ACTIVE, count=True),
        Tab("waiting", _("Not accepted"), col(Contract.status).in_(("draft", "sent")), count=True),
    ),
    filters=(
        Filter("status", _("Status"), [(status.value, label) for status, label in STATUS_LABELS.items()]),
        Filter(
            "indexation", _("Indexation"), [(kind.value, INDEXATION_LABELS[kind]) for kind in IndexationKind]
        ),
        Filter("accepted", _("Accepted as it is now"), kind="bool"),
        Filter("starts_on", _("Starts on"), kind="dates"),
        Filter("last_day", _("Ends on"), kind="dates"),
        Filter("next_indexation_on", _("Next indexation"), kind="dates"),
    ),
    starts=("number", "title"),
    found=(("contract", "id"), ("customer", "customer_id")),
    search_label=_("Search number, title, customer"),
    sort="-id",
    row_href="/contracts/{number}",
    empty=Empty(
        _("No contracts yet"),
        _("A contract is drafted on the page of its customer."),
        icon="contract",
        href="/customers",
        action=_("Find a customer"),
        permission="core.customer.list",
    ),
)


def contracts_table(ctx: Context) -> Table:
    """The list with the views of what is due, which move with the day."""
    due = (
        Tab("ends_soon", _("Ends within 60 days"), ends_soon(ctx), count=True, tone="warn"),
        Tab("indexation_due", _("Indexation due"), indexation_due(ctx), count=True, tone="warn"),
    )
    ahead = DaysAhead(
        "ends_in", _("Ends in days"), kind="number", column=col(Contract.last_day), today=today(ctx)
    )
    return replace(CONTRACTS, tabs=(*CONTRACTS.tabs, *due), filters=(*CONTRACTS.filters, ahead))
