"""What becomes of the inventory's rows when a person is erased: where devices have been stays, without what was said of it."""

from sqlalchemy import select
from sqlmodel import col

from trunkline.customers.erasing.parts import (
    Erased,
    ErasedRows,
    Hindrance,
    Person,
    of_customer,
    unless_theirs,
)
from trunkline.i18n import gettext as _
from trunkline.operation import Context
from trunkline_inventory.models import InventoryItem, InventoryMovement

CUSTOMER_ERASURES: tuple[Erased, ...] = (
    ErasedRows(InventoryItem, "", of_customer(InventoryItem), {}),
    ErasedRows(
        InventoryMovement,
        _("Movements of devices"),
        of_customer(InventoryMovement),
        {"note": "", "actor": unless_theirs("actor")},
    ),
)


def hindrances(ctx: Context, person: Person) -> list[Hindrance]:
    """Devices that the customer has."""
    item = ctx.session.scalars(
        select(InventoryItem).where(of_customer(InventoryItem)(person)).order_by(col(InventoryItem.id))
    ).first()
    if item is None:
        return []
    return [
        Hindrance(
            str(_("The customer has {label} ({number}).", label=item.label, number=item.number)),
            str(_("Take the devices back first.")),
            f"/inventory/items/{item.number}",
        )
    ]
