"""What one use costs under the tiers of one prefix.

Amounts are nano-units (1e-9) until the end; the sum over all tiers is an exact fraction, rounded half up once, to micro-units.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import lcm

NANOS_PER_MICRO = 1000


@dataclass(frozen=True)
class Tier:
    """A rate that holds from quantity `start` on; `rate_nanos` per `rate_unit`, charged in steps of `increment`."""

    start: int
    rate_nanos: int
    rate_unit: int
    increment: int
    connect_fee_nanos: int = 0


@dataclass(frozen=True)
class Part:
    """The part of a use that fell into one tier."""

    tier: Tier
    quantity: int
    charged: int


@dataclass(frozen=True)
class Price:
    """The tiers of one prefix at one time, prepared for fast rating. The first tier's connect fee is charged once."""

    prefix: str
    destination: str
    tiers: tuple[Tier, ...]
    divisor: int = field(init=False)
    factors: tuple[int, ...] = field(init=False)
    fee: int = field(init=False)
    #: Increment and factor when there is one tier: the common case, rated without a loop.
    single: tuple[int, int] | None = field(init=False)

    def __post_init__(self) -> None:
        if not self.tiers or self.tiers[0].start != 0:
            raise ValueError(f"prefix {self.prefix} has no tier that starts at 0")
        unit = lcm(*(tier.rate_unit for tier in self.tiers))
        factors = tuple(tier.rate_nanos * (unit // tier.rate_unit) for tier in self.tiers)
        object.__setattr__(self, "divisor", unit * NANOS_PER_MICRO)
        object.__setattr__(self, "factors", factors)
        object.__setattr__(self, "fee", self.tiers[0].connect_fee_nanos * unit)
        object.__setattr__(
            self, "single", (self.tiers[0].increment, factors[0]) if len(self.tiers) == 1 else None
        )

    def cost(self, quantity: int) -> int:
        """Micro-units for a use of `quantity`, rounded half up once. Nothing used costs nothing, not even the connect fee."""
        if quantity <= 0:
            return 0
        if self.single is not None:
            increment, factor = self.single
            total = self.fee + -(-quantity // increment) * increment * factor
        else:
            total = self.fee + sum(
                part.charged * self.factors[position] for position, part in enumerate(self.parts(quantity))
            )
        divisor = self.divisor
        return (total * 2 + divisor) // (divisor * 2)

    def parts(self, quantity: int) -> Sequence[Part]:
        """How a use falls into the tiers. What rounding up to the increment overshoots eats into the next tier."""
        found, position = [], 0
        for index, tier in enumerate(self.tiers):
            end = self.tiers[index + 1].start if index + 1 < len(self.tiers) else None
            wanted = max(0, (quantity if end is None else min(quantity, end)) - position)
            charged = -(-wanted // tier.increment) * tier.increment
            found.append(Part(tier, wanted, charged))
            position += charged
        return found
