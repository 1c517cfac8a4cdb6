"""Tables of the inventory whose rows belong to customers."""

from trunkline.customers.merging.rows import CustomerRows
from trunkline.i18n import gettext as _
from trunkline_inventory.models import InventoryItem, InventoryMovement

CUSTOMER_ROWS = (
    CustomerRows(InventoryItem, _("Devices")),
    CustomerRows(InventoryMovement, ""),
)
