"""Tables of inventory: templates, stocks, items, their identifiers, and the movements that nothing rewrites."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Column, ForeignKey, Index, UniqueConstraint, event
from sqlalchemy.engine import Connection
from sqlalchemy.orm import Mapper
from sqlmodel import Field, SQLModel

from trunkline.clock import utc_now
from trunkline.db.base import Record, key_field
from trunkline.db.numbers import register
from trunkline.db.types import BigKey, UtcDateTime
from trunkline.i18n import gettext as _
from trunkline_inventory.schemas import ItemState

register("inventory_item", "I", label=_("Inventory items"))


class InventoryTemplate(Record, table=True):
    """A kind of thing, with its typed fields."""

    __tablename__ = "inventory_template"

    name: str = Field(max_length=40, unique=True)
    label: str = Field(max_length=60)
    built_in: bool = False
    #: Fewer available than this is few; 0 where nobody minds.
    minimum: int = 0
    definition: list[dict[str, Any]] = Field(sa_column=Column(JSON, nullable=False))


class InventoryStock(Record, table=True):
    """A place where items lie."""

    __tablename__ = "inventory_stock"

    name: str = Field(max_length=80, unique=True)
    note: str = Field(default="", max_length=300)
    archived: bool = False


class InventoryItem(Record, table=True):
    """One thing. `holder_kind`, `holder_id` and `hold_key` are set exactly while it is held or assigned."""

    __tablename__ = "inventory_item"
    __table_args__ = (
        Index("ix_inventory_item_pick", "template_id", "state", "id"),
        Index("ix_inventory_item_holder", "holder_kind", "holder_id"),
        Index("ix_inventory_item_state", "state", "id"),
        Index("ix_inventory_item_stock", "stock_id", "state"),
        Index("ix_inventory_item_label", "label", "id"),
        Index("ix_inventory_item_changed", "updated_at", "id"),
        Index("ix_inventory_item_holder_label", "holder_label"),
    )

    number: str = Field(max_length=20, unique=True)
    template_id: int = Field(
        sa_column=Column(BigKey, ForeignKey("inventory_template.id", ondelete="RESTRICT"), nullable=False)
    )
    stock_id: int = Field(
        sa_column=Column(BigKey, ForeignKey("inventory_stock.id", ondelete="RESTRICT"), nullable=False)
    )
    label: str = Field(max_length=200)
    state: str = Field(default=ItemState.AVAILABLE, max_length=12)
    values: dict[str, str] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))
    #: Sealed values, each bound to this item's label and the field's name.
    secrets: dict[str, str] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))
    holder_kind: str = Field(default="", max_length=16)
    holder_id: int | None = Field(default=None, sa_type=BigKey)
    holder_label: str = Field(default="", max_length=40)
    hold_key: str | None = Field(default=None, max_length=160, unique=True)
    customer_id: int | None = Field(
        default=None,
        sa_column=Column(BigKey, ForeignKey("core_customer.id", ondelete="RESTRICT"), index=True),
    )


class InventoryIdentifier(SQLModel, table=True):
    """A value that occurs once in the whole inventory, by the name of the field that carries it."""

    __tablename__ = "inventory_identifier"
    __table_args__ = (UniqueConstraint("kind", "value"), Index("ix_inventory_identifier_value", "value"))

    id: int | None = key_field()
    kind: str = Field(max_length=40)
    value: str = Field(max_length=200)
    item_id: int = Field(
        sa_column=Column(
            BigKey, ForeignKey("inventory_item.id", ondelete="CASCADE"), nullable=False, index=True
        )
    )


class InventoryMovement(SQLModel, table=True):
    """One thing that happened to an item. Rows are only ever added."""

    __tablename__ = "inventory_movement"
    __table_args__ = (
        Index("ix_inventory_movement_item", "item_id", "id"),
        Index("ix_inventory_movement_at", "at", "id"),
        Index("ix_inventory_movement_action", "action", "id"),
        Index("ix_inventory_movement_holder", "holder_label"),
    )

    id: int | None = key_field()
    item_id: int = Field(
        sa_column=Column(BigKey, ForeignKey("inventory_item.id", ondelete="RESTRICT"), nullable=False)
    )
    at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime, nullable=False)
    action: str = Field(max_length=20)
    from_state: str = Field(default="", max_length=12)
    to_state: str = Field(default="", max_length=12)
    from_stock_id: int | None = Field(
        default=None, sa_column=Column(BigKey, ForeignKey("inventory_stock.id", ondelete="RESTRICT"))
    )
    to_stock_id: int | None = Field(
        default=None, sa_column=Column(BigKey, ForeignKey("inventory_stock.id", ondelete="RESTRICT"))
    )
    holder_kind: str = Field(default="", max_length=16)
    holder_id: int | None = Field(default=None, sa_type=BigKey)
    holder_label: str = Field(default="", max_length=40)
    customer_id: int | None = Field(
        default=None,
        sa_column=Column(BigKey, ForeignKey("core_customer.id", ondelete="RESTRICT"), index=True),
    )
    actor: str = Field(max_length=200)
    note: str = Field(default="", max_length=300)


def _refuse_rewriting(mapper: Mapper[Any], connection: Connection, row: InventoryMovement) -> None:
    raise RuntimeError("a movement is never changed or deleted; add another one")


event.listen(InventoryMovement, "before_update", _refuse_rewriting)
event.listen(InventoryMovement, "before_delete", _refuse_rewriting)
