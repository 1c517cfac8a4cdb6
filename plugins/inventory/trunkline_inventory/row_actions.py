"""What may be done to many items at once, by a worker and row by row."""

from collections.abc import Mapping
from typing import Any

from trunkline.i18n import gettext as _
from trunkline.lists import RowAction
from trunkline.operation import Context
from trunkline_inventory import operations, queries
from trunkline_inventory.schemas import RESTING_STATES, ChangeState, MoveItems
from trunkline_inventory.tables import STATE_LABELS


def state_choices(ctx: Context) -> Mapping[str, Any]:
    """The states that a person may set."""
    return {"state": [(state.value, STATE_LABELS[state]) for state in RESTING_STATES]}


def stock_choices(ctx: Context) -> Mapping[str, Any]:
    """Where items may lie."""
    return {"stock": [(stock.name, stock.name) for stock in queries.stocks(ctx)]}


def _set_state(ctx: Context, key: int, command: ChangeState) -> None:
    operations.change_state(ctx, [key], command)


def _move(ctx: Context, key: int, command: MoveItems) -> None:
    operations.move(ctx, [key], command)


ROW_ACTIONS = (
    RowAction(
        "inventory.item_state",
        "inventory",
        _("Set state"),
        "inventory.item.change",
        _set_state,
        ChangeState,
        choices=state_choices,
        icon="tag",
        effect=_("Items that somebody holds keep their state."),
        order=10,
    ),
    RowAction(
        "inventory.item_move",
        "inventory",
        _("Move"),
        "inventory.item.move",
        _move,
        MoveItems,
        choices=stock_choices,
        icon="transfer",
        effect=_("Items that lie there already stay."),
        order=20,
    ),
)
