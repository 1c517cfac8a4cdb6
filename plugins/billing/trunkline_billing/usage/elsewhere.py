"""Handing checked uses to a charging engine other than the embedded one."""

from collections.abc import Sequence
from datetime import UTC, datetime

from trunkline.operation import Context
from trunkline.providers import UsageEvent
from trunkline_billing.engines import charging_engine
from trunkline_billing.schemas import UNITS
from trunkline_billing.usage.checking import CheckedUse


def hand_over(ctx: Context, source: str, uses: Sequence[CheckedUse]) -> tuple[int, int]:
    """Give uses to the chosen engine; returns (taken, not taken)."""
    rejected = charging_engine(ctx).rate_batch(ctx, [as_event(source, use) for use in uses])
    return len(uses) - len(rejected), len(rejected)


def as_event(source: str, use: CheckedUse) -> UsageEvent:
    """A checked use in the words of the engine interface."""
    start, key, stretch, other, origin, carrier, cell, quantity, _stored, _price, _position = use
    return UsageEvent(
        source=source,
        key=key,
        type=stretch.kind,
        account=str(stretch.service.account_id),
        identifier=stretch.identifier,
        destination=other,
        start=datetime.fromtimestamp(start, UTC),
        quantity=quantity,
        unit=UNITS[stretch.kind],
        direction=stretch.direction,
        origin_area=origin,
        carrier=carrier,
        cell=cell,
    )
