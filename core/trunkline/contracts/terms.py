"""The terms of a contract as its row keeps them, checked together; and the digest by which an acceptance names them."""

import json
from datetime import date, datetime
from decimal import Decimal
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from sqlalchemy import case, func
from sqlmodel import col

from trunkline.contracts.dates import add_months, last_day
from trunkline.contracts.models import Contract, IndexationKind, PenaltyKind, Renewal
from trunkline.contracts.schemas import ContractTerms
from trunkline.errors import Faults, Refused
from trunkline.i18n import gettext as _
from trunkline.money import minor_digits

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement

    from trunkline.operation import Context

#: What a customer agrees to; dates of the course of things, such as the next indexation, are left out.
AGREED = (
    "title", "starts_on", "term_months", "renewal", "notice_days", "penalty", "penalty_minor",
    "penalty_basis_points", "currency", "indexation", "index_name", "indexation_basis_points",
)  # fmt: skip


def today(ctx: "Context") -> date:
    """The day that it is where the operator is."""
    return day_of(ctx, ctx.now())


def day_of(ctx: "Context", moment: datetime) -> date:
    """The day of a moment where the operator is."""
    return moment.astimezone(ctx.app.config.zone).date()


def values_of(terms: ContractTerms, currency: str) -> dict[str, Any]:
    """Columns of the terms; what does not belong to the chosen kinds is left at nothing. `currency` where none is said.

    Raises Refused naming each field that is missing.
    """
    faults = Faults()
    values: dict[str, Any] = {
        "title": terms.title,
        "starts_on": terms.starts_on,
        "term_months": terms.term_months,
        "renewal": terms.renewal.value if terms.term_months else Renewal.OPEN_ENDED.value,
        "notice_days": terms.notice_days,
        "penalty": terms.penalty.value,
        "currency": terms.currency or currency,
        "indexation": terms.indexation.value,
    }
    values |= _penalty(terms, values["currency"], faults) | _indexation(terms, faults)
    faults.refuse()
    return values


def _penalty(terms: ContractTerms, currency: str, faults: Faults) -> dict[str, Any]:
    values = {"penalty_minor": 0, "penalty_basis_points": 0}
    with faults.noted():
        if terms.penalty != PenaltyKind.NONE and terms.term_months is None:
            raise Refused(
                _("Only a contract with a term has a penalty for leaving early."),
                field="penalty",
                remedy=_("Say how many months the term has, or choose no penalty."),
            )
    with faults.noted():
        if terms.penalty in (PenaltyKind.FIXED, PenaltyKind.PER_MONTH):
            values["penalty_minor"] = minor_units(terms.penalty_amount, currency, "penalty_amount")
        if terms.penalty == PenaltyKind.SHARE:
            values["penalty_basis_points"] = basis_points(terms.penalty_percent, "penalty_percent")
    return values


def _indexation(terms: ContractTerms, faults: Faults) -> dict[str, Any]:
    values: dict[str, Any] = {"index_name": "", "indexation_basis_points": 0, "next_indexation_on": None}
    if terms.indexation == IndexationKind.NONE:
        return values
    with faults.noted():
        if terms.indexation == IndexationKind.FIXED:
            values["indexation_basis_points"] = basis_points(terms.indexation_percent, "indexation_percent")
        elif not terms.index_name:
            raise Refused(_("Say which index."), field="index_name", remedy=_("Such as IPCA."))
        else:
            values["index_name"] = terms.index_name
    first = terms.next_indexation_on
    if first is None and terms.starts_on is not None:
        first = add_months(terms.starts_on, 12)
    values["next_indexation_on"] = first
    return values


def minor_units(amount: Decimal | None, currency: str, field: str) -> int:
    """An amount in minor units of its currency. Raises Refused (`field`) without one, and for one that is finer."""
    if not amount:
        raise Refused(_("Say the amount."), field=field, remedy=_("Write it like 39.90."))
    scaled = amount.scaleb(minor_digits(currency))
    if scaled != int(scaled):
        raise Refused(
            _("{currency} has {n} decimals.", currency=currency, n=minor_digits(currency)), field=field
        )
    return int(scaled)


def basis_points(percent: Decimal | None, field: str) -> int:
    """A share in hundredths of a percent. Raises Refused (`field`) without one."""
    if not percent:
        raise Refused(_("Say how many percent."), field=field, remedy=_("Write it like 4.5."))
    return int(percent.scaleb(2))


def percent(points: int) -> Decimal:
    """Basis points in percent."""
    return Decimal(points).scaleb(-2)


def term_ends_on(contract: Contract) -> date | None:
    """The last day of the present term; None for an open-ended contract and for one that has no first day yet."""
    if contract.starts_on is None or contract.term_months is None:
        return None
    return last_day(contract.starts_on, contract.term_months * (contract.renewals + 1))


def last_day_in_force() -> "ColumnElement[date | None]":
    """The day with which a contract ends or ended, as a column; null where it goes on after its term."""
    ends = case((col(Contract.renewal) == Renewal.ENDS, col(Contract.ends_on)))
    return func.coalesce(col(Contract.terminates_on), ends)


def terms_digest(contract: Contract) -> str:
    """SHA-256 of what is agreed, in hexadecimal digits."""
    agreed = {name: getattr(contract, name) for name in AGREED}
    return sha256(json.dumps(agreed, default=str, sort_keys=True).encode()).hexdigest()
