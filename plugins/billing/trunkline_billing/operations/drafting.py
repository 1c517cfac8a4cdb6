"""Open charges of accounts as the lines of invoices in the making."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlmodel import col

from trunkline.money import round_to_minor
from trunkline.operation import Context
from trunkline_billing.models.accounts import (
    BillingAccount,
    BillingCharge,
    BillingSubscription,
    ChargeKind,
    ChargeState,
)
from trunkline_billing.models.invoices import BillingTaxRate, BillingTaxScheme
from trunkline_billing.periods import Period
from trunkline_billing.tax import NamedRate, taxes_on
from trunkline_catalog import queries as catalog
from trunkline_catalog.schemas import CoveringContract

#: A credit for suspended days stands below the monthly charge of its service.
_ORDER = {
    ChargeKind.MONTHLY: 0,
    ChargeKind.SUSPENSION: 0,
    ChargeKind.SETUP: 1,
    ChargeKind.USAGE: 2,
    ChargeKind.PENALTY: 3,
    ChargeKind.CREDIT: 4,
}
_USAGE_ORDER = {"voice": 0, "sms": 1, "data": 2, "event": 3}


@dataclass
class DraftLine:
    """One line: a charge, or the uses of one type, service and month."""

    kind: str
    usage_type: str
    service_id: int | None
    service_number: str
    description: str
    first_day: date
    last_day: date
    contract_number: str = ""
    adjusted: dict[str, Any] = field(default_factory=dict)
    quantity: int = 0
    count: int = 0
    exact_micros: int = 0
    net_micros: int = 0
    taxes: list[int] = field(default_factory=list)


@dataclass
class Draft:
    """An invoice in the making."""

    account_id: int
    customer_id: int
    currency: str
    rates: Sequence[NamedRate]
    #: Contracts by the services that they cover.
    contracts: Mapping[int, CoveringContract]
    lines: dict[tuple[Any, ...], DraftLine] = field(default_factory=dict)

    def contract_of(self, charge: Any) -> str:
        """The number of the contract under which its service stood on one of its days; empty without one."""
        covering = self.contracts.get(charge.service_id)
        in_force = covering is not None and covering.reaches(charge.first_day, charge.last_day)
        return covering.number if covering is not None and in_force else ""

    def add(self, charge: Any) -> None:
        """Uses of one type, service and month come together; everything else has a line of its own."""
        month = Period.of(charge.first_day)
        usage = charge.kind == ChargeKind.USAGE
        key = (
            _ORDER[ChargeKind(charge.kind)],
            charge.service_number,
            _USAGE_ORDER.get(charge.usage_type, 9),
            month,
            0 if usage else charge.id,
        )
        line = self.lines.get(key)
        if line is None:
            line = self.lines[key] = DraftLine(
                charge.kind,
                charge.usage_type,
                charge.service_id,
                charge.service_number,
                charge.description,
                charge.first_day,
                charge.last_day,
                charge.contract_number,
                charge.adjusted,
            )
        line.contract_number = line.contract_number or self.contract_of(charge)
        line.first_day, line.last_day = (
            min(line.first_day, charge.first_day),
            max(line.last_day, charge.last_day),
        )
        line.quantity += charge.quantity
        line.count += charge.count
        line.exact_micros += charge.amount_micros

    def finish(self) -> None:
        for line in self.lines.values():
            line.net_micros = round_to_minor(line.exact_micros, self.currency)
            line.taxes = taxes_on(line.net_micros, self.rates, self.currency)

    @property
    def sorted_lines(self) -> list[DraftLine]:
        return [line for _key, line in sorted(self.lines.items(), key=lambda pair: pair[0])]

    @property
    def exact(self) -> int:
        return sum(line.exact_micros for line in self.lines.values())

    @property
    def net(self) -> int:
        return sum(line.net_micros for line in self.lines.values())

    @property
    def tax(self) -> int:
        return sum(sum(line.taxes) for line in self.lines.values())


def drafts_of(ctx: Context, account_ids: Sequence[int], until: date) -> list[Draft]:
    """What these accounts have open up to and including day `until`; those that come to nothing are left out."""
    schemes = tax_schemes(ctx)
    drafts: dict[int, Draft] = {}
    contracts = _contracts(ctx, account_ids)
    statement = (
        select(
            col(BillingCharge.id),
            col(BillingCharge.account_id),
            col(BillingCharge.customer_id),
            col(BillingCharge.kind),
            col(BillingCharge.usage_type),
            col(BillingCharge.service_id),
            col(BillingCharge.service_number),
            col(BillingCharge.description),
            col(BillingCharge.contract_number),
            col(BillingCharge.adjusted),
            col(BillingCharge.first_day),
            col(BillingCharge.last_day),
            col(BillingCharge.quantity),
            col(BillingCharge.count),
            col(BillingCharge.amount_micros),
            col(BillingCharge.currency),
            col(BillingAccount.tax_scheme_id),
        )
        .join(BillingAccount, col(BillingAccount.id) == col(BillingCharge.account_id))
        .where(
            col(BillingCharge.account_id).in_(account_ids),
            col(BillingCharge.state) == ChargeState.OPEN,
            col(BillingCharge.first_day) <= until,
        )
        .order_by(col(BillingCharge.account_id), col(BillingCharge.id))
    )
    for charge in ctx.session.execute(statement):
        draft = drafts.get(charge.account_id)
        if draft is None:
            rates = schemes.get(charge.tax_scheme_id) or schemes.get(None, [])
            draft = drafts[charge.account_id] = Draft(
                charge.account_id, charge.customer_id, charge.currency, rates, contracts
            )
        draft.add(charge)
    for draft in drafts.values():
        draft.finish()
    # What amounts to nothing waits for the next invoice.
    return [draft for draft in drafts.values() if draft.net > 0]


def _contracts(ctx: Context, account_ids: Sequence[int]) -> dict[int, CoveringContract]:
    """The contracts of what is charged to these accounts, by service."""
    charged = select(col(BillingSubscription.service_id)).where(
        col(BillingSubscription.account_id).in_(account_ids)
    )
    covered = catalog.contracts_of_services(ctx)
    rows = ctx.session.execute(
        covered.where(covered.selected_columns.service_id.in_(charged.scalar_subquery()))
    )
    return {
        row.service_id: CoveringContract(row.contract_number, row.starts_on, row.last_day) for row in rows
    }


def tax_schemes(ctx: Context) -> dict[int | None, list[NamedRate]]:
    """The rates of every scheme by its key; None is the default scheme."""
    found: dict[int | None, list[NamedRate]] = {}
    for scheme_id, is_default in ctx.session.execute(
        select(col(BillingTaxScheme.id), col(BillingTaxScheme.is_default))
    ):
        found[scheme_id] = []
        if is_default:
            found[None] = found[scheme_id]
    for rate in ctx.session.execute(
        select(
            col(BillingTaxRate.scheme_id), col(BillingTaxRate.name), col(BillingTaxRate.rate_millionths)
        ).order_by(col(BillingTaxRate.id))
    ):
        found[rate.scheme_id].append(NamedRate(rate.name, rate.rate_millionths))
    return found
