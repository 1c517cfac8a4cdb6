"""What changes the stock."""

from trunkline_inventory.operations.adding import add_item, add_items
from trunkline_inventory.operations.bulk import Taking, take_in_use
from trunkline_inventory.operations.editing import reveal, update_item
from trunkline_inventory.operations.holding import assign, free, hold, rehold, take_back
from trunkline_inventory.operations.moving import change_state, move
from trunkline_inventory.operations.setup import (
    archive_stock,
    create_stock,
    create_template,
    update_stock,
    update_template,
)

__all__ = [
    "Taking",
    "add_item",
    "add_items",
    "archive_stock",
    "assign",
    "change_state",
    "create_stock",
    "create_template",
    "free",
    "hold",
    "move",
    "rehold",
    "reveal",
    "take_back",
    "take_in_use",
    "update_item",
    "update_stock",
    "update_template",
]
