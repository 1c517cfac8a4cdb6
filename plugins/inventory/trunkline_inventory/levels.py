"""How much of each kind is left, and what in stock waits for the people who keep it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import func, select
from sqlmodel import col

from trunkline.operation import Context
from trunkline.web.table_params import COUNT_LIMIT
from trunkline.web.table_reading import count_beside
from trunkline_inventory.models import InventoryItem, InventoryTemplate
from trunkline_inventory.schemas import ItemState

#: Orders put to use what they hold within minutes; what is held for longer was perhaps forgotten.
_HELD_TOO_LONG = timedelta(days=1)


@dataclass(frozen=True)
class Level:
    """How many items of a kind lie in stock, each figure counted as far as lists count."""

    template: str
    label: str
    minimum: int
    available: int
    quarantine: int
    faulty: int

    @property
    def is_low(self) -> bool:
        """Whether fewer are available than there shall be."""
        return self.available < self.minimum


def levels(ctx: Context) -> Sequence[Level]:
    """Every kind, by label: several parts of the start page ask."""
    return ctx.once(("inventory.levels",), lambda: _levels(ctx))


def _levels(ctx: Context) -> Sequence[Level]:
    of_kind = select(col(InventoryItem.id)).where(col(InventoryItem.template_id) == col(InventoryTemplate.id))
    counted = [
        count_beside(of_kind.where(col(InventoryItem.state) == state).correlate(InventoryTemplate))
        for state in (ItemState.AVAILABLE, ItemState.QUARANTINE, ItemState.FAULTY)
    ]
    rows = ctx.session.execute(
        select(
            col(InventoryTemplate.name),
            col(InventoryTemplate.label),
            col(InventoryTemplate.minimum),
            *counted,
        ).order_by(col(InventoryTemplate.label))
    )
    return [Level(*row) for row in rows]


def held_too_long(ctx: Context) -> int:
    """Items that an order holds for more than a day, counted as far as lists count."""
    held = select(col(InventoryItem.id)).where(
        col(InventoryItem.state) == ItemState.HELD,
        col(InventoryItem.updated_at) < ctx.now() - _HELD_TOO_LONG,
        *ctx.visible_conditions(InventoryItem),
    )
    counted = select(func.count()).select_from(held.limit(COUNT_LIMIT + 1).subquery())
    return ctx.session.scalar(counted) or 0
