"""The terms of a contract as its form shows them: amounts in units, shares in percent."""

from collections.abc import Mapping
from typing import Any

from trunkline.contracts.models import Contract, IndexationKind, PenaltyKind
from trunkline.contracts.terms import percent
from trunkline.money import Money


def terms_of(contract: Contract) -> Mapping[str, Any]:
    """Values of the form's fields."""
    amount = contract.penalty in (PenaltyKind.FIXED, PenaltyKind.PER_MONTH)
    return {
        "title": contract.title,
        "starts_on": contract.starts_on,
        "term_months": contract.term_months,
        "renewal": contract.renewal,
        "notice_days": contract.notice_days,
        "penalty": contract.penalty,
        "penalty_amount": str(Money.of_minor(contract.penalty_minor, contract.currency)) if amount else None,
        "penalty_percent": _share(contract.penalty == PenaltyKind.SHARE, contract.penalty_basis_points),
        "currency": contract.currency,
        "indexation": contract.indexation,
        "index_name": contract.index_name,
        "indexation_percent": _share(
            contract.indexation == IndexationKind.FIXED, contract.indexation_basis_points
        ),
        "next_indexation_on": contract.next_indexation_on,
    }


def _share(applies: bool, points: int) -> str | None:
    return f"{percent(points).normalize():f}" if applies else None
