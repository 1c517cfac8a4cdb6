"""What early termination costs, in exact integers."""

from dataclasses import dataclass

from trunkline.contracts.models import PenaltyKind

#: Basis points of the whole.
WHOLE = 10_000


@dataclass(frozen=True)
class PenaltyTerms:
    """The agreed penalty. `minor` is a fixed amount or one per month; `basis_points` a share of remaining charges."""

    kind: str
    minor: int = 0
    basis_points: int = 0


def penalty_minor(terms: PenaltyTerms, remaining_months: int, monthly_minor: int | None) -> int:
    """The penalty in minor units for so many whole months that remain, rounded half up once; 0 when none remain.

    It never exceeds what the remaining months would have cost where that is known (`monthly_minor` a month, None: nobody knows);
    a share of unknown charges is nothing.
    """
    if remaining_months <= 0:
        return 0
    remaining = None if monthly_minor is None else max(monthly_minor, 0) * remaining_months
    match terms.kind:
        case PenaltyKind.FIXED:
            amount = terms.minor
        case PenaltyKind.PER_MONTH:
            amount = terms.minor * remaining_months
        case PenaltyKind.SHARE:
            amount = ((remaining or 0) * terms.basis_points * 2 + WHOLE) // (2 * WHOLE)
        case _:
            amount = 0
    return amount if remaining is None else min(amount, remaining)
